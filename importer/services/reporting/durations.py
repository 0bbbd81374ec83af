"""Where the time went, and the pace: both from the log alone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from importer.domain.history import Event, EventKind

PARTS = {
    "paused": "paused by a person, or held until one had looked at it",
    "away": "the shop was away, busy, or gave no clear answer",
    "reading": "reading and checking the file (batches may already be under way)",
    "sending": "sending: a request was on its way",
    "consumer": "waiting for the shop's consumer to work off what it had taken",
    "own": "between these: waiting for its turn, preparing the next request",
}
"""Every moment counts once: of several things that go on at once, the first in this list counts."""

OPEN_REQUEST: frozenset[str] = frozenset({EventKind.SENDING})
WITH_THE_SHOP: frozenset[str] = frozenset({EventKind.SENT})
MOVING: frozenset[str] = frozenset(
    {
        EventKind.COUNTED,
        EventKind.SENT,
        EventKind.CONFIRMED,
        EventKind.ENDED,
        EventKind.RESUMED,
        EventKind.RETRIED,
    }
)
"""After these an import does not wait any more (as in `history.apply`)."""
CONSUMER_CODES = frozenset({"shop.stalled"})

MOST_POINTS = 400


@dataclass
class Moment:
    """What goes on between two events."""

    paused: bool = False
    held: bool = False
    waiting: str | None = None
    read_whole: bool = False
    ended: bool = False
    requests: set[str] = field(default_factory=set)
    with_the_shop: set[str] = field(default_factory=set)

    def part(self) -> str:
        if self.paused or self.held:
            return "paused"
        if self.waiting is not None and self.waiting.startswith("shop."):
            return "consumer" if self.waiting in CONSUMER_CODES else "away"
        if not self.read_whole:
            return "reading"
        if self.requests:
            return "sending"
        return "consumer" if self.with_the_shop else "own"

    def after(self, event: Event) -> None:
        kind = str(event.kind)
        self._person(kind)
        if kind in MOVING:
            self.waiting = None
        if kind == EventKind.WAITING:
            self.waiting = str(event.data.get("code", ""))
        if kind == EventKind.READ_WHOLE:
            self.read_whole = True
        batch = event.data.get("batch")
        if isinstance(batch, str):
            self._batch(kind, batch)

    def _person(self, kind: str) -> None:
        if kind in (EventKind.PAUSED, EventKind.RESUMED, EventKind.CANCELLING):
            self.paused = kind == EventKind.PAUSED
        if kind in (EventKind.HELD, EventKind.RELEASED, EventKind.CANCELLING):
            self.held = kind == EventKind.HELD
        if kind == EventKind.ENDED:
            self.ended, self.paused, self.held = True, False, False
            self.requests.clear()
            self.with_the_shop.clear()
        elif kind == EventKind.RETRIED:
            self.ended = False

    def _batch(self, kind: str, batch: str) -> None:
        self.requests.discard(batch)
        self.with_the_shop.discard(batch)
        if kind in OPEN_REQUEST:
            self.requests.add(batch)
        elif kind in WITH_THE_SHOP:
            self.with_the_shop.add(batch)


def durations(events: Sequence[Event], now: datetime) -> dict[str, timedelta]:
    """Part -> time; together exactly the time from the first event to the end, or to `now`.

    Nothing counts between the end of an import and a retry of its rows.
    """
    spent = dict.fromkeys(PARTS, timedelta())
    moment = Moment()
    for place, event in enumerate(events):
        moment.after(event)
        until = events[place + 1].at if place + 1 < len(events) else max(now, event.at)
        if not moment.ended:
            spent[moment.part()] += max(until - event.at, timedelta())
    return spent


def spent_document(spent: Mapping[str, timedelta]) -> dict[str, Any]:
    wall = sum(spent.values(), timedelta())
    return {
        "wall_seconds": wall.total_seconds(),
        "parts": [
            {
                "part": part,
                "title": title,
                "seconds": spent[part].total_seconds(),
                "share": spent[part] / wall if wall else 0.0,
            }
            for part, title in PARTS.items()
        ],
    }


@dataclass(frozen=True)
class Point:
    """Rows up to a moment; one that was sent twice counts as sent twice."""

    seconds: float
    sent: int
    answered: int


def pace(events: Sequence[Event]) -> dict[str, Any]:
    """Rows sent and answered over time, and the steps of the pace where it adapts."""
    if not events:
        return {"points": [], "steps": []}
    begin = events[0].at
    return {
        "points": [[p.seconds, p.sent, p.answered] for p in thinned(list(_points(events, begin)))],
        "steps": [
            {
                "seconds": (event.at - begin).total_seconds(),
                **{name: event.data.get(name) for name in ("batch_size", "in_flight", "reason", "text")},
            }
            for event in events
            if event.kind == EventKind.PACED
        ],
    }


def thinned(points: list[Point], most: int = MOST_POINTS) -> list[Point]:
    """At most so many, the first and the last among them."""
    if len(points) <= most:
        return points
    step = (len(points) - 1) / (most - 1)
    return [points[round(place * step)] for place in range(most)]


def _points(events: Iterable[Event], begin: datetime) -> Iterable[Point]:
    sent = answered = 0
    yield Point(0.0, 0, 0)
    last = begin
    for event in events:
        last = event.at
        if grown := GROWS.get(event.kind):
            more = grown(event)
            sent, answered = sent + more[0], answered + more[1]
            yield Point((event.at - begin).total_seconds(), sent, answered)
    yield Point((last - begin).total_seconds(), sent, answered)


def _final(event: Event) -> tuple[int, int]:
    return 0, sum((event.data.get("outcomes") or {}).values())


GROWS: Mapping[str, Callable[[Event], tuple[int, int]]] = {
    EventKind.SENT: lambda event: (event.data.get("operations", 0), 0),
    EventKind.CONFIRMED: _final,
}
