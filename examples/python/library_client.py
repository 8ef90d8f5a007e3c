"""Fetchers: a class of them with and without bodies and with a stream, and a single function. Sections 1.1, 5."""

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

    def empty(self):
        pass

    @alias("add_book")
    def add_anonymous(self, title):
        return Args(title=title.title())

    @alias("add_book")
    def add_all_of(self, author, *titles):
        """Each item is a call of its own."""
        for title in titles:
            yield title, author


@fetcher
async def author_of(title):
    pass


if __name__ == "__main__":
    g = Global(process_name="reader", **address())
    reader = Reader()
    print(reader.add_book("Emma", "Austen"))
    print(reader.add_anonymous("beowulf"))
    reader.add_all_of("Eliot", "Middlemarch", "Romola")
    print(reader.titles())

    later = reader.titles.call(exec_modifier=BG(timeout=10))
    print(len(later.get()))
    print(asyncio.run(author_of("Emma")))

    try:
        g.call.add_book("Emma") & FG(timeout=5)
    except RemoteCallError as error:
        print(type(error.__cause__).__name__, error.__cause__)
    reader.empty()
    print(reader.titles())
    g.stop()
