#!/usr/bin/env python3
"""Counts the instructions that a call, a stream's item and a forwarded frame take, and holds them against the record.

callgrind counts them in one thread, over memory instead of sockets, with the release build's code: the same figures each
time, on a busy machine as on an idle one. The kernel's share and what waking others costs are not in them.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
RECORD = ROOT / "bench" / "instructions.json"
CHANGELOG = "CHANGELOG.md"
PARTIES = ("caller", "controller", "callee")
TOLERANCE = 0.05
# Of the C library's many copies of memcpy the same one on every machine.
ENVIRONMENT = {**os.environ, "DAFFI_LOG": "warning",
               "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-ERMS,-FSRM"}
MEANING = {
    "call": "one call of 64 bytes at a time",
    "call_of_256": "a call while 256 are under way",
    "item_to_fetcher": "an item of 64 bytes from a callback to its caller",
    "item_to_callback": "an item of 64 bytes from a fetcher's body to a callback",
    "echo_1m": "1 MiB there and back",
    "frame": "a frame passed on, alone",
    "frame_of_256": "a frame passed on, of many at once",
}


class Skip(Exception):
    """The figures of this machine's compiler would not be comparable."""


class Failed(Exception):
    """Something that ends the run and is told in one line."""


def check_compiler(build: pathlib.Path) -> str:
    """Figures depend on the compiler, and the record was made with one of them."""
    release = pathlib.Path("/etc/os-release")
    words = dict(line.split("=", 1) for line in release.read_text().splitlines() if "=" in line) if release.exists() else {}
    if words.get("ID") != "debian" or words.get("VERSION_ID", "").strip('"') != "12":
        raise Skip("this is not Debian 12")
    compiler = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", (build / "CMakeCache.txt").read_text(), re.MULTILINE)
    said = subprocess.run([compiler.group(1), "--version"], capture_output=True, text=True, check=True).stdout
    first = said.splitlines()[0]
    if "clang" in said or not re.search(r"\b12\.\d+\.\d+$", first):
        raise Skip(f"the build's compiler is not g++ 12 but {first}")
    return first


def count(program: pathlib.Path, party: str, folder: pathlib.Path) -> dict[str, tuple[pathlib.Path, int, int, int]]:
    """For each phase: its dump, the instructions in it, how many times the work was done, the frames passed on."""
    command = ["valgrind", "-q", "--tool=callgrind", "--collect-atstart=no", f"--callgrind-out-file={folder}/{party}",
               str(program), party]
    ended = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=600)
    if ended.returncode != 0:
        raise Failed(f"counting for the {party} failed (status {ended.returncode}): {ended.stderr.strip()[-500:]}")
    phases = {}
    for dump in sorted(folder.glob(f"{party}.*")):
        text = dump.read_text()
        trigger = re.search(r"^desc: Trigger: Client Request: (\S+) (\d+) (\d+)$", text, re.MULTILINE)
        totals = re.search(r"^totals: (\d+)$", text, re.MULTILINE)
        if trigger and totals:
            phases[trigger.group(1)] = (dump, int(totals.group(1)), int(trigger.group(2)), int(trigger.group(3)))
    if not phases:
        raise Failed(f"callgrind left no dumps for the {party}")
    return phases


def figures_of(counted: dict[str, dict[str, tuple[pathlib.Path, int, int, int]]]) -> dict[str, dict[str, float]]:
    figures: dict[str, dict[str, float]] = {}
    for party, phases in counted.items():
        for phase, (_, instructions, times, frames) in phases.items():
            figures.setdefault(phase, {})[party] = round(instructions / times, 1)
            if party == "controller" and phase.startswith("call"):
                figures[phase.replace("call", "frame")] = {party: round(instructions / frames, 1)}
    return figures


def by_function(dump: pathlib.Path) -> dict[str, int]:
    """The instructions of each function itself: the dump's lines of costs, but for those of calls."""
    names: dict[str, str] = {}
    costs: dict[str, int] = {}
    current, of_call = "", False
    for line in dump.read_text().splitlines():
        if named := re.match(r"(c?)fn=(\(\d+\))(?: (.*))?$", line):
            if named.group(3):
                names[named.group(2)] = named.group(3)
            if not named.group(1):
                current = named.group(2)
        elif line.startswith("calls="):
            of_call = True
        elif cost := re.match(r"[+-]?\d+ (\d+)$|\* (\d+)$", line):
            if not of_call:
                costs[current] = costs.get(current, 0) + int(cost.group(1) or cost.group(2))
            of_call = False
    return {names[function]: instructions for function, instructions in costs.items() if instructions}


def profile(dump: pathlib.Path, times: int) -> None:
    """The functions with the largest shares, per piece of work; what was inlined counts for whom it was inlined into."""
    costs = by_function(dump)
    total = sum(costs.values())
    for name, instructions in sorted(costs.items(), key=lambda row: -row[1])[:45]:
        print(f"  {instructions / times:9.1f}  {instructions / total:6.1%}  {name[:150]}")


def compare(figures: dict[str, dict[str, float]], record: dict[str, dict[str, float]]) -> list[str]:
    """Prints the table; returns what has become worse."""
    worse = []
    print(f"{'':20}{'party':12}{'recorded':>12}{'now':>12}{'change':>9}")
    for phase, meaning in MEANING.items():
        for party in PARTIES:
            now = figures.get(phase, {}).get(party)
            before = record.get(phase, {}).get(party)
            if now is None:
                continue
            row = f"{phase:20}{party:12}{before or 0:12,.0f}{now:12,.0f}"
            change = now / before - 1 if before else 0.0
            verdict = "  worse" if change > TOLERANCE else "  better: ./dev check instructions --record keeps it" \
                if change < -TOLERANCE else ""
            print(f"{row}{change:+9.1%}{verdict}" if before else f"{row}  not recorded")
            if change > TOLERANCE or not before:
                worse.append(f"{phase} ({meaning}), {party}: {before or 'nothing'} -> {now}")
    return worse


def changelog_says_why() -> bool:
    command = ["git", "-C", str(ROOT), "diff", "--quiet", "HEAD", "--", CHANGELOG]
    return subprocess.run(command).returncode == 1


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev check instructions", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release", metavar="FOLDER")
    parser.add_argument("--record", action="store_true",
                        help=f"keep the figures as the new record; {CHANGELOG} has to say why, not yet committed")
    parser.add_argument("--profile", metavar="PHASE/PARTY", nargs="?", const="call/caller",
                        help="show the functions that take the most in it (call/caller), and compare nothing")
    args = parser.parse_args()
    if args.profile and args.profile.partition("/")[2] not in PARTIES:
        parser.error(f"--profile takes PHASE/PARTY: a phase ({', '.join(MEANING)}) and one of {', '.join(PARTIES)}")
    if args.record and not changelog_says_why():
        parser.error(f"--record needs a line in {CHANGELOG} that says why the figures changed, not yet committed")
    return args


def main() -> int:
    args = parse_arguments()
    try:
        compiler = check_compiler(args.build)
    except Skip as why:
        print(f"instructions: skipped: {why}; the record was made with g++ 12 of Debian 12")
        return 0
    program = args.build / "bench" / "bench_instructions"
    if not os.access(program, os.X_OK):
        raise Failed(f"{program} is not there: build it first, with ./dev build")
    with tempfile.TemporaryDirectory(prefix="daffi-instructions-") as name:
        folder = pathlib.Path(name)
        if args.profile:
            phase, _, party = args.profile.partition("/")
            phase = phase.replace("frame", "call")
            phases = count(program, party, folder)
            if phase not in phases:
                raise Failed(f"no phase {phase}; there are {', '.join(phases)}")
            dump, instructions, times, _ = phases[phase]
            print(f"{phase}, {party}: {instructions / times:,.0f} instructions each, of these")
            profile(dump, times)
            return 0
        figures = figures_of({party: count(program, party, folder) for party in PARTIES})
    if args.record:
        RECORD.write_text(json.dumps({"compiler": compiler, "figures": figures}, indent=2, sort_keys=True) + "\n")
        print(f"instructions: recorded in {RECORD.relative_to(ROOT)}")
        return 0
    worse = compare(figures, json.loads(RECORD.read_text())["figures"])
    for line in worse:
        print(f"instructions: more than {TOLERANCE:.0%} worse than recorded: {line}", file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as error:
        print(f"instructions: {error}", file=sys.stderr)
        sys.exit(1)
