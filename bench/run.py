#!/usr/bin/env python3
"""Holds daffi against a bare relay: three processes each, in turns, on this machine, in this run.

The floor is a relay of four hops in raw epoll with frames of the same size and no calls at all: what sockets allow.
A figure of ours means little by itself; its ratio to the floor's figure of the same run is what can be compared.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import fnmatch
import json
import os
import pathlib
import platform
import selectors
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "bench" / "python"
HEADER = 24    # bytes before each payload, in the protocol and in the floor alike
PAYLOAD = 64
KIB = 1024
READY_TIMEOUT = 20.0
ENVIRONMENT = {**os.environ, "DAFFI_LOG": "warning"}    # stdout is for what the driver reads


class BenchError(Exception):
    """Something that ends the run and is told in one line."""


@dataclasses.dataclass(frozen=True)
class Side:
    """Three programs that do the same work over the same sockets: names of binaries, or "script role" for Python."""

    name: str
    controller: str
    callee: str
    caller: str

    def programs(self) -> tuple[str, ...]:
        return self.controller, self.callee, self.caller

    @staticmethod
    def command(build: pathlib.Path, program: str) -> list[str]:
        script, _, role = program.partition(" ")
        return [sys.executable, str(SCRIPTS / script), role] if role else [str(build / "bench" / program)]


OURS = Side("ours", "bench_daffi_controller", "bench_daffi_callee", "bench_daffi_caller")
FLOOR = Side("floor", "bench_floor_relay", "bench_floor_callee", "bench_floor_caller")
PYTHON = Side("ours", "ours.py controller", "ours.py callee", "ours.py caller")
PYTHON_FLOOR = Side("floor", "floor.py relay", "floor.py callee", "floor.py caller")


@dataclasses.dataclass(frozen=True)
class Job:
    """One run of the caller; it yields a figure for each of its workloads."""

    mode: str
    workloads: dict[str, str]    # name of the workload: key in the caller's report
    unit: str
    transports: tuple[str, ...]
    outstanding: int = 1
    callees: int = 1
    payload: int = PAYLOAD
    scale: float = 1.0    # from the report's figure to one in `unit`
    units: dict[str, str] = dataclasses.field(default_factory=dict)    # of workloads that have another one
    sides: tuple[Side, Side] = (OURS, FLOOR)

    def options(self) -> list[str]:
        return ["--mode", self.mode, "--outstanding", str(self.outstanding), "--payload", str(self.payload),
                "--callees", str(self.callees)]

    def unit_of(self, workload: str) -> str:
        return self.units.get(workload, self.unit)

    def floor_options(self) -> list[str]:
        """A quarter of the window per read keeps the floor's processes busy side by side: its best by a third."""
        if self.mode != "pipeline":
            return []
        return ["--read-limit", str(self.outstanding * (HEADER + PAYLOAD) // 4)]


# Latency repeats only where all processes share one CPU: a wake-up of another one costs more than everything else.
# Rates are a matter of all CPUs.
JOBS = (
    Job("latency", {"call_p50": "p50", "call_p99": "p99"}, "us", ("tcp-pinned", "unix-pinned", "tcp", "unix")),
    Job("pipeline", {"calls_256": "rate"}, "calls/s", ("tcp", "unix"), outstanding=256),
    Job("pipeline", {"calls_1024": "rate"}, "calls/s", ("tcp", "unix"), outstanding=1024),
    Job("broadcast", {"broadcast_8_p50": "p50"}, "us", ("tcp-pinned", "unix-pinned"), callees=8),
    # From a callback's generator to its caller, and from a fetcher's body to a callback.
    Job("stream_to_fetcher", {"stream_to_fetcher": "rate"}, "items/s", ("tcp", "unix")),
    Job("stream_to_callback", {"stream_to_callback": "rate"}, "items/s", ("tcp", "unix")),
    Job("stream_to_fetcher", {"stream_64k": "rate"}, "MB/s", ("tcp", "unix"), payload=64 * KIB, scale=64 * KIB / 1e6),
    Job("echo", {"echo_1m": "rate"}, "MB/s", ("tcp", "unix"), payload=1024 * KIB, scale=1024 * KIB / 1e6),
    # Small calls while large values go there and back over the same connections.
    Job("beside_bulk", {"call_p99_beside_bulk": "p99", "call_p99_beside_bulk_to_idle": "times_idle",
                        "bulk_beside_calls": "bulk"}, "us", ("tcp-pinned", "unix-pinned"),
        outstanding=16, units={"call_p99_beside_bulk_to_idle": "times", "bulk_beside_calls": "MB/s"}),
)

# The same from Python, beside a relay in plain Python with pickle; large values beside the floor of C++.
PYTHON_JOBS = (
    Job("latency", {"py_call_p50": "p50", "py_call_p99": "p99"}, "us", ("tcp-pinned", "unix-pinned", "tcp", "unix"),
        sides=(PYTHON, PYTHON_FLOOR)),
    Job("pipeline", {"py_calls_256": "rate"}, "calls/s", ("tcp", "unix"), outstanding=256, sides=(PYTHON, PYTHON_FLOOR)),
    Job("stream_to_callback", {"py_stream_to_callback": "rate"}, "items/s", ("tcp", "unix"), sides=(PYTHON, PYTHON_FLOOR)),
    Job("stream_to_fetcher", {"py_stream_to_fetcher": "rate"}, "items/s", ("tcp", "unix"), sides=(PYTHON, PYTHON_FLOOR)),
    Job("echo", {"py_echo_1m": "rate"}, "MB/s", ("tcp", "unix"), payload=1024 * KIB, scale=1024 * KIB / 1e6,
        sides=(PYTHON, FLOOR)),
)


class Processes:
    """What one measurement started; all of it is ended with it."""

    def __init__(self, folder: pathlib.Path, cpu: int | None):
        self._folder = folder
        self._cpu = cpu
        self._started: list[tuple[subprocess.Popen[str], pathlib.Path]] = []

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        for process, _log in reversed(self._started):
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()

    def start(self, command: list[str], options: list[str]) -> subprocess.Popen[str]:
        log = self._folder / f"{len(self._started)}.log"
        # Children inherit the affinity of this moment; the driver itself only waits meanwhile.
        allowed = os.sched_getaffinity(0)
        try:
            if self._cpu is not None:
                os.sched_setaffinity(0, {self._cpu})
            with log.open("w") as errors:
                # A session of their own: Ctrl-C reaches the driver only, which then ends them in order.
                process = subprocess.Popen([*command, *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                           stderr=errors, text=True, start_new_session=True, env=ENVIRONMENT)
        finally:
            os.sched_setaffinity(0, allowed)
        self._started.append((process, log))
        return process

    def start_server(self, command: list[str], options: list[str]) -> int:
        """Returns the port it serves, once it says that it is ready."""
        process = self.start(command, options)
        line = self._first_line(process)
        words = line.split()
        if len(words) != 2 or words[0] != "ready":
            said = f"said {line.strip()!r}" if line else f"was not ready within {READY_TIMEOUT:.0f} s"
            raise self.error(f"{' '.join(command)} {said}")
        return int(words[1])

    def finish(self, process: subprocess.Popen[str], name: str, timeout: float) -> str:
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise self.error(f"{name} did not end within {timeout:.0f} s") from None
        if process.returncode != 0:
            raise self.error(f"{name} failed (status {process.returncode})")
        return output

    def error(self, what: str) -> BenchError:
        said = []
        for process, log in self._started:
            text = log.read_text(errors="replace").strip()
            if text:
                said.append(f"  {' '.join(map(str, process.args[:3]))}: " + "\n    ".join(text.splitlines()[-5:]))
        return BenchError("\n".join([what, *said]))

    @staticmethod
    def _first_line(process: subprocess.Popen[str]) -> str:
        assert process.stdout
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            if not selector.select(READY_TIMEOUT):
                return ""
        return process.stdout.readline()


def measure(args: argparse.Namespace, job: Job, transport: str, side: Side) -> dict[str, float]:
    """Starts controller, callee and caller afresh, and returns what the caller reports."""
    cpu = args.cpu if transport.endswith("-pinned") else None
    common = job.floor_options() if side is FLOOR else []
    programs = {program: side.command(args.build, program) for program in side.programs()}
    with tempfile.TemporaryDirectory(prefix="daffi-bench-") as name, Processes(pathlib.Path(name), cpu) as processes:
        address = ["--port", "0"] if transport.startswith("tcp") else ["--unix", name]
        port = processes.start_server(programs[side.controller], [*address, *common])
        if address[0] == "--port":
            address = ["--port", str(port)]
        for number in range(1, job.callees + 1):
            processes.start_server(programs[side.callee], [*address, *common, "--number", str(number)])
        times = ["--warm-up", str(args.warm_up), "--seconds", str(args.seconds)]
        caller = processes.start(programs[side.caller], [*address, *common, *job.options(), *times])
        output = processes.finish(caller, side.caller, 2 * (args.warm_up + args.seconds) + READY_TIMEOUT)
        try:
            return json.loads(output)
        except ValueError:
            raise processes.error(f"{side.caller} reported no figures but: {output.strip()!r}") from None


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


Plan = list[tuple[Job, str]]
Key = tuple[str, str, str]    # workload, transport, side


def make_plan(jobs: tuple[Job, ...], only: list[str]) -> Plan:
    """The jobs to run, each with its transport; `only` holds patterns of workload, transport or workload/transport."""
    return [(job, transport) for job in jobs for transport in job.transports
            if any(wanted(only, workload, transport) for workload in job.workloads)]


def wanted(only: list[str], workload: str, transport: str) -> bool:
    names = (workload, transport, f"{workload}/{transport}")
    return not only or any(fnmatch.fnmatchcase(name, pattern) for pattern in only for name in names)


def run(args: argparse.Namespace, plan: Plan, only_side: str | None) -> dict[Key, list[float]]:
    """Ours, floor, ours, floor, with all workloads in each round: a slow drift of the machine meets all alike."""
    figures: dict[Key, list[float]] = {}
    progress = Progress(args.repetitions * len(plan) * (1 if only_side else 2))
    try:
        for _ in range(args.repetitions):
            for job, transport in plan:
                for side in sides_of(job, only_side):
                    progress.step(f"{' '.join(job.workloads)} {transport} {side.name}")
                    report = measure(args, job, transport, side)
                    for workload, key in job.workloads.items():
                        figures.setdefault((workload, transport, side.name), []).append(report[key] * job.scale)
    finally:
        progress.clear()
    return figures


def sides_of(job: Job, only_side: str | None) -> list[Side]:
    return [side for side in job.sides if only_side in (None, side.name)]


def summary(figures: list[float] | None) -> dict[str, float] | None:
    if not figures:
        return None
    return {"median": statistics.median(figures), "min": min(figures), "max": max(figures)}


def results_of(figures: dict[Key, list[float]], plan: Plan, only: list[str]) -> list[dict]:
    results = []
    for job, transport in plan:
        for workload in job.workloads:
            if not wanted(only, workload, transport):
                continue
            ours = summary(figures.get((workload, transport, "ours")))
            floor = summary(figures.get((workload, transport, "floor")))
            ratio = ours["median"] / floor["median"] if ours and floor else None
            results.append({"workload": workload, "transport": transport, "unit": job.unit_of(workload), "ours": ours,
                            "floor": floor, "ratio": ratio, "peers": {}})
    return sorted(results, key=lambda result: list(all_workloads()).index(result["workload"]))


def all_workloads() -> dict[str, Job]:
    return {workload: job for job in (*JOBS, *PYTHON_JOBS) for workload in job.workloads}


def machine() -> dict[str, object]:
    model = "unknown"
    with contextlib.suppress(OSError):
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {"cpu": model, "cpus": len(os.sched_getaffinity(0)), "kernel": platform.release(),
            "arch": platform.machine()}


def commit() -> str:
    try:
        command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def cell(value: dict[str, float] | None, unit: str) -> str:
    if value is None:
        return "-"
    digits = "{:,.1f}" if unit in ("us", "times") else "{:,.0f}"
    median, low, high = (digits.format(value[key]) for key in ("median", "min", "max"))
    return f"{median} ({low} - {high})"


def print_table(results: list[dict]) -> None:
    rows = [["workload", "transport", "unit", "ours: median (min - max)", "floor: median (min - max)", "ratio"]]
    for result in results:
        ratio = "-" if result["ratio"] is None else f"{result['ratio']:.2f}"
        rows.append([result["workload"], result["transport"], result["unit"], cell(result["ours"], result["unit"]),
                     cell(result["floor"], result["unit"]), ratio])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        # Words to the left, figures to the right.
        print("  ".join(text.ljust(width) if column < 3 else text.rjust(width)
                        for column, (text, width) in enumerate(zip(row, widths))).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))


def parse_arguments() -> argparse.Namespace:
    names = ", ".join(all_workloads())
    parser = argparse.ArgumentParser(
        prog="./dev bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"workloads: {names}; transports: tcp-pinned, unix-pinned (all processes on one CPU), tcp, unix.\n"
               "ratio is ours over the floor's: below 1 is better for us and times, above 1 for what is per second.")
    parser.add_argument("--quick", action="store_true", help="shorter runs: under two minutes in all")
    parser.add_argument("--python", action="store_true", help="the Python package, beside a relay in plain Python")
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN",
                        help="a workload, a transport or workload/transport, with * and ?; may be repeated")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too; - prints them and no table")
    parser.add_argument("--repetitions", type=int, default=5, metavar="N", help="of each measurement (default: 5)")
    parser.add_argument("--seconds", type=float, metavar="S", help="per measurement (default: 2, quick: 0.5)")
    parser.add_argument("--side", choices=["ours", "floor"], help="measure only this one")
    parser.add_argument("--cpu", type=int, metavar="N", help="the CPU of the pinned transports (default: the last one)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release", metavar="FOLDER",
                        help="the build whose programs are measured (default: build/release)")
    args = parser.parse_args()
    if args.repetitions < 1:
        parser.error("--repetitions needs at least 1")
    args.seconds = args.seconds if args.seconds is not None else (0.5 if args.quick else 2.0)
    if args.seconds <= 0:
        parser.error("--seconds needs more than 0")
    args.warm_up = min(0.3, args.seconds / 4)
    args.cpu = args.cpu if args.cpu is not None else max(os.sched_getaffinity(0))
    if args.cpu not in os.sched_getaffinity(0):
        parser.error(f"--cpu {args.cpu}: this process may not run there")
    return args


def check_programs(build: pathlib.Path, plan: Plan, only_side: str | None) -> None:
    folder = build / "bench"
    sides = {side for job, _ in plan for side in sides_of(job, only_side)}
    if PYTHON in sides and not list((build / "python" / "daffi").glob("_core*.so")):
        raise BenchError(f"{build} lacks the Python package: build it first, with ./dev build (or say with --build where it is)")
    missing = sorted(name for side in sides for name in side.programs()
                     if " " not in name and not os.access(folder / name, os.X_OK))
    if missing:
        raise BenchError(f"{folder} lacks {', '.join(missing)}: build them first, with ./dev build "
                         "(or say with --build where they are)")


def main() -> int:
    args = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))    # through every `finally`, like Ctrl-C
    plan = make_plan(PYTHON_JOBS if args.python else JOBS, args.only)
    ENVIRONMENT["PYTHONPATH"] = str(args.build.resolve() / "python")
    if not plan:
        raise BenchError(f"nothing matches --only {' '.join(args.only)}; see --help for the names")
    check_programs(args.build, plan, args.side)
    load = os.getloadavg()[0]
    if load > 0.5 * len(os.sched_getaffinity(0)):
        print(f"note: the load average is {load:.1f}; figures taken beside other work are worse", file=sys.stderr)

    started = time.monotonic()
    results = results_of(run(args, plan, args.side), plan, args.only)
    report = {"machine": machine(), "commit": commit(), "repetitions": args.repetitions, "seconds": args.seconds,
              "payload": PAYLOAD, "results": results}
    text = json.dumps(report, indent=2) + "\n"
    if args.json == "-":
        sys.stdout.write(text)
        return 0
    if args.json:
        pathlib.Path(args.json).write_text(text)
    about = report["machine"]
    print(f"{about['cpu']}, {about['cpus']} CPUs, Linux {about['kernel']}, commit {report['commit'][:12]}, "
          f"{args.repetitions} repetitions of {args.seconds:g} s, {time.monotonic() - started:.0f} s in all\n")
    print_table(results)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        sys.exit(130)
