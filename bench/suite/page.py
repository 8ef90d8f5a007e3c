"""The tables and charts of docs/benchmarks.md, from docs/benchmarks.json."""

from __future__ import annotations

import json

from .charts import chart, number
from .jobs import all_workloads
from .programs import ROOT

DATA = ROOT / "docs" / "benchmarks.json"
PAGE = ROOT / "docs" / "benchmarks.md"
CHARTS = ROOT / "docs" / "charts"
BEGIN, END = "<!-- generated from benchmarks.json: begin -->", "<!-- generated: end -->"
TITLES = {
    "call_p50": "One call of 64 bytes at a time, median",
    "calls_256": "Calls of 64 bytes, 256 under way",
    "calls_1024": "Calls of 64 bytes, 1,024 under way",
    "stream_to_fetcher": "A stream of 64-byte items",
    "stream_64k": "A stream of 64 KiB items",
    "echo_1m": "1 MiB there and back, one at a time",
    "py_call_p50": "Python: one call of 64 bytes at a time, median",
    "py_calls_256": "Python: calls of 64 bytes, 256 under way",
    "py_stream_to_fetcher": "Python: a stream of 64-byte items from a callback",
    "py_stream_to_callback": "Python: a stream of 64-byte items to a callback",
    "py_echo_1m": "Python: 1 MiB there and back, one at a time",
}


def figure(figures: dict | None) -> str:
    return "–" if figures is None else f"{number(figures['median'])} ({number(figures['min'])}–{number(figures['max'])})"


def table(results: list[dict]) -> list[str]:
    lines = ["| workload | transport | unit | ours: median (min–max) | floor | ratio |", "|---|---|---|---|---|---|"]
    for row in results:
        ratio = "–" if row["ratio"] is None else f"{row['ratio']:.2f}"
        lines.append(f"| `{row['workload']}` | {row['transport']} | {row['unit']} | {figure(row['ours'])} | "
                     f"{figure(row['floor'])} | {ratio} |")
    return lines


def by_workload(report: dict) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {}
    for row in report["results"]:
        found.setdefault(row["workload"], []).append(row)
    return {name: found[name] for name in all_workloads() if name in found}


def charts_of(report: dict) -> dict[str, str]:
    """By file name. Only what others were measured in too: the rest is in the table."""
    return {f"{name}.svg": chart(TITLES[name], rows) for name, rows in by_workload(report).items()
            if name in TITLES and any(row["peers"] for row in rows)}


def section(report: dict) -> str:
    machine = report["machine"]
    lines = [f"Measured on {machine['cpu']}, {machine['cpus']} CPUs, Linux {machine['kernel']}, commit "
             f"`{report['commit'][:12]}`; {report['repetitions']} repetitions of {report['seconds']:g} s; the load average "
             f"was {report['load_before']} when it began"
             + (f"; scheduled as `{report['scheduling']}`" if report.get("scheduling") else "") + ".", ""]
    if report.get("scheduling"):
        lines += ["Scheduled so, other work on the machine hardly disturbs the figures, but none of our processes is ever "
                  "interrupted for another of them either. Where they share one CPU (`-pinned`) that makes some of them worse, "
                  "and those beside bulk useless.", ""]
    if report.get("peers"):
        lines += ["Versions: " + ", ".join(f"{name} {version}" for name, version in report["peers"].items()) + ".", ""]
    for name in charts_of(report):
        lines += [f"![{TITLES[name.removesuffix('.svg')]}](charts/{name})", ""]
    lines += ["The thin line on a bar goes from the least to the most that was measured. Everything, with the ratio of ours to "
              "the floor:", "", *table(report["results"])]
    return "\n".join(lines)


def generated() -> dict:
    """What every generated file has to contain, by path."""
    report = json.loads(DATA.read_text())
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    files = {PAGE: f"{before}{BEGIN}\n\n{section(report)}\n\n{END}{after}"}
    files.update({CHARTS / name: text for name, text in charts_of(report).items()})
    return files


def write() -> None:
    CHARTS.mkdir(exist_ok=True)
    files = generated()
    for old in CHARTS.glob("*.svg"):
        if old not in files:
            old.unlink()
    for path, text in files.items():
        path.write_text(text)


def stale() -> list[str]:
    files = generated()
    found = [str(path.relative_to(ROOT)) for path, text in files.items() if not path.exists() or path.read_text() != text]
    return found + [str(old.relative_to(ROOT)) for old in CHARTS.glob("*.svg") if old not in files]
