"""A callback that takes its time. Section 2.13; the client is collatz_client.py."""

from address import address

from daffi import Global
from daffi.registry import Callback


class Collatz(Callback):
    auto_init = True

    def longest(self, below):
        """The number with the longest way to 1, halved when even, else tripled plus one."""
        return max(range(1, below), key=self._length)

    def _length(self, number):
        length = 0
        while number != 1:
            number = number // 2 if number % 2 == 0 else 3 * number + 1
            length += 1
        return length


if __name__ == "__main__":
    g = Global(init_controller=True, **address())
    print("thinking")
    g.join()
