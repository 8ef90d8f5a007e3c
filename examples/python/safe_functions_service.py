"""The service of safe_service.py as a function. Section 2.11."""

from address import address

from daffi import Global
from daffi.decorators import callback

kept = []


@callback
def put(*things):
    kept.extend(things)
    return len(kept)


if __name__ == "__main__":
    g = Global(init_controller=True, ssl_certificate="cert.pem", ssl_key="key.pem", **address())
    print("locked, port", g.port)
    g.join()
