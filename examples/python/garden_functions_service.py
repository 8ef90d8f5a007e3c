"""The service of garden_service.py as functions. Section 2.15."""

import threading

from address import address

from daffi import Global
from daffi.decorators import callback

drops = threading.Semaphore(0)


@callback
def water():
    drops.release()


@callback
def wait_for_water(times):
    for _ in range(times):
        drops.acquire()


if __name__ == "__main__":
    g = Global(process_name="garden", init_controller=True, **address())
    print("green")
    g.join()
