"""What recipe_client.py sends its scaled amounts to. Section 2.2."""

from address import address

from daffi import Global
from daffi.registry import Callback


class Kitchen(Callback):
    auto_init = True

    def dough(self, flour, water):
        return f"{flour + water} g of dough"

    def oven(self, degrees, minutes):
        return f"{minutes} min at {degrees} C"


if __name__ == "__main__":
    g = Global(init_controller=True, **address())
    print("hot")
    g.join()
