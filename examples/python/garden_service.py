"""What garden_client.py has done at certain times. Section 2.15."""

import threading

from address import address

from daffi import Global
from daffi.registry import Callback


class Garden(Callback):
    auto_init = True

    def __post_init__(self):
        self.changed = threading.Condition()
        self.done = []

    def water(self, bed):
        self._note(f"watered the {bed}")

    def mow(self):
        self._note("mown")

    def wait_until_done(self, work, times):
        """Blocks; its thread delays nobody."""
        with self.changed:
            self.changed.wait_for(lambda: self.done.count(work) >= times)

    def _note(self, work):
        with self.changed:
            self.done.append(work)
            self.changed.notify_all()


if __name__ == "__main__":
    g = Global(process_name="garden", init_controller=True, **address())
    print("green")
    g.join()
