"""Iterates over what a callback yields; leaving early ends it over there. Section 2.8."""

from address import address

from daffi import Global
from daffi.registry import Fetcher


class Mathematician(Fetcher):
    def primes(self, start):
        pass

    def factors(self, number):
        pass


if __name__ == "__main__":
    g = Global(**address())
    who = Mathematician()
    found = []
    with who.primes(start=100) as stream:
        for prime in stream:
            found.append(prime)
            if len(found) == 5:
                break
    print(found)
    print(list(who.factors(360)))
    g.stop()
