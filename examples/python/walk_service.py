"""A callback class with one method of any number of arguments. Section 2.1; the client is walk_client.py."""

from address import address

from daffi import Global
from daffi.registry import Callback


class Walks(Callback):
    auto_init = True

    def length_of_walk(self, *legs):
        return sum(legs)


if __name__ == "__main__":
    g = Global(init_controller=True, **address())
    print("measuring")
    g.join()
