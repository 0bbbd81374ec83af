"""A small drawing for the documentation: lines over a logarithmic scale, as SVG that fits light and dark pages."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, GAP = 340, 220, 90
LEFT, TOP, BOTTOM = 56, 64, 44
STYLE = """
  text { font: 12px system-ui, sans-serif; }
  :where(text) { fill: #24292f; }
  .title { font-size: 15px; font-weight: 600; }
  .grid { stroke: #d0d7de; stroke-width: 1; }
  .line { fill: none; stroke-width: 2.5; }
  .c0 { stroke: #b35900; } .f0 { fill: #b35900; }
  .c1 { stroke: #8250df; } .f1 { fill: #8250df; }
  .c2 { stroke: #1a7f37; } .f2 { fill: #1a7f37; }
  @media (prefers-color-scheme: dark) {
    :where(text) { fill: #e6edf3; }
    .grid { stroke: #3d444d; }
    .c0 { stroke: #f0883e; } .f0 { fill: #f0883e; }
    .c1 { stroke: #bc8cff; } .f1 { fill: #bc8cff; }
    .c2 { stroke: #3fb950; } .f2 { fill: #3fb950; }
  }
"""


@dataclass(frozen=True)
class Line:
    """`points`: what is counted, and seconds above 0."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    title: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Scale:
    """From values to places in one panel; `low` and `high` are powers of ten."""

    left: float
    most: float
    low: int
    high: int

    def x(self, value: float) -> float:
        return self.left + WIDTH * value / self.most

    def y(self, seconds: float) -> float:
        return TOP + HEIGHT * (self.high - math.log10(seconds)) / (self.high - self.low)


def drawing(title: str, panels: Sequence[Panel]) -> str:
    """At most three lines a panel; all panels share one scale, so that they can be compared."""
    points = [point for panel in panels for line in panel.lines for point in line.points]
    low = math.floor(math.log10(min(seconds for _, seconds in points)))
    high = math.ceil(math.log10(max(seconds for _, seconds in points)))
    most = max(count for count, _ in points)
    parts = [f'<text class="title" x="{LEFT}" y="24">{escape(title)}</text>']
    for place, panel in enumerate(panels):
        scale = Scale(LEFT + place * (WIDTH + GAP), most, low, high)
        parts += [*_frame(panel, scale), *_lines(panel, scale)]
    width, height = LEFT + len(panels) * (WIDTH + GAP), TOP + HEIGHT + BOTTOM
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(title)}">\n<style>{STYLE}</style>\n{body}\n</svg>\n'
    )


def _frame(panel: Panel, scale: Scale) -> list[str]:
    parts = [f'<text x="{scale.left}" y="{TOP - 14}">{escape(panel.title)}</text>']
    for power in range(scale.low, scale.high + 1):
        y = scale.y(10.0**power)
        parts.append(f'<path class="grid" d="M{scale.left} {y:.1f}h{WIDTH}"/>')
        parts.append(f'<text x="{scale.left - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g} s</text>')
    for count, _ in panel.lines[0].points:
        x = scale.x(count)
        parts.append(f'<text x="{x:.1f}" y="{TOP + HEIGHT + 20}" text-anchor="middle">{count:g}</text>')
    return parts


def _lines(panel: Panel, scale: Scale) -> list[str]:
    parts, labels = [], []
    for number, line in enumerate(panel.lines):
        places = [(scale.x(count), scale.y(seconds)) for count, seconds in line.points]
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        parts.append(f'<path class="line c{number}" d="{path}"/>')
        parts += [f'<circle class="f{number}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in places]
        labels.append((places[-1][1], places[-1][0], line.name, f"f{number}"))
    return parts + _labels(labels)


def _labels(labels: list[tuple[float, float, str, str]]) -> list[str]:
    """Beside the last points, from top to bottom, so far apart that each can be read."""
    parts, free = [], 0.0
    for y, x, name, style in sorted(labels):
        place = max(y, free)
        parts.append(f'<text class="{style}" x="{x + 9:.1f}" y="{place + 4:.1f}">{name}</text>')
        free = place + 14
    return parts
