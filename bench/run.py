#!/usr/bin/env python3
"""Holds daffi against a bare relay: three processes each, in turns, on this machine, in this run.

The floor is a relay of four hops in raw epoll with frames of the same size and no calls at all: what sockets allow.
A figure of ours means little by itself; its ratio to the floor's figure of the same run is what can be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import signal
import sys
import time

from suite import holding, page
from suite.jobs import HOLDING, HOLDING_TRANSPORT, JOBS, PAYLOAD, PYTHON_JOBS, Plan, all_workloads, make_plan, wanted
from suite.measure import run, sides_of
from suite.peers import ready_peers, versions
from suite.programs import ENVIRONMENT, PYTHON, ROOT, BenchError, Side
from suite.report import commit, machine, print_table, results_of


def parse_arguments() -> argparse.Namespace:
    names = ", ".join(all_workloads())
    parser = argparse.ArgumentParser(
        prog="./dev bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"workloads: {names}; transports: tcp-pinned, unix-pinned (all processes on one CPU), tcp, unix.\n"
               "ratio is ours over the floor's: below 1 is better for us and times, above 1 for what is per second.")
    parser.add_argument("--quick", action="store_true", help="shorter runs: under two minutes in all")
    parser.add_argument("--python", action="store_true", help="the Python package, beside a relay in plain Python")
    parser.add_argument("--peers", action="store_true",
                        help="what others use instead, beside it; ./dev installs and builds that first")
    parser.add_argument("--page", action="store_true",
                        help="C++ and Python, into docs/benchmarks.json, and from that the tables and charts of "
                             "docs/benchmarks.md")
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN",
                        help="a workload, a transport or workload/transport, with * and ?; may be repeated")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too; - prints them and no table")
    parser.add_argument("--repetitions", type=int, default=5, metavar="N", help="of each measurement (default: 5)")
    parser.add_argument("--seconds", type=float, metavar="S", help="per measurement (default: 2; with --peers or --page 1; quick: 0.2)")
    parser.add_argument("--side", choices=["ours", "floor"], help="measure only this one")
    parser.add_argument("--cpu", type=int, metavar="N", help="the CPU of the pinned transports (default: the last one)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release", metavar="FOLDER",
                        help="the build whose programs are measured (default: build/release)")
    args = parser.parse_args()
    if args.repetitions < 1:
        parser.error("--repetitions needs at least 1")
    args.seconds = args.seconds if args.seconds is not None else (
        0.2 if args.quick else 1.0 if args.peers or args.page else 2.0)
    if args.seconds <= 0:
        parser.error("--seconds needs more than 0")
    args.warm_up = min(0.3, args.seconds / 4)
    args.cpu = args.cpu if args.cpu is not None else max(os.sched_getaffinity(0))
    if args.cpu not in os.sched_getaffinity(0):
        parser.error(f"--cpu {args.cpu}: this process may not run there")
    return args


def check_programs(args: argparse.Namespace, plan: Plan, peers: dict[str, list[Side]]) -> None:
    sides = {side for job, transport in plan for side in sides_of(job, transport, args.side, peers)}
    if PYTHON in sides and not list((args.build / "python" / "daffi").glob("_core*.so")):
        raise BenchError(f"{args.build} lacks the Python package: build it first, with ./dev build "
                         "(or say with --build where it is)")
    missing = sorted({name for side in sides for name in side.programs()
                      if not os.access(side.command(args.build, name)[0], os.X_OK)})
    if missing:
        raise BenchError(f"{args.build} lacks {', '.join(missing)}: build them first, with ./dev build "
                         "(or say with --build where they are)")
    if wants_holding(args):
        holding.check_programs(args.build)


def wants_holding(args: argparse.Namespace) -> bool:
    return (args.page or not args.python) and args.side != "floor" and any(
        wanted(args.only, workload, HOLDING_TRANSPORT) for workload in HOLDING)


def jobs_of(args: argparse.Namespace) -> tuple:
    if args.page:
        return (*JOBS, *PYTHON_JOBS)
    return PYTHON_JOBS if args.python else JOBS


def main() -> int:
    args = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))    # through every `finally`, like Ctrl-C
    plan = make_plan(jobs_of(args), args.only)
    ENVIRONMENT["PYTHONPATH"] = str(args.build.resolve() / "python")
    if not plan and not wants_holding(args):
        raise BenchError(f"nothing matches --only {' '.join(args.only)}; see --help for the names")
    peers = ready_peers() if args.peers else {}
    check_programs(args, plan, peers)
    load = os.getloadavg()[0]
    if load > 0.5 * len(os.sched_getaffinity(0)):
        print(f"note: the load average is {load:.1f}; figures taken beside other work are worse", file=sys.stderr)

    started = time.monotonic()
    figures = run(args, plan, peers)
    if wants_holding(args):
        figures.update(holding.hold(args))
    results = results_of(figures, plan, args.only)
    report = {"machine": machine(), "commit": commit(), "repetitions": args.repetitions, "seconds": args.seconds,
              "payload": PAYLOAD, "load_before": round(load, 1), "results": results}
    if os.sched_getscheduler(0) != os.SCHED_OTHER:
        report["scheduling"] = "chrt -f" if os.sched_getscheduler(0) == os.SCHED_FIFO else "not by default"
    if peers:
        report["peers"] = versions()
    text = json.dumps(report, indent=2) + "\n"
    if args.json == "-":
        sys.stdout.write(text)
        return 0
    if args.json:
        pathlib.Path(args.json).write_text(text)
    if args.page:
        page.DATA.write_text(text)
        page.write()
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
