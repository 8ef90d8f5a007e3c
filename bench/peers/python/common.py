"""What the peers in Python share with our own programs: arguments, meters; and a port that is free."""

import pathlib
import socket
import sys
from collections import deque

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "python"))

from measuring import arguments, latency, rate    # noqa: E402,F401

BATCH = 2_000


def free_port():
    """For servers that cannot say which port they took."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ready(port):
    print("ready", port or 0, flush=True)


def windowed(args, start, finish):
    """A batch for rate(): as many as `args.outstanding` are under way, the oldest is awaited and replaced."""

    def batch():
        under_way = deque(start() for _ in range(args.outstanding))
        for _ in range(BATCH):
            finish(under_way.popleft())
            under_way.append(start())
        while under_way:
            finish(under_way.popleft())
        return BATCH + args.outstanding

    return batch


def measure(args, modes):
    """Runs the mode asked for: `latency` and `echo` are one call, the others batches that say how many they did."""
    call = modes["call"]
    if args.mode == "latency":
        latency(args, call)
    elif args.mode == "echo":
        rate(args, lambda: call() is None or 1)
    else:
        rate(args, modes[args.mode])
