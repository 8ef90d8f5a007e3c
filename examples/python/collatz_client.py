"""In the background: the call gives an AsyncResult, and the result is fetched later. Section 2.13."""

from address import address

from daffi import BG, FG, Global
from daffi.registry import Fetcher


class Asker(Fetcher):
    exec_modifier = BG(timeout="30s")  # of all methods

    def longest(self, below):
        pass


if __name__ == "__main__":
    g = Global(**address())
    asker = Asker()
    later = asker.longest(3000)
    print("asked for", later.func_name)
    print("answer", later.get())
    # At one call it can be another one.
    print("at once", asker.longest.call(below=100, exec_modifier=FG))
    g.stop()
