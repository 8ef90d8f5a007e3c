"""A callback that yields: its caller gets the items as they come. Section 2.8; the client is primes_client.py."""

import itertools

from address import address

from daffi import Global
from daffi.registry import Callback


class Primes(Callback):
    auto_init = True

    def primes(self, start=2):
        """Endless: it ends when its caller has had enough."""
        try:
            for number in itertools.count(start):
                if number > 1 and all(number % divisor for divisor in range(2, int(number**0.5) + 1)):
                    yield number
        finally:
            print("the caller has gone")

    async def factors(self, number):
        """Asynchronous generators stream as well."""
        divisor = 2
        while number > 1:
            if number % divisor == 0:
                yield divisor
                number //= divisor
            else:
                divisor += 1


if __name__ == "__main__":
    g = Global(init_controller=True, **address())
    print("counting")
    g.join()
