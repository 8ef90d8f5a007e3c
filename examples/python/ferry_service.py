"""An application with a loop of its own: callbacks are coroutines in it. Chapter 5; run with `trio` it is trio's."""

import sys

from address import address

from daffi import Global
from daffi.decorators import callback

if sys.argv[-1] == "trio":
    import trio as library
else:
    import asyncio as library


@callback
async def cross(passenger):
    await library.sleep(0.01)
    return f"{passenger} is across"


@callback
async def timetable(trips):
    for hour in range(8, 8 + trips):
        await library.sleep(0)
        yield f"{hour}:00"


async def main():
    g = Global(init_controller=True, **address())
    print("afloat")
    await g.join_async()


if __name__ == "__main__":
    library.run(main) if library.__name__ == "trio" else library.run(main())
