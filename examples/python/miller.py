"""Calls and is called: both classes in one process. Section 2.10; the other one is baker.py."""

from address import address

from daffi import Global
from daffi.registry import Callback, Fetcher


class Mill(Callback):
    auto_init = True

    def grind(self, grain):
        return {"flour": round(grain * 0.8, 1)}


class Bakery(Fetcher):
    def bread_for(self, people):
        pass


if __name__ == "__main__":
    g = Global(process_name="miller", init_controller=True, **address())
    print("turning")
    g.wait_process("baker")
    print("lunch:", Bakery().bread_for(3))
    g.join()
