"""Calls a service written in C++, examples/cpp/shopping_service.cpp, as if it were Python. Section 1.1."""

from address import address

from daffi import FG, Global
from daffi.decorators import alias
from daffi.exceptions import RemoteCallError
from daffi.registry import Fetcher


class Shopper(Fetcher):
    def get_items(self):
        pass

    def add_item(self, item):
        pass

    @alias("add_item")
    def add_many_items(self, *items):
        yield from items

    def clear_items(self):
        pass


if __name__ == "__main__":
    with Global(process_name="python shopper", **address()) as g:
        g.wait_process("shopping service")
        shopper = Shopper()
        shopper.add_item("tea")
        shopper.add_many_items("milk", "honey")
        print("on the list:", *shopper.get_items())
        try:
            g.call.add_item(3) & FG
        except RemoteCallError as error:
            print(error)
        shopper.clear_items()
        print("on the list:", *shopper.get_items() or ["nothing"])
