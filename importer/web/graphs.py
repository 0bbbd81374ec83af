"""Places of lines and bars in the report's two graphs; the template draws them as SVG, with the page's own colours."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, LEFT, RIGHT, TOP = 720.0, 64.0, 16.0, 12.0
HEIGHT = 200.0
GAP = 44.0
"""Between two panels, for the numbers of the time axis."""
TICKS = 4


@dataclass(frozen=True)
class Panel:
    """One field with a common time axis: `lines` by name as the points of a polyline, ticks as (place, label)."""

    top: float
    title: str
    lines: Mapping[str, str]
    rows: Sequence[tuple[float, str]]

    @property
    def bottom(self) -> float:
        return self.top + HEIGHT


@dataclass(frozen=True)
class Graph:
    panels: Sequence[Panel]
    times: Sequence[tuple[float, str]]

    width, left, right = WIDTH, LEFT, WIDTH - RIGHT

    @property
    def height(self) -> float:
        return self.panels[-1].bottom + GAP


def pace_graph(pace: Mapping[str, Any]) -> Graph | None:
    """Rows sent and answered, and below them batch size and batches under way where the pace adapts.

    None when nothing was ever sent.
    """
    points = pace["points"]
    if not points or not any(sent or answered for _, sent, answered in points):
        return None
    end = max(float(points[-1][0]), 0.001)

    def across(seconds: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * min(seconds / end, 1.0)

    rows = {"sent": [(p[0], p[1]) for p in points], "answered": [(p[0], p[2]) for p in points]}
    panels = [_panel("Rows, from the beginning on", rows, across, 0)]
    for name, title in STEPS.items():
        steps = [(s["seconds"], s[name]) for s in pace["steps"] if isinstance(s.get(name), int | float)]
        if steps:
            panels.append(_panel(title, {name: _stairs(steps, end)}, across, len(panels)))
    return Graph(panels, [(across(at), seconds_label(at)) for at in ticks(end)])


STEPS = {"batch_size": "Rows in a batch", "in_flight": "Batches under way at once"}


def _panel(
    title: str,
    lines: Mapping[str, Sequence[tuple[float, float]]],
    across: Callable[[float], float],
    place: int,
) -> Panel:
    top = TOP + place * (HEIGHT + GAP)
    most = max((value for line in lines.values() for _, value in line), default=0) or 1
    marks = ticks(most, whole=True)
    scale = HEIGHT / max(most, marks[-1])

    def down(value: float) -> float:
        return top + HEIGHT - value * scale

    return Panel(
        top,
        title,
        {name: " ".join(f"{across(x):.1f},{down(y):.1f}" for x, y in line) for name, line in lines.items()},
        [(down(mark), f"{mark:,.0f}") for mark in marks],
    )


def _stairs(steps: Sequence[tuple[float, float]], end: float) -> list[tuple[float, float]]:
    """A value holds until the next one."""
    found: list[tuple[float, float]] = []
    for seconds, value in steps:
        if found:
            found.append((seconds, found[-1][1]))
        found.append((seconds, value))
    return [*found, (end, found[-1][1])]


def ticks(most: float, *, whole: bool = False) -> list[float]:
    """Round numbers from 0 up to `most`, about `TICKS` of them."""
    step = 10.0**9
    for power in range(-3, 10):
        fitting = [n * 10.0**power for n in (1, 2, 5) if n * 10.0**power * TICKS >= most]
        if fitting:
            step = fitting[0]
            break
    step = max(step, 1.0) if whole else step
    return [place * step for place in range(int(most / step + 1e-9) + 1)]


def seconds_label(seconds: float) -> str:
    """`0 s`, `0.4 s`, `90 s`, `5 min`, `1:30 h`."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60}:{minutes % 60:02d} h"


@dataclass(frozen=True)
class Bar:
    part: str
    left: float
    width: float


def time_bars(time: Mapping[str, Any]) -> list[Bar]:
    """The parts of the time side by side, as wide as their share."""
    bars: list[Bar] = []
    left = 0.0
    for part in time["parts"]:
        width = WIDTH * part["share"]
        if width > 0:
            bars.append(Bar(part["part"], left, width))
            left += width
    return bars
