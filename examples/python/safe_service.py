"""TLS with one certificate for all: who has it is let in. Section 2.11.

Needs cert.pem and key.pem in the working directory; examples/cpp/make_certificate.sh makes them.
"""

from address import address

from daffi import Global
from daffi.registry import Callback


class Safe(Callback):
    auto_init = True

    def __post_init__(self):
        self.kept = []

    def put(self, *things):
        self.kept.extend(things)
        return len(self.kept)


if __name__ == "__main__":
    g = Global(init_controller=True, ssl_certificate="cert.pem", ssl_key="key.pem", **address())
    print("locked, port", g.port)
    g.join()
