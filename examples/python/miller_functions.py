"""miller.py as functions. Section 2.10."""

from address import address

from daffi import Global
from daffi.decorators import callback, fetcher


@callback
def grind(grain):
    return {"flour": round(grain * 0.8, 1)}


@fetcher
def bread_for(people):
    pass


if __name__ == "__main__":
    g = Global(process_name="miller", init_controller=True, **address())
    print("turning")
    g.wait_function("bread_for")
    print("lunch:", bread_for(3))
    g.join()
