"""The event log of an import, and the one function that turns it into the import's state.

Every transition appends one immutable event; status and counts are projections. `apply` is used when an event is
recorded and when a log is replayed, so both give the same state (docs/states.md lists what each kind carries).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from importer.domain.imports import Import, ImportStatus, KeptFile, Reason
from importer.domain.rows import Outcome, add

Data = Mapping[str, Any]

TURN = "keys.turn"
"""Code of the reason of an import that waits for an older one to write the same entities first."""


class EventKind(StrEnum):
    ACCEPTED = "accepted"  # the bytes are kept
    COUNTED = "counted"  # the file was walked through once: records, columns
    ROWS_PREPARED = "rows_prepared"  # one frame became row errors and batches
    READ_WHOLE = "read_whole"  # the last frame is prepared
    SENDING = "sending"  # intent to send a batch
    SENT = "sent"  # the shop gave a receipt
    IN_DOUBT = "in_doubt"  # no clear answer came back
    NOT_TAKEN = "not_taken"  # the shop does not hold it: it may be sent again
    REFUSED = "refused"  # the shop refused the request
    BLOCKED = "blocked"  # what operations need is not there
    SPLIT = "split"  # the operations of a batch go on in smaller ones
    PACED = "paced"  # the shop gets more or less at once from now on, or nothing
    CONFIRMED = "confirmed"  # the operations of a batch have outcomes, or travel on
    WAITING = "waiting"  # the shop stands in the way
    ENDED = "ended"  # completed, failed or cancelled


@dataclass(frozen=True, kw_only=True)
class Event:
    """One line of the log; `seq` counts from 1 without gaps within an import."""

    import_id: str
    seq: int
    at: datetime
    kind: EventKind
    data: Data


def apply(state: Import | None, event: Event) -> Import:
    """The state after `event`."""
    if state is None:
        return _accepted(event)
    changed = CHANGES[event.kind](state, event)
    return replace(changed, seq=event.seq, updated_at=event.at)


def rebuild(events: Iterable[Event]) -> Import | None:
    """The state that a whole log tells, from nothing else."""
    state: Import | None = None
    for event in events:
        state = apply(state, event)
    return state


def _accepted(event: Event) -> Import:
    data = event.data
    return Import(
        id=event.import_id,
        status=ImportStatus.ACCEPTED,
        shop=data["shop"],
        mapping=data["mapping"],
        entity=data["entity"],
        kept=KeptFile(**data["kept"]),
        dry_run=data["dry_run"],
        patience=data.get("patience"),
        check_first=data.get("check_first", False),
        max_errors=data.get("max_errors"),
        accepted_at=event.at,
        updated_at=event.at,
        seq=event.seq,
    )


def _counted(state: Import, event: Event) -> Import:
    return _moving(
        replace(
            state,
            status=ImportStatus.PREPARING,
            rows_total=event.data["rows"],
            columns=event.data["columns"],
        ),
    )


def _rows_prepared(state: Import, event: Event) -> Import:
    batches = event.data["batches"]
    pending = {Outcome.PENDING: sum(batch["operations"] for batch in batches)}
    return replace(
        state,
        rows_read=state.rows_read + event.data["rows"],
        counts=add(add(state.counts, _outcomes(event.data)), pending),
        batches=state.batches + len(batches),
        open_batches=state.open_batches + len(batches),
    )


def _read_whole(state: Import, _event: Event) -> Import:
    return replace(state, read_whole=True, status=ImportStatus.DELIVERING)


def _sent(state: Import, event: Event) -> Import:
    return _moving(replace(state, sent=state.sent + event.data["operations"]))


def _confirmed(state: Import, event: Event) -> Import:
    again = sum(batch["operations"] for batch in event.data["into"])
    sent = state.sent - again if state.sent >= again else state.sent
    return _moving(_closed(replace(state, sent=sent), event))


def _closed(state: Import, event: Event) -> Import:
    """A batch left: its outcomes are final, `into` are the batches in which the rest travels on."""
    into = event.data["into"]
    return replace(
        state,
        counts=_settle(state, event.data),
        batches=state.batches + len(into),
        open_batches=state.open_batches - 1 + len(into),
    )


def _waiting(state: Import, event: Event) -> Import:
    return replace(
        state,
        waiting=Reason(code=event.data["code"], text=event.data["text"]),
        waiting_since=_waiting_since(state) or event.at,
    )


def _waiting_since(state: Import) -> datetime | None:
    """Waiting for another import is no waiting for the shop: a new count begins."""
    return None if state.waiting and state.waiting.code == TURN else state.waiting_since


def _ended(state: Import, event: Event) -> Import:
    reason = event.data.get("reason")
    return _moving(
        replace(
            state,
            status=ImportStatus(event.data["status"]),
            counts=_settle(state, event.data),
            open_batches=0,
            failure=Reason(**reason) if reason else None,
            ended_at=event.at,
        ),
    )


def _unchanged(state: Import, _event: Event) -> Import:
    return state


def _moving(state: Import) -> Import:
    return replace(state, waiting=None, waiting_since=None)


def _settle(state: Import, data: Data) -> dict[Outcome, int]:
    outcomes = _outcomes(data)
    return add(add(state.counts, outcomes), {Outcome.PENDING: -sum(outcomes.values())})


def _outcomes(data: Data) -> dict[Outcome, int]:
    return {Outcome(name): count for name, count in data["outcomes"].items()}


CHANGES: Mapping[EventKind, Callable[[Import, Event], Import]] = {
    EventKind.COUNTED: _counted,
    EventKind.ROWS_PREPARED: _rows_prepared,
    EventKind.READ_WHOLE: _read_whole,
    EventKind.SENDING: _unchanged,
    EventKind.SENT: _sent,
    EventKind.IN_DOUBT: _unchanged,
    EventKind.NOT_TAKEN: _unchanged,
    EventKind.REFUSED: _closed,
    EventKind.BLOCKED: _closed,
    EventKind.SPLIT: _closed,
    EventKind.PACED: _unchanged,
    EventKind.CONFIRMED: _confirmed,
    EventKind.WAITING: _waiting,
    EventKind.ENDED: _ended,
}
