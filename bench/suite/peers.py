"""What others use instead, each as its own documentation has it: Debian's packages for C++, published wheels for Python.

`./dev bench --peers` installs them and builds bench/peers/ into build/peers/ first.
"""

from __future__ import annotations

import re
import subprocess
import sys

from .programs import ROOT, Side

BINARIES = "../peers/cpp/bin"    # from build/release
SCRIPTS = "bench/peers/python"
CALLS = ("latency", "pipeline", "stream_to_fetcher", "echo")


def compiled(name: str, controller: str, stem: str) -> Side:
    return Side(name, controller, f"{stem}_callee", f"{stem}_caller", binaries=BINARIES, modes=CALLS)


def scripted(name: str, router: bool, venv: str = "venv", transports: tuple[str, ...] = ("tcp", "unix"),
             modes: tuple[str, ...] = (*CALLS, "stream_to_callback")) -> Side:
    script = f"{name.partition('_')[0]}_peer.py"
    return Side(name, f"{script} router" if router else "", f"{script} callee", f"{script} caller", scripts=SCRIPTS,
                venv=venv, transports=transports, modes=modes)


NATS = Side("nats", "../nats_server.py controller", "nats_callee", "nats_caller", binaries=BINARIES, scripts=SCRIPTS,
            transports=("tcp",), modes=CALLS)
# The same server under a client of ours that writes and reads in batches: what its users could have.
NATS_BATCHING = Side("nats_batching", NATS.controller, "batching_callee", "batching_caller", binaries=BINARIES,
                     scripts=SCRIPTS, transports=("tcp",), modes=("latency", "pipeline", "stream_to_fetcher"))
CPP = (NATS, NATS_BATCHING, compiled("zeromq", "zmq_router", "zmq"),
       compiled("grpc", "", "grpc"), compiled("capnproto", "", "capnp"))
# Its clients refuse a UNIX socket as its page writes it, in 3.0.1; streams go towards callbacks only.
DAFFI_WHEEL = scripted("daffi_wheel", True, venv="daffi", transports=("tcp",),
                       modes=("latency", "pipeline", "stream_to_callback", "echo"))
PYTHON = (scripted("pyzmq", True), scripted("grpcio", False), scripted("rpyc", False), DAFFI_WHEEL)

DEBIAN = {"nats": "nats-server", "nats client": "libnats-dev", "zeromq": "libzmq3-dev", "grpc": "libgrpc++-dev",
          "capnproto": "libcapnp-dev"}


def ready_peers() -> dict[str, list[Side]]:
    """By language. A wheel that could not be installed is said so, and left out."""
    python = [side for side in PYTHON if side is not DAFFI_WHEEL or wheel_version("daffi", "daffi")]
    if len(python) < len(PYTHON):
        version = ".".join(map(str, sys.version_info[:2]))
        print(f"note: the published daffi wheel does not install on Python {version} here; it is left out", file=sys.stderr)
    return {"c++": list(CPP), "python": python}


def wheel_version(venv: str, package: str) -> str:
    pip = ROOT / "build" / "peers" / venv / "bin" / "pip"
    if not pip.exists():
        return ""
    said = subprocess.run([str(pip), "show", package], capture_output=True, text=True).stdout
    found = re.search(r"^Version: (\S+)", said, re.MULTILINE)
    return found.group(1) if found else ""


def versions() -> dict[str, str]:
    """What was measured, for the report."""
    found = {}
    for name, package in DEBIAN.items():
        said = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True)
        found[name] = said.stdout if said.returncode == 0 else ""
    for name in ("pyzmq", "grpcio", "rpyc"):
        found[name] = wheel_version("venv", name)
    found["daffi_wheel"] = wheel_version("daffi", "daffi")
    return {name: version for name, version in found.items() if version}
