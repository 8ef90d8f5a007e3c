"""The service of diary_service.py as functions. Section 2.7."""

from address import address

from daffi import Global
from daffi.decorators import callback

entries = []


@callback
def write(day, text, mood="fair"):
    entries.append(f"{day}: {text} ({mood})")


@callback
def read():
    return entries


if __name__ == "__main__":
    g = Global(init_controller=True, **address())
    print("blank")
    g.join()
