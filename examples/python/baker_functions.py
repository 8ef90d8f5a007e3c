"""baker.py as functions. Section 2.10."""

from address import address

from daffi import Global
from daffi.decorators import callback, fetcher


@fetcher
def grind(grain):
    pass


@callback
def bread_for(people):
    return f"{grind(people)['flour']} kg of flour for {people}"


if __name__ == "__main__":
    g = Global(process_name="baker", **address())
    g.wait_function("grind")
    print("ground:", grind(10))
    g.join()
