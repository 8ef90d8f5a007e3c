"""Is greeted by greeter_service.py. Section 2.3."""

from address import address

from daffi import Global
from daffi.registry import Fetcher


class Guest(Fetcher):
    def greet(self, name):
        pass


if __name__ == "__main__":
    with Global(**address()):
        print(Guest().greet("Ada"))
