"""Announcements: what the world outside is told of imports and schedules, one for each change of state that matters.

They follow from the log: which event of an import is one says `told`, in the transaction that records the event.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from importer.domain.history import TURN
from importer.domain.imports import Import, ImportStatus, Reason

STALL_GRACE = timedelta(seconds=60)
"""An import that stands still is told of after so long; when it goes on before, nobody hears of either."""


class Kind(StrEnum):
    COMPLETED = "import.completed"  # every row has its outcome
    FAILED = "import.failed"  # it ended before its time
    CANCELLED = "import.cancelled"  # a person ended it
    STALLED = "import.stalled"  # the shop stands in the way
    RECOVERED = "import.recovered"  # and no longer does
    ALARM = "schedule.alarm"  # a person should look at a schedule
    ALARM_OVER = "schedule.recovered"  # and need not any more


ENDS = {
    ImportStatus.COMPLETED: Kind.COMPLETED,
    ImportStatus.FAILED: Kind.FAILED,
    ImportStatus.CANCELLED: Kind.CANCELLED,
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """An announcement as it comes about. `subject`: id of the import, name of the schedule. `shop` None: not known."""

    kind: str
    subject: str
    shop: str | None
    at: datetime
    data: Mapping[str, Any]

    @property
    def due_at(self) -> datetime:
        return self.at + STALL_GRACE if self.kind == Kind.STALLED else self.at


@dataclass(frozen=True, kw_only=True)
class Announcement(Told):
    """As it is kept. Ids sort by time."""

    id: str


def of_import(before: Import, after: Import, at: datetime) -> Told | None:
    """What is told of a change of an import, if anything."""
    kind, reason = _kind(before, after), after.failure
    if kind is Kind.STALLED:
        reason = after.waiting
    elif kind is Kind.RECOVERED:
        reason = before.waiting
    if kind is None:
        return None
    return Told(kind=kind, subject=after.id, shop=after.shop, at=at, data=_figures(after, reason))


def of_schedule(name: str, shop: str | None, reason: Reason, *, over: bool, at: datetime) -> Told:
    """`reason`: of the alarm that is on, or was."""
    kind = Kind.ALARM_OVER if over else Kind.ALARM
    data = {"schedule": name, "shop": shop, "reason": asdict(reason)}
    return Told(kind=kind, subject=name, shop=shop, at=at, data=data)


def _kind(before: Import, after: Import) -> Kind | None:
    if after.ended:
        return None if before.ended else ENDS[after.status]
    if stands_still(after) == stands_still(before):
        return None
    return Kind.STALLED if stands_still(after) else Kind.RECOVERED


def stands_still(state: Import) -> bool:
    """Something is in its way that is no other import."""
    return not state.ended and state.waiting is not None and state.waiting.code != TURN


def _figures(state: Import, reason: Reason | None) -> dict[str, Any]:
    """The equation and what it belongs to, as they are at this moment. No row, no cell, no secret."""
    return {
        "id": state.id,
        "status": state.status.value,
        "attempt": state.attempt,
        "shop": state.shop,
        "mapping": state.mapping,
        "entity": state.entity,
        "dry_run": state.dry_run,
        "file": state.kept.name,
        "accepted_at": state.accepted_at.isoformat(),
        "ended_at": state.ended_at.isoformat() if state.ended_at else None,
        "rows_total": state.rows_total,
        "rows_read": state.rows_read,
        "counts": {outcome.value: number for outcome, number in state.counts.items() if number},
        "equation": state.equation,
        "equation_holds": state.equation_holds,
        "reason": asdict(reason) if reason else None,
    }
