"""A controller beside a great many nodes: the memory that each costs it, and the time until all know all."""

from __future__ import annotations

import argparse
import json
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

from .jobs import HOLDING_TRANSPORT, wanted
from .measure import Key
from .programs import OURS, BenchError, Processes

JOINING = 1000
JOINING_LIMIT = 300.0    # seconds
SPARE_DESCRIPTORS = 200


def private_kib(process: subprocess.Popen[str]) -> int:
    """What the process has for itself: neither files that are mapped nor what the kernel keeps for it."""
    text = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return int(re.search(r"^Anonymous:\s+(\d+) kB", text, re.MULTILINE).group(1))


def idle_nodes_of(args: argparse.Namespace) -> int:
    """As many as asked for, or as one process may have sockets."""
    wanted_nodes = 1000 if args.quick else 10_000
    _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit != resource.RLIM_INFINITY and limit < wanted_nodes + SPARE_DESCRIPTORS:
        fewer = max(1, limit - SPARE_DESCRIPTORS)
        print(f"note: this process may open {limit} files, so {fewer} idle nodes instead of {wanted_nodes}",
              file=sys.stderr)
        return fewer
    return wanted_nodes


def with_controller(args: argparse.Namespace, work):
    """Runs `work(processes, controller, address)` beside a fresh controller."""
    with tempfile.TemporaryDirectory(prefix="daffi-bench-") as name, Processes(pathlib.Path(name), None) as processes:
        port = processes.start_server(OURS.command(args.build, OURS.controller), ["--port", "0"])
        return work(processes, processes.last(), ["--port", str(port)])


def idle_connection_kib(args: argparse.Namespace) -> float:
    count = idle_nodes_of(args)

    def work(processes: Processes, controller: subprocess.Popen[str], address: list[str]) -> float:
        before = private_kib(controller)
        nodes = processes.start([str(args.build / "bench" / "bench_idle_nodes")], [*address, "--callees", str(count)])
        if processes.first_line(nodes, JOINING_LIMIT).split()[:1] != ["ready"]:
            raise processes.error("the idle nodes did not join")
        time.sleep(3 if args.quick else 60)
        if nodes.poll() is not None:
            raise processes.error("the idle nodes have not held")
        return (private_kib(controller) - before) / count

    return with_controller(args, work)


def join_1000(args: argparse.Namespace) -> tuple[float, float]:
    """Seconds, and MiB of the controller afterwards."""

    def work(processes: Processes, controller: subprocess.Popen[str], address: list[str]) -> tuple[float, float]:
        nodes = processes.start([str(args.build / "bench" / "bench_join_nodes")], [*address, "--callees", str(JOINING)])
        line = processes.first_line(nodes, JOINING_LIMIT)
        try:
            return json.loads(line)["seconds"], private_kib(controller) / 1024
        except ValueError:
            raise processes.error(f"the nodes that join said {line.strip()!r}") from None

    return with_controller(args, work)


def hold(args: argparse.Namespace) -> dict[Key, list[float]]:
    """These need no turns: nothing of the kind is done by the floor."""
    if args.side == "floor":
        return {}
    allow_many_files()
    figures: dict[Key, list[float]] = {}

    def keep(workload: str, figure: float) -> None:
        figures.setdefault((workload, HOLDING_TRANSPORT, "ours"), []).append(figure)

    if wanted(args.only, "join_1000_s", HOLDING_TRANSPORT) or wanted(args.only, "join_1000_mib", HOLDING_TRANSPORT):
        for _ in range(1 if args.quick else 3):
            seconds, mib = join_1000(args)
            keep("join_1000_s", seconds)
            keep("join_1000_mib", mib)
    if wanted(args.only, "idle_connection_kib", HOLDING_TRANSPORT):
        keep("idle_connection_kib", idle_connection_kib(args))
    return figures


def allow_many_files() -> None:
    _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


def check_programs(build: pathlib.Path) -> None:
    missing = [name for name in ("bench_idle_nodes", "bench_join_nodes") if not (build / "bench" / name).exists()]
    if missing:
        raise BenchError(f"{build}/bench lacks {', '.join(missing)}: build them first, with ./dev build")
