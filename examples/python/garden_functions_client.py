"""The client of garden_client.py as functions, with timestamps as the documentation makes them. Section 2.15."""

from datetime import datetime

from address import address

from daffi import FG, PERIOD, Global
from daffi.decorators import fetcher


@fetcher(PERIOD(interval=0.1))
def water():
    pass


@fetcher(FG(timeout=30))
def wait_for_water(times):
    pass


if __name__ == "__main__":
    with Global(**address()) as g:
        g.wait_function("water")
        task = water()
        wait_for_water(3)
        print("cancelled", task.cancel())

        now = datetime.utcnow().timestamp()
        task = water.call(exec_modifier=PERIOD(at_time=[now + 1, now + 3600]))
        (left,) = g.get_scheduled_tasks("garden")
        print(left["number_of_active_tasks"], "to come")
        print("cancelled", task.cancel())
