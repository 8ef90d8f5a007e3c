"""Takes a stream: each of its items is a call of a callback. Section 2.7; the client is diary_client.py."""

from address import address

from daffi import Global
from daffi.registry import Callback


class Diary(Callback):
    auto_init = True

    def __post_init__(self):
        self.entries = []

    def write(self, day, text, mood="fair"):
        self.entries.append(f"{day}: {text} ({mood})")

    def read(self):
        return self.entries


if __name__ == "__main__":
    g = Global(init_controller=True, **address())
    print("blank")
    g.join()
