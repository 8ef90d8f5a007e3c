"""Runs its own functions in workbench.py: plain ones, coroutines, generators, closures. Sections 2.9, 4."""

import os

from address import address

from daffi import Global
from daffi.exceptions import RemoteCallError


def where_am_i():
    # What another process may not have imported is imported where it is used.
    import os

    return os.getpid()


async def add_slowly(a, b):
    import asyncio

    await asyncio.sleep(0)
    return a + b


def countdown(start):
    yield from range(start, 0, -1)


def planer(depth):
    return lambda thickness: thickness - depth


if __name__ == "__main__":
    g = Global(**address())
    g.wait_process("workbench")
    print("elsewhere", g.transfer_and_call("workbench", where_am_i) != os.getpid())
    print("added", g.transfer_and_call(remote_process="workbench", func=add_slowly, a=1, b=2))
    print("counted", list(g.transfer_and_call("workbench", countdown, 3)))
    print("planed", g.transfer_and_call("workbench", planer(2), 20))
    try:
        g.transfer_and_call("workbench", planer(2), "a board")
    except RemoteCallError as error:
        print(type(error.__cause__).__name__)
