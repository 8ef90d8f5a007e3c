"""The client of diary_client.py as functions, one of them an asynchronous generator. Section 2.7."""

import asyncio

from address import address

from daffi import Global
from daffi.decorators import alias, fetcher
from daffi.registry import Args


@fetcher
def write():
    for day in range(1, 101):
        yield day, "rain"


@fetcher
@alias("write")
async def write_holidays(*days):
    for day in days:
        await asyncio.sleep(0)  # anything may be awaited between two items
        yield Args(day=day, text="sun", mood="good")


@fetcher
def read():
    pass


async def spend_holidays():
    await write_holidays(101, 102)


if __name__ == "__main__":
    with Global(**address()):
        write()
        asyncio.run(spend_holidays())
        entries = read()
        print(len(entries), "entries,", entries[0], "...", entries[-1])
