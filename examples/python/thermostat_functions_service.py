"""The service of thermostat_service.py as functions. Section 2.5."""

from address import address

from daffi import Global
from daffi.decorators import alias, callback


@callback
def set_degrees(celsius):
    return f"{celsius:.1f} C"


@alias("off")
@callback
def switch_everything_off():
    return "cold"


if __name__ == "__main__":
    g = Global(init_controller=True, **address())
    print("ticking")
    g.join()
