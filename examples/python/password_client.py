"""Fetcher classes have private methods too. Section 2.4; the service is password_service.py."""

from address import address

from daffi import FG, Global
from daffi.decorators import local
from daffi.exceptions import GlobalContextError
from daffi.registry import Args, Fetcher


class Checker(Fetcher):
    def strength(self, password):
        return self.cleaned(password)

    @local
    def cleaned(self, password):
        return Args(password=password.strip())


if __name__ == "__main__":
    with Global(**address()) as g:
        print("strength", Checker().strength("  Tr0mbone\n"))
        print("offered", g.registered_callbacks)
        try:
            g.call.kinds("abc") & FG
        except GlobalContextError as error:
            print(str(error).splitlines()[0])
