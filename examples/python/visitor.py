"""Hears of its own connection only; the process with the controller hears of all. Section 2.12."""

import threading

from address import address

from daffi import Global

inside = threading.Event()


def came(g, name):
    inside.set()


if __name__ == "__main__":
    with Global(process_name="visitor", on_node_connect=came, **address()):
        inside.wait()
        print("inside")
