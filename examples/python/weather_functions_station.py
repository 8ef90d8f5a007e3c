"""weather_station.py as a function; the one without a thermometer fails. Section 2.14."""

import sys

from address import address

from daffi import Global
from daffi.decorators import callback

name = sys.argv.pop()
temperatures = {"north": -3.5, "south": 21.0}


@callback
def temperature():
    return temperatures[name]


if __name__ == "__main__":
    g = Global(process_name=name, init_controller=name == "north", **address())
    print("measuring")
    g.join()
