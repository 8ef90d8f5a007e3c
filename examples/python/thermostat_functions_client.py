"""The client of thermostat_client.py as functions; the order of the decorators is free. Section 2.5."""

from address import address

from daffi import Global
from daffi.decorators import alias, fetcher
from daffi.registry import Args


@fetcher
def set_degrees(celsius):
    pass


@alias("set_degrees")
@fetcher
def set_fahrenheit(fahrenheit):
    return Args(celsius=(fahrenheit - 32) / 1.8)


@fetcher
@alias("set_degrees")
def set_kelvin(kelvin):
    return kelvin - 273.15


@fetcher
def off():
    pass


if __name__ == "__main__":
    with Global(**address()):
        print(set_degrees(21))
        print(set_fahrenheit(68))
        print(set_kelvin(300))
        print(off())
