"""The time line: every event of a log is told, one by one while they are few, together where hundreds repeat."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from importer.domain.history import Event, EventKind
from importer.domain.rows import counts_in_words, plural
from importer.services.reporting.sentences import Teller, operations

ALONE = 6
"""So many events of the same sort in a row are told one by one."""
MOST_LINES = 200
"""A longer time line tells everything between two milestones together."""

ROUTINE: frozenset[str] = frozenset(
    {EventKind.ROWS_PREPARED, EventKind.SENDING, EventKind.SENT, EventKind.CONFIRMED}
)
"""What happens to every frame and every batch when nothing is wrong."""

DELIVERY: frozenset[str] = ROUTINE | {
    EventKind.IN_DOUBT,
    EventKind.NOT_TAKEN,
    EventKind.REFUSED,
    EventKind.BLOCKED,
    EventKind.WAITING,
    EventKind.PACED,
}
"""All that can repeat without end; every other event is a milestone and is always told alone."""


@dataclass(frozen=True)
class Line:
    """One line of the time line; `events` of the log are told by it, from `seq` on."""

    first: Event
    last: Event
    events: int
    text: str
    kinds: Counter[str]

    def document(self) -> dict[str, Any]:
        return {
            "from": self.first.at.isoformat(),
            "to": self.last.at.isoformat(),
            "seq": [self.first.seq, self.last.seq],
            "events": self.events,
            "kinds": dict(self.kinds),
            "text": self.text,
        }


def timeline(events: Sequence[Event], *, most: int = MOST_LINES) -> list[Line]:
    teller = Teller()
    told = [(event, teller.tell(event)) for event in events]
    lines = list(_lines(told, lambda event: "routine" if event.kind in ROUTINE else f"{event.seq}"))
    if len(lines) <= most:
        return lines
    return list(_lines(told, lambda event: "delivery" if event.kind in DELIVERY else f"{event.seq}"))


def _lines(told: Sequence[tuple[Event, str]], sort: Callable[[Event], str]) -> Iterator[Line]:
    for _, some in groupby(told, key=lambda one: sort(one[0])):
        run = list(some)
        if len(run) > ALONE:
            yield _together([event for event, _ in run])
        else:
            yield from (Line(event, event, 1, text, Counter([str(event.kind)])) for event, text in run)


def _together(events: Sequence[Event]) -> Line:
    kinds = Counter(str(event.kind) for event in events)
    parts = [tell([e for e in events if e.kind == kind]) for kind, tell in TOGETHER.items() if kinds[kind]]
    first, last = events[0], events[-1]
    text = f"{'; '.join(parts)}.{_codes(events)}"
    return Line(first, last, len(events), f"In {span(first.at, last.at)}: {text}", kinds)


def span(begin: datetime, end: datetime) -> str:
    """`3 min 10 s`, `0.4 s`."""
    seconds = (end - begin).total_seconds()
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return " ".join(
        [f"{hours:,} h"] * bool(hours)
        + [f"{minutes} min"] * bool(hours or minutes)
        + [f"{rest} s"] * (not hours)
    )


def _prepared(events: Sequence[Event]) -> str:
    rows = sum(event.data.get("rows", 0) for event in events)
    batches = sum(len(event.data.get("batches", ())) for event in events)
    return f"{plural(rows, 'row')} read and checked, {plural(batches, 'batch', 'batches')} made"


def _sent(events: Sequence[Event]) -> str:
    rows = sum(event.data.get("operations", 0) for event in events)
    return f"{plural(len(events), 'batch', 'batches')} with {plural(rows, 'row')} taken by the shop"


def _confirmed(events: Sequence[Event]) -> str:
    counts = _outcomes(events)
    again = sum(operations(event.data.get("into", ())) for event in events)
    more = f", {plural(again, 'row')} sent again after failures that pass" if again else ""
    return f"{plural(len(events), 'batch', 'batches')} done ({counts or 'no outcome'}){more}"


def _outcomes(events: Sequence[Event]) -> str:
    total: Counter[str] = Counter()
    for event in events:
        total.update(event.data.get("outcomes") or {})
    return ", ".join(counts_in_words(total))


def _times(words: str) -> Callable[[Sequence[Event]], str]:
    return lambda events: f"{words} {plural(len(events), 'time')}"


TOGETHER: dict[str, Callable[[Sequence[Event]], str]] = {
    EventKind.ROWS_PREPARED: _prepared,
    EventKind.SENDING: lambda events: f"{plural(len(events), 'request')} begun",
    EventKind.SENT: _sent,
    EventKind.CONFIRMED: _confirmed,
    EventKind.IN_DOUBT: _times("no clear answer"),
    EventKind.NOT_TAKEN: _times("a batch not taken by the shop"),
    EventKind.REFUSED: _times("a request refused as a whole"),
    EventKind.BLOCKED: _times("rows blocked because something they need is missing"),
    EventKind.WAITING: _times("the import had to wait"),
    EventKind.PACED: _times("the pace changed"),
}


def _codes(events: Sequence[Event]) -> str:
    """The different reasons among them, most frequent first."""
    found = Counter(str(event.data["text"]) for event in events if event.data.get("text"))
    if not found:
        return ""
    shown = [f"{text} ({plural(times, 'time')})" for text, times in found.most_common(3)]
    more = f" and {plural(len(found) - 3, 'other reason')}" if len(found) > 3 else ""
    return f" The shop's part: {' '.join(shown)}{more}."
