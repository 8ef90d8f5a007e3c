"""Bar charts as plain SVG: one file per workload, one group of bars per transport."""

from __future__ import annotations

from xml.sax.saxutils import escape

WIDTH, LABEL, BAR, GAP, GROUP, TOP = 720, 150, 18, 5, 34, 44
ROOM = WIDTH - LABEL - 130    # for the longest bar; the figure stands behind it
NAMES = {"ours": "daffi", "floor": "floor"}
STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 15px } .group { font-weight: 600 } .small { fill: #6e7781 }
.ours { fill: #1f6feb } .floor { fill: #8c959f } .peer { fill: #d4a72c } .span { stroke: #24292f; stroke-width: 1 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .small { fill: #8d96a0 } .span { stroke: #e6edf3 } }
</style>"""


def number(value: float) -> str:
    if value >= 1e6:
        return f"{value / 1e6:.2f} M"
    if value >= 1e4:
        return f"{value / 1e3:.0f} k"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"


def bars_of(result: dict) -> list[tuple[str, dict]]:
    """Floor and ours first, then the others, the best first."""
    best_first = sorted(result["peers"].items(), key=lambda row: row[1]["median"], reverse=result["unit"].endswith("/s"))
    known = [(name, result[name]) for name in ("floor", "ours") if result[name]]
    return known + best_first


def chart(title: str, results: list[dict]) -> str:
    """All results are of one workload. The thin line on each bar goes from the least to the most that was measured."""
    unit = results[0]["unit"]
    longest = max(figures["max"] for result in results for _, figures in bars_of(result))
    better = "more is better" if unit.endswith("/s") else "less is better"
    parts = [f'<text class="title" x="8" y="20">{escape(title)}</text>',
             f'<text class="small" x="8" y="37">{escape(unit)}, {better}</text>']
    y = TOP
    for result in results:
        parts.append(f'<text class="group" x="8" y="{y + 20}">{escape(result["transport"])}</text>')
        y += GROUP - 6
        for name, figures in bars_of(result):
            parts += bar(name, figures, longest, y)
            y += BAR + GAP
        y += GAP
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 4}" viewBox="0 0 {WIDTH} {y + 4}" '
            f'role="img" aria-label="{escape(title)}">\n{STYLE}\n' + "\n".join(parts) + "\n</svg>\n")


def bar(name: str, figures: dict, longest: float, y: int) -> list[str]:
    def at(value: float) -> float:
        return LABEL + ROOM * value / longest

    middle = y + BAR / 2
    return [f'<text x="{LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(NAMES.get(name, name))}</text>',
            f'<rect class="{name if name in NAMES else "peer"}" x="{LABEL}" y="{y}" height="{BAR}" '
            f'width="{max(at(figures["median"]) - LABEL, 1):.1f}"/>',
            f'<line class="span" x1="{at(figures["min"]):.1f}" x2="{at(figures["max"]):.1f}" y1="{middle}" y2="{middle}"/>',
            f'<text x="{max(at(figures["max"]), at(figures["median"])) + 8:.1f}" y="{y + 14}">{number(figures["median"])}</text>']
