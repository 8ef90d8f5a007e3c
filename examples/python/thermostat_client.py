"""Several fetchers for one callback, each with its own way to make the arguments. Section 2.5."""

from address import address

from daffi import Global
from daffi.decorators import alias
from daffi.registry import Args, Fetcher


class Remote(Fetcher):
    def set_degrees(self, celsius):
        """As it is."""

    @alias("set_degrees")
    def set_fahrenheit(self, fahrenheit):
        return Args(celsius=(fahrenheit - 32) / 1.8)

    @alias("set_degrees")
    def set_kelvin(self, kelvin):
        return kelvin - 273.15

    def off(self):
        pass


if __name__ == "__main__":
    g = Global(**address())
    remote = Remote()
    print(remote.set_degrees(21))
    print(remote.set_fahrenheit(68))
    print(remote.set_kelvin(300))
    print(remote.off())
    g.stop()
