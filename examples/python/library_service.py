"""A class whose public methods others may call. Section 1.1; the client is library_client.py."""

from address import address

from daffi import Global
from daffi.decorators import local
from daffi.registry import Callback


class Library(Callback):
    auto_init = True

    def __post_init__(self):
        self.shelf = {}

    def add_book(self, title, author="unknown"):
        if title in self.shelf:
            raise ValueError(f"{title} is there already")
        self.shelf[title] = author
        return self.count()

    def titles(self):
        return sorted(self.shelf)

    async def author_of(self, title):
        return self.shelf[title]

    def empty(self):
        self.shelf.clear()

    @local
    def count(self):
        return len(self.shelf)


if __name__ == "__main__":
    g = Global(process_name="library", init_controller=True, **address())
    print("open")
    g.join()
