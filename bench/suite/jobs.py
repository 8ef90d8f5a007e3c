"""What is measured: each job is one run of a caller and yields figures for some workloads."""

from __future__ import annotations

import dataclasses
import fnmatch

from .programs import FLOOR, OURS, PLAIN, PYTHON, PYTHON_FLOOR, Side

HEADER = 24    # bytes before each payload, in the protocol and in the floor alike
PAYLOAD = 64
KIB = 1024
BUSY_POLL = 200    # microseconds: longer than a call takes on an idle machine


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
    busy_poll: bool = False    # our caller spins before it sleeps
    tls: bool = False          # "ours" speaks it, what stands in the floor's place does not

    def options(self) -> list[str]:
        return ["--mode", self.mode, "--outstanding", str(self.outstanding), "--payload", str(self.payload),
                "--callees", str(self.callees)]

    def unit_of(self, workload: str) -> str:
        return self.units.get(workload, self.unit)

    def language(self) -> str:
        """Whose peers are measured beside it; empty: nobody's, as they have nothing of the kind."""
        if self.busy_poll or self.tls:
            return ""
        return "python" if PYTHON in self.sides else "c++"

    def our_options(self, certificate: tuple[str, str]) -> list[str]:
        options = ["--busy-poll", str(BUSY_POLL)] if self.busy_poll else []
        return options + (["--certificate", certificate[0], "--key", certificate[1]] if self.tls else [])

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
    Job("latency", {"call_p50_busy_poll": "p50"}, "us", ("tcp", "unix"), busy_poll=True),
    Job("pipeline", {"tls_calls_256": "rate"}, "calls/s", ("tcp",), outstanding=256, sides=(OURS, PLAIN), tls=True),
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

# A controller beside a great many nodes that do nothing; see holding.py.
HOLDING = {"idle_connection_kib": "KiB", "join_1000_s": "s", "join_1000_mib": "MiB"}
HOLDING_TRANSPORT = "tcp"

Plan = list[tuple[Job, str]]


def wanted(only: list[str], workload: str, transport: str) -> bool:
    """`only` holds patterns of workload, transport or workload/transport."""
    names = (workload, transport, f"{workload}/{transport}")
    return not only or any(fnmatch.fnmatchcase(name, pattern) for pattern in only for name in names)


def make_plan(jobs: tuple[Job, ...], only: list[str]) -> Plan:
    return [(job, transport) for job in jobs for transport in job.transports
            if any(wanted(only, workload, transport) for workload in job.workloads)]


def all_workloads() -> list[str]:
    return [*(workload for job in JOBS for workload in job.workloads), *HOLDING,
            *(workload for job in PYTHON_JOBS for workload in job.workloads)]
