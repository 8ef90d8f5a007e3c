"""The client of safe_service.py, with the same certificate. Section 2.11."""

from address import address

from daffi import Global
from daffi.registry import Fetcher


class Owner(Fetcher):
    def put(self, *things):
        pass


if __name__ == "__main__":
    g = Global(ssl_certificate="cert.pem", ssl_key="key.pem", **address())
    owner = Owner()
    print("things", owner.put("ring"))
    print("things", owner.put("watch", "letters"))
    g.stop()
