"""Runs a plan: ours, floor and peers in turns, all processes afresh each time."""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

from .jobs import Job, Plan
from .programs import FLOOR, READY_TIMEOUT, BenchError, Processes, Side

Key = tuple[str, str, str]    # workload, transport, side


class Progress:
    """One line that is overwritten, on a terminal only."""

    def __init__(self, total: int):
        self._total = total
        self._done = 0
        self._start = time.monotonic()
        self._shown = sys.stderr.isatty()

    def step(self, what: str) -> None:
        if self._shown:
            left = ""
            if self._done:
                seconds = (time.monotonic() - self._start) / self._done * (self._total - self._done)
                left = f", about {seconds:.0f} s left"
            print(f"\r\x1b[K[{self._done + 1}/{self._total}] {what}{left}", end="", file=sys.stderr, flush=True)
        self._done += 1

    def clear(self) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def make_certificate(folder: pathlib.Path) -> tuple[str, str]:
    """A certificate and its key, as both sides of a pinned connection have them."""
    certificate, key = str(folder / "certificate.pem"), str(folder / "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=daffi-bench", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    return certificate, key


def measure(args: argparse.Namespace, job: Job, transport: str, side: Side) -> dict[str, float]:
    """Starts controller, callee and caller afresh, and returns what the caller reports."""
    cpu = args.cpu if transport.endswith("-pinned") else None
    with tempfile.TemporaryDirectory(prefix="daffi-bench-") as name, Processes(pathlib.Path(name), cpu) as processes:
        common = job.floor_options() if side is FLOOR else []
        if side.name == "ours":
            common = job.our_options(make_certificate(pathlib.Path(name)) if job.tls else ("", ""))

        def command(program: str) -> list[str]:
            return side.command(args.build, program)

        address = ["--port", "0"] if transport.startswith("tcp") else ["--unix", name]
        if side.controller:
            port = processes.start_server(command(side.controller), [*address, *common])
            address = ["--port", str(port)] if address[0] == "--port" else address
        for number in range(1, job.callees + 1):
            port = processes.start_server(command(side.callee),
                                          [*address, *common, "--number", str(number), "--mode", job.mode])
            address = ["--port", str(port)] if address == ["--port", "0"] else address
        times = ["--warm-up", str(args.warm_up), "--seconds", str(args.seconds)]
        caller = processes.start(command(side.caller), [*address, *common, *job.options(), *times])
        output = processes.finish(caller, side.caller, 2 * (args.warm_up + args.seconds) + READY_TIMEOUT)
        try:
            return json.loads(output)
        except ValueError:
            raise processes.error(f"{side.caller} reported no figures but: {output.strip()!r}") from None


def run(args: argparse.Namespace, plan: Plan, peers: dict[str, list[Side]]) -> dict[Key, list[float]]:
    """Ours, floor, ours, floor, with all workloads in each round: a slow drift of the machine meets all alike."""
    figures: dict[Key, list[float]] = {}
    turns = [(job, transport, side) for job, transport in plan for side in sides_of(job, transport, args.side, peers)]
    progress = Progress(args.repetitions * len(turns))
    failed: dict[Key, str] = {}
    try:
        for _ in range(args.repetitions):
            for job, transport, side in turns:
                progress.step(f"{' '.join(job.workloads)} {transport} {side.name}")
                mark = (job.mode, transport, side.name)
                if mark in failed:
                    continue
                try:
                    report = measure(args, job, transport, side)
                except BenchError as error:
                    if side in job.sides:
                        raise
                    failed[mark] = str(error)    # a peer's trouble ends its own figure only
                    continue
                for workload, key in job.workloads.items():
                    if key in report:
                        figures.setdefault((workload, transport, side.name), []).append(report[key] * job.scale)
    finally:
        progress.clear()
    for (mode, transport, name), why in failed.items():
        print(f"note: {name} could not be measured in {mode} over {transport}: {why}", file=sys.stderr)
    return figures


def sides_of(job: Job, transport: str, only_side: str | None, peers: dict[str, list[Side]]) -> list[Side]:
    """Those that take turns: the two that are compared, then those peers that can do the work at all."""
    sides = [side for side in job.sides if only_side in (None, side.name)]
    beside = [] if only_side else peers.get(job.language(), [])
    return sides + [peer for peer in beside if peer.can(job.mode, transport)]
