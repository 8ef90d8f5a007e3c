"""Under which names callbacks are known is theirs to say. Section 2.5; the client is thermostat_client.py."""

from address import address

from daffi import Global
from daffi.decorators import alias
from daffi.registry import Callback


class Thermostat(Callback):
    auto_init = True

    def set_degrees(self, celsius):
        return f"{celsius:.1f} C"

    @alias("off")
    def switch_everything_off(self):
        return "cold"


if __name__ == "__main__":
    g = Global(init_controller=True, **address())
    print("ticking")
    g.join()
