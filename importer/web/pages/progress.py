"""How an import fares right now, in figures: what the shop confirmed lately tells how long the rest will take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from importer.domain.history import Event, EventKind
from importer.domain.imports import SAID_BY_THE_SHOP, Import
from importer.domain.rows import Outcome

WINDOW = timedelta(seconds=120)
RECENT_EVENTS = 200
"""So many of the last events are looked at: enough for the window, few enough for every look."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """`to_send` and `confirmed` in rows; `rate` is confirmed rows in a second, `left` seconds. None: not known."""

    to_send: int
    sent: int
    confirmed: int
    rate: float | None = None
    left: float | None = None
    confirmed_at: datetime | None = None


def figures(state: Import, events: Sequence[Event], now: datetime) -> Figures:
    """`events` are the last ones of the import's log."""
    never = state.counts.get(Outcome.INVALID, 0) + state.counts.get(Outcome.SKIPPED, 0)
    to_send = max(0, state.rows_read - never)
    rest = max(0, (state.rows_total or state.rows_read) - never - _answered(state))
    done = [event for event in events if event.kind is EventKind.CONFIRMED]
    rate = None if state.ended else _rate(done, events, now)
    return Figures(
        to_send=to_send,
        sent=min(state.sent, to_send),
        confirmed=min(_answered(state), to_send),
        rate=rate,
        left=rest / rate if rate and not state.waiting and not state.stopped else None,
        confirmed_at=done[-1].at if done else None,
    )


def _answered(state: Import) -> int:
    return state.confirmed


def _rate(done: Sequence[Event], events: Sequence[Event], now: datetime) -> float | None:
    """Over the window, or since the first sending if that is later."""
    began = [
        event.at for event in events if event.kind in (EventKind.SENDING, EventKind.SENT, EventKind.CONFIRMED)
    ]
    if not began:
        return None
    begin = max(began[0], now - WINDOW)
    rows = sum(_rows(event) for event in done if event.at >= begin)
    seconds = (now - begin).total_seconds()
    return rows / seconds if rows and seconds > 0 else None


def _rows(event: Event) -> int:
    outcomes = event.data.get("outcomes") or {}
    return sum(outcomes.get(outcome.value, 0) for outcome in SAID_BY_THE_SHOP)
