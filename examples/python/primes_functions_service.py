"""The service of primes_service.py as a function, with an end. Section 2.8."""

from address import address

from daffi import Global
from daffi.decorators import callback


@callback
def primes(end):
    for number in range(2, end):
        if all(number % divisor for divisor in range(2, int(number**0.5) + 1)):
            yield number


if __name__ == "__main__":
    g = Global(init_controller=True, **address())
    print("counting")
    g.join()
