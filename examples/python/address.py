"""Where an example listens or connects: localhost:8888, or --unix-sock-path FOLDER on the command line."""

import sys


def address():
    if len(sys.argv) == 3 and sys.argv[1] == "--unix-sock-path":
        return {"unix_sock_path": sys.argv[2]}
    return {"host": "localhost", "port": 8888}
