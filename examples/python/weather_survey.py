"""Asks everybody at once. Section 2.14."""

from address import address

from daffi import BROADCAST, Global
from daffi.registry import Fetcher


class Survey(Fetcher):
    exec_modifier = BROADCAST(timeout=10)

    def temperature(self):
        pass


if __name__ == "__main__":
    survey = Survey()
    with Global(**address()) as g:
        for station in ("north", "south"):
            g.wait_process(station)
        for station, degrees in sorted(survey.temperature().items()):
            print(station, degrees)
