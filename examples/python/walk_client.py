"""Its methods have no bodies: what they are given goes to the callback of the same name. Section 2.1."""

from address import address

from daffi import Global
from daffi.registry import Fetcher


class Walker(Fetcher):
    def length_of_walk(self, *legs):
        """Known to the service in walk_service.py."""


if __name__ == "__main__":
    g = Global(**address())
    walker = Walker()
    print("to the mill:", walker.length_of_walk(3, 4), "km")
    print("and round the lake:", walker.length_of_walk(3, 4, 10.5), "km")
    g.stop()
