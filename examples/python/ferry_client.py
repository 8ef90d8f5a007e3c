"""Fetchers that are awaited, under asyncio. Chapter 5; ferry_trio_client.py does it under trio."""

import asyncio

from address import address

from daffi import BG, FG, Global
from daffi.decorators import fetcher


@fetcher(FG)
async def cross(passenger):
    pass


@fetcher
async def timetable(trips):
    pass


async def main():
    g = Global(**address())
    await g.wait_function_async("cross")
    print(await cross("Ann"))
    print(await asyncio.gather(cross("Ben"), cross("Cid")))

    later = await cross.call("Dot", exec_modifier=BG)
    print(await later.get_async())
    print(await (g.call.cross("Eve") & BG))
    print([departure async for departure in await timetable(3)])
    g.stop()


if __name__ == "__main__":
    asyncio.run(main())
