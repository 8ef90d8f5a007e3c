"""What was measured, as JSON for machines and as a table for people."""

from __future__ import annotations

import contextlib
import os
import pathlib
import platform
import statistics
import subprocess

from .jobs import HOLDING, HOLDING_TRANSPORT, Plan, all_workloads, wanted
from .measure import Key
from .programs import ROOT


def summary(figures: list[float] | None) -> dict[str, float] | None:
    if not figures:
        return None
    return {"median": statistics.median(figures), "min": min(figures), "max": max(figures)}


def result(figures: dict[Key, list[float]], workload: str, transport: str, unit: str) -> dict:
    def of(side: str) -> dict[str, float] | None:
        return summary(figures.get((workload, transport, side)))

    ours, floor = of("ours"), of("floor")
    names = [side for work, over, side in figures if (work, over) == (workload, transport)]
    return {"workload": workload, "transport": transport, "unit": unit, "ours": ours, "floor": floor,
            "ratio": ours["median"] / floor["median"] if ours and floor else None,
            "peers": {name: of(name) for name in names if name not in ("ours", "floor")}}


def results_of(figures: dict[Key, list[float]], plan: Plan, only: list[str]) -> list[dict]:
    results = [result(figures, workload, transport, job.unit_of(workload))
               for job, transport in plan for workload in job.workloads if wanted(only, workload, transport)]
    results += [result(figures, workload, HOLDING_TRANSPORT, unit) for workload, unit in HOLDING.items()
                if (workload, HOLDING_TRANSPORT, "ours") in figures]
    order = all_workloads()
    return sorted(results, key=lambda row: order.index(row["workload"]))


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
    digits = "{:,.1f}" if unit in ("us", "times", "s", "KiB", "MiB") else "{:,.0f}"
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
    for result in results:
        for name, figures in result["peers"].items():
            print(f"{result['workload']:20}  {result['transport']:11}  {name:20}  {cell(figures, result['unit'])}")
