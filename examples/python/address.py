"""Where an example listens or connects: localhost:8888, --port N, or --unix-sock-path FOLDER on the command line."""

import argparse


def address():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument("--unix-sock-path")
    given, _ = parser.parse_known_args()
    if given.unix_sock_path:
        return {"unix_sock_path": given.unix_sock_path}
    return {"host": "localhost", "port": given.port}
