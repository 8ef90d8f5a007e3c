"""What a Global knows and does, in two nodes of one controller. Chapter 4; start it twice: with `serve`, and without."""

import asyncio
import sys

from address import address

import daffi
from daffi import FG, Global
from daffi.decorators import callback
from daffi.exceptions import GlobalContextError, TimeoutError


def serve():
    @callback
    def whoami(greeting):
        return f"{greeting} {daffi.current_call().caller}"

    with Global(process_name="answering", **address()) as g:
        print("serving")
        g.join()


async def wait(g):
    await g.wait_process_async("answering")
    await g.wait_function_async("whoami")


def ask():
    with Global(process_name="asking", **address()) as g:
        print(g.process_name, "controller:", g.is_controller)
        asyncio.run(wait(g))
        print(g.registered_callbacks)
        print(g.call.whoami("hello") & FG(receiver="answering"))
        try:
            g.wait_function("nothing", timeout=0.01)
        except TimeoutError as error:
            print("not there, may be retried:", error.retryable)
        try:
            g.call.whoami() & FG
        except GlobalContextError as error:
            print(error)
    try:
        g.call.whoami("hello") & FG
    except GlobalContextError as error:
        print(error)


if __name__ == "__main__":
    serve() if sys.argv[-1] == "serve" else ask()
