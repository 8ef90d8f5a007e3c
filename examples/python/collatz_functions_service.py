"""The service of collatz_service.py as a function. Section 2.13."""

from address import address

from daffi import Global
from daffi.decorators import callback


def length(number):
    steps = 0
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        steps += 1
    return steps


@callback
def longest(below):
    return max(range(1, below), key=length)


if __name__ == "__main__":
    g = Global(init_controller=True, **address())
    print("thinking")
    g.join()
