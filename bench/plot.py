"""Draws one curve on a logarithmic axis as an SVG picture; a plotting library would be 40 MB for these lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 360
LEFT: Final = 70
RIGHT: Final = 40
TOP: Final = 40
BOTTOM: Final = 50
STYLE: Final = (
    "text{font:13px sans-serif;fill:#333}.grid{stroke:#ddd}.axis{stroke:#333}"
    ".line{fill:none;stroke:#1f6f8b;stroke-width:2}.dot{fill:#1f6f8b}"
)


def nice_step(top: float) -> float:
    """Return a distance of grid lines that gives four to eight of them."""
    step = 10.0 ** len(str(int(top))) / 10
    while top / step < 4:
        step /= 2
    return step


def rules_curve(rates: Mapping[int, float], title: str) -> str:
    """Return a picture of rates by number of rules; the rates are in millions of events a second."""
    from math import ceil, log10

    points = sorted((count, value / 1e6) for count, value in rates.items() if count > 0)
    first, last = log10(points[0][0]), log10(points[-1][0])
    step = nice_step(max(value for _, value in points))
    lines = ceil(max(value for _, value in points) / step)

    def across(count: int) -> float:
        return LEFT + (log10(count) - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def up(value: float) -> float:
        return HEIGHT - BOTTOM - value / (step * lines) * (HEIGHT - TOP - BOTTOM)

    parts = [f'<text x="{WIDTH / 2}" y="22" text-anchor="middle">{title}</text>']
    for line in range(lines + 1):
        y = up(line * step)
        kind = "grid" if line else "axis"
        parts.append(f'<line class="{kind}" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{line * step:g}</text>')
    for count, value in points:
        parts.append(f'<circle class="dot" cx="{across(count):.1f}" cy="{up(value):.1f}" r="4"/>')
        parts.append(f'<text x="{across(count):.1f}" y="{HEIGHT - 28}" text-anchor="middle">{count:,}</text>')
    path = " ".join(f"{across(count):.1f},{up(value):.1f}" for count, value in points)
    parts.append(f'<polyline class="line" points="{path}"/>')
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 8}" text-anchor="middle">rules (logarithmic)</text>')
    parts.append(f'<text x="16" y="{HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 16 {HEIGHT / 2})">')
    parts.append("million events per CPU second</text>")
    box = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return f"<svg {box}>\n<style>{STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n"
