"""The other side of miller.py: its callback calls back while it serves. Section 2.10."""

from address import address

from daffi import Global
from daffi.registry import Callback, Fetcher


class Mill(Fetcher):
    def grind(self, grain):
        pass


class Bakery(Callback):
    auto_init = True

    def __post_init__(self):
        self.mill = Mill()

    def bread_for(self, people):
        flour = self.mill.grind(grain=people)["flour"]
        return f"{flour} kg of flour for {people}"


if __name__ == "__main__":
    g = Global(process_name="baker", **address())
    g.wait_process("miller")
    print("ground:", Mill().grind(10))
    # Others may call it, so the process goes on when main ends, as if it had called g.join().
