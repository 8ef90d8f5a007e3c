"""Fetchers with bodies: what a body returns is what is sent, as a tuple or as Args. Section 2.2."""

from address import address

from daffi import Global
from daffi.registry import Args, Fetcher


class Recipe(Fetcher):
    def __post_init__(self):
        self.people = 4

    def dough(self, flour, water):
        """For one person; two arguments go as a tuple."""
        return flour * self.people, water * self.people

    def oven(self, minutes):
        """By keyword."""
        return Args(minutes=minutes + 5 * self.people, degrees=220)


if __name__ == "__main__":
    g = Global(**address())
    recipe = Recipe()
    print(recipe.dough(125, 80))
    print(recipe.oven(10))
    # A client that nobody calls ends with its main, also without g.stop().
