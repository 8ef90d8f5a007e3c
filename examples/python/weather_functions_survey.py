"""weather_survey.py as a function; a station that fails is told by its error. Section 2.14."""

from address import address

from daffi import BROADCAST, Global
from daffi.decorators import fetcher
from daffi.exceptions import DaffiError


@fetcher(exec_modifier=BROADCAST)
def temperature():
    pass


if __name__ == "__main__":
    with Global(**address()) as g:
        for station in ("north", "south", "east"):
            g.wait_process(station)
        for station, outcome in sorted(temperature().items()):
            if isinstance(outcome, DaffiError):
                print(station, "failed:", repr(outcome.__cause__))
            else:
                print(station, outcome)
        print(temperature.call(exec_modifier=BROADCAST(return_result=False)))
