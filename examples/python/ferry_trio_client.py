"""The client of ferry_client.py under trio. Chapter 5."""

import trio
from address import address

from daffi import BG, Global
from daffi.decorators import fetcher


@fetcher
async def cross(passenger):
    pass


@fetcher
async def timetable(trips):
    pass


async def show(passenger):
    print(await cross(passenger))


async def main():
    g = Global(**address())
    await g.wait_function_async("cross")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(show, "Ann")
        nursery.start_soon(show, "Ben")
    print(await (g.call.cross("Cid") & BG(timeout=10)))
    print([departure async for departure in await timetable(3)])
    g.stop()


if __name__ == "__main__":
    trio.run(main)
