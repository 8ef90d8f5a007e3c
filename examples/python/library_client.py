"""Fetchers: a class of them with and without bodies, and single functions. Sections 1.1, 2.2, 2.5, 2.13, 5."""

import asyncio

from address import address

from daffi import BG, FG, Global
from daffi.decorators import alias, fetcher
from daffi.exceptions import RemoteCallError
from daffi.registry import Args, Fetcher


class Reader(Fetcher):
    def add_book(self, title, author):
        """Without a body: the arguments go as they are."""

    def titles(self):
        pass

    @alias("add_book")
    def add_anonymous(self, title):
        return Args(title=title.title())


@fetcher
async def author_of(title):
    pass


if __name__ == "__main__":
    g = Global(process_name="reader", **address())
    reader = Reader()
    print(reader.add_book("Emma", "Austen"))
    print(reader.add_anonymous("beowulf"))
    print(reader.titles())

    later = reader.titles.call(exec_modifier=BG(timeout=10))
    print(later.get())
    print(asyncio.run(author_of("Emma")))

    try:
        g.call.add_book("Emma") & FG(timeout=5)
    except RemoteCallError as error:
        print(type(error.__cause__).__name__, error.__cause__)
    g.stop()
