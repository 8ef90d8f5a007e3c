"""Processes with names can wait for each other. Section 2.6; the other one is ship.py."""

from address import address

from daffi import Global
from daffi.decorators import callback

if __name__ == "__main__":
    g = Global(process_name="lighthouse", init_controller=True, **address())
    print("lit")
    g.wait_process("ship")
    print("a ship is in sight")

    @callback  # everybody hears of it from now on
    def signal():
        return "steer clear"

    g.join()
