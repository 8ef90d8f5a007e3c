"""Runs Debian's nats-server on a free port and tells the driver which, as a controller of ours does."""

import argparse
import ctypes
import json
import pathlib
import signal
import subprocess
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("role")
parser.add_argument("--port")
parser.parse_args()

with tempfile.TemporaryDirectory() as folder:
    # The driver may kill this process at any moment; the server goes with it.
    server = subprocess.Popen(["nats-server", "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", folder],
                              stderr=subprocess.DEVNULL, preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL))
    while True:
        ports = list(pathlib.Path(folder).glob("*.ports"))
        if ports and ports[0].read_text().strip():
            break
        time.sleep(0.01)
    print("ready", json.loads(ports[0].read_text())["nats"][0].rpartition(":")[2], flush=True)
    server.wait()
