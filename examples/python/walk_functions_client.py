"""The client of walk_client.py as a function. Section 2.1."""

from address import address

from daffi import Global
from daffi.decorators import fetcher


@fetcher
def length_of_walk(*legs):
    """Runs over there."""


if __name__ == "__main__":
    with Global(**address()):
        print("to the mill:", length_of_walk(3, 4), "km")
        print("and round the lake:", length_of_walk(3, 4, 10.5), "km")
