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
from importer.domain.limits import Limits
from importer.domain.rows import Outcome, add

Data = Mapping[str, Any]

TURN = "keys.turn"
"""Code of the reason of an import that waits for an older one to write the same entities first."""
TAKEN_BY_THE_SHOP = (Outcome.SUCCEEDED, Outcome.UNCHANGED, Outcome.FAILED, Outcome.UNKNOWN)
"""Outcomes of rows for which, as a rule, the shop gave a receipt."""


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
    LAGGING = "lagging"  # something of a batch stays open although the shop went on
    CONFIRMED = "confirmed"  # the operations of a batch have outcomes, or travel on
    WAITING = "waiting"  # the shop stands in the way
    HELD = "held"  # its file breaks a safety limit: a person must look at it
    RELEASED = "released"  # a person lets it go on all the same
    PAUSED = "paused"  # a person holds it
    RESUMED = "resumed"  # and lets it go on
    CANCELLING = "cancelling"  # a person ends it: nothing is sent from here on
    WITHDRAWN = "withdrawn"  # batches of a cancelled import that were never sent
    ENDED = "ended"  # completed, failed or cancelled
    RETRIED = "retried"  # rows of an ended import go again
    FILES_REMOVED = "files_removed"  # its time is over: its file and its payloads are gone


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
        check_only=data.get("check_only", False),
        patience=data.get("patience"),
        check_first=data.get("check_first", False),
        max_errors=data.get("max_errors"),
        limits=Limits(**data["limits"]) if data.get("limits") else None,
        accepted_at=event.at,
        updated_at=event.at,
        seq=event.seq,
    )


def _counted(state: Import, event: Event) -> Import:
    counted = replace(state, rows_total=event.data["rows"], columns=event.data["columns"])
    return _moving(_at_work(counted))


def _rows_prepared(state: Import, event: Event) -> Import:
    batches = event.data["batches"]
    pending = {Outcome.PENDING: _rows(batches)}
    return replace(
        state,
        rows_read=state.rows_read + event.data["rows"],
        counts=add(add(state.counts, _outcomes(event.data)), pending),
        batches=state.batches + len(batches),
        open_batches=state.open_batches + len(batches),
    )


def _read_whole(state: Import, _event: Event) -> Import:
    return _at_work(replace(state, read_whole=True))


def _sent(state: Import, event: Event) -> Import:
    return _moving(replace(state, sent=state.sent + _rows([event.data])))


def _confirmed(state: Import, event: Event) -> Import:
    again = _rows(event.data["into"])
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


def _rows(batches: Iterable[Data]) -> int:
    """The rows whose first operations are in the batches: a row that has several is counted with its first one."""
    return sum(batch["operations"] for batch in batches if not batch.get("follow_up"))


def _waiting(state: Import, event: Event) -> Import:
    return replace(
        state,
        waiting=Reason(code=event.data["code"], text=event.data["text"]),
        waiting_since=_waiting_since(state) or event.at,
    )


def _waiting_since(state: Import) -> datetime | None:
    """Waiting for another import is no waiting for the shop: a new count begins."""
    return None if state.waiting and state.waiting.code == TURN else state.waiting_since


def _held(state: Import, event: Event) -> Import:
    return _at_work(replace(state, held=Reason(**event.data)))


def _released(state: Import, _event: Event) -> Import:
    free = replace(state, held=None)
    return replace(free, status=free.stage)


def _paused(state: Import, _event: Event) -> Import:
    return replace(state, status=ImportStatus.PAUSED)


def _resumed(state: Import, _event: Event) -> Import:
    return replace(state, status=state.stage)


def _cancelling(state: Import, _event: Event) -> Import:
    return replace(state, status=ImportStatus.CANCELLING, held=None)


def _withdrawn(state: Import, event: Event) -> Import:
    left = state.open_batches - len(event.data["batches"])
    return replace(state, counts=_settle(state, event.data), open_batches=left)


def _ended(state: Import, event: Event) -> Import:
    reason = event.data.get("reason")
    return _moving(
        replace(
            state,
            status=ImportStatus(event.data["status"]),
            counts=_settle(state, event.data),
            open_batches=0,
            held=None,
            failure=Reason(**reason) if reason else None,
            ended_at=event.at,
        ),
    )


def _retried(state: Import, event: Event) -> Import:
    """`batches` are new ones, `reopened` those whose fate in the shop is still to be found out."""
    again = _outcomes(event.data)
    rows = sum(again.values())
    counts = add(
        add(state.counts, {outcome: -number for outcome, number in again.items()}), {Outcome.PENDING: rows}
    )
    kept = sum(counts.get(outcome, 0) for outcome in TAKEN_BY_THE_SHOP)
    new, reopened = event.data["batches"], event.data["reopened"]
    begun = replace(
        state,
        attempt=event.data["attempt"],
        counts=counts,
        sent=min(state.sent, kept) + _rows(batch for batch in reopened if batch["sent"]),
        batches=state.batches + len(new),
        open_batches=len(new) + len(reopened),
        failure=None,
        ended_at=None,
    )
    return _moving(replace(begun, status=begun.stage))


def _files_removed(state: Import, event: Event) -> Import:
    return replace(state, files_removed_at=event.at)


def _at_work(state: Import) -> Import:
    """Its status is how far the file was read, unless it was stopped."""
    return state if state.stopped else replace(state, status=state.stage)


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
    EventKind.LAGGING: _unchanged,
    EventKind.CONFIRMED: _confirmed,
    EventKind.WAITING: _waiting,
    EventKind.HELD: _held,
    EventKind.RELEASED: _released,
    EventKind.PAUSED: _paused,
    EventKind.RESUMED: _resumed,
    EventKind.CANCELLING: _cancelling,
    EventKind.WITHDRAWN: _withdrawn,
    EventKind.ENDED: _ended,
    EventKind.RETRIED: _retried,
    EventKind.FILES_REMOVED: _files_removed,
}
