"""The service of walk_service.py as a function. Section 2.1."""

from address import address

from daffi import Global
from daffi.decorators import callback


@callback
def length_of_walk(*legs):
    return sum(legs)


if __name__ == "__main__":
    print("here it is a plain function:", length_of_walk(1, 2))
    g = Global(init_controller=True, **address())
    print("measuring")
    g.join()
