"""A callback class whose constructor takes arguments: its user makes the one instance. Section 2.3."""

from address import address

from daffi import Global
from daffi.exceptions import InitializationError
from daffi.registry import Callback


class Greeter(Callback):
    auto_init = False  # as it is when nothing is said

    def __init__(self, word, loud=False):
        super().__init__()
        self.word = word
        self.loud = loud

    def greet(self, name):
        text = f"{self.word}, {name}"
        return text.upper() if self.loud else text


if __name__ == "__main__":
    Greeter("Servus", loud=True)
    try:
        Greeter("Moin")
    except InitializationError as error:
        print(error)
    g = Global(init_controller=True, **address())
    print("at the door")
    g.join()
