"""The client of collatz_client.py as a function, and without any: by name. Sections 2.13, 7.1."""

from address import address

from daffi import BG, FG, Global
from daffi.decorators import fetcher


@fetcher(BG(timeout=30))
def longest(below):
    pass


if __name__ == "__main__":
    with Global(**address()) as g:
        several = [longest(below) for below in (10, 100, 1000)]
        print("answers", [each.get() for each in several])
        print("at once", longest.call(below=100, exec_modifier=FG(timeout=30)))
        print("by name", g.call.longest(10) & FG)
        print("unwanted", longest.call(10, exec_modifier=BG(eta="10ms", return_result=False)))
