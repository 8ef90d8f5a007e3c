"""The client of recipe_client.py as functions. Section 2.2."""

from address import address

from daffi import Global
from daffi.decorators import fetcher
from daffi.registry import Args

people = 4


@fetcher
def dough(flour, water):
    return flour * people, water * people


@fetcher
def oven(minutes):
    return Args(minutes=minutes + 5 * people, degrees=220)


if __name__ == "__main__":
    g = Global(**address())
    print(dough(125, 80))
    print(oven(10))
    g.stop()
