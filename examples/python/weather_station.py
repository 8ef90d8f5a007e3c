"""One of several processes that hold the same callback. Section 2.14; weather_survey.py asks all of them."""

import sys

from address import address

from daffi import Global
from daffi.registry import Callback

name = sys.argv.pop()
temperatures = {"north": -3.5, "south": 21.0}


class Station(Callback):
    def temperature(self):
        """Nobody has made an instance: the first call does."""
        return temperatures[name]


if __name__ == "__main__":
    g = Global(process_name=name, init_controller=name == "north", **address())
    print("measuring")
    g.join()
