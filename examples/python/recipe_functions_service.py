"""The service of recipe_service.py as functions. Section 2.2."""

from address import address

from daffi import Global
from daffi.decorators import callback


@callback
def dough(flour, water):
    return f"{flour + water} g of dough"


@callback
def oven(degrees, minutes):
    return f"{minutes} min at {degrees} C"


if __name__ == "__main__":
    g = Global(init_controller=True, **address())
    print("hot")
    g.join()
