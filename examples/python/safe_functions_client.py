"""The client of safe_client.py as a function. Section 2.11."""

from address import address

from daffi import Global
from daffi.decorators import fetcher


@fetcher
def put(*things):
    pass


if __name__ == "__main__":
    with Global(ssl_certificate="cert.pem", ssl_key="key.pem", **address()):
        print("things", put("ring"))
        print("things", put("watch", "letters"))
