"""Deliveries: one announcement on its way to one receiver, tried until it is there or the tries are used up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus

from importer.domain.announcements import Announcement

WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 60, 300, 1800, 7200, 18000, 36000))
"""Between a failed try and the next one; after the last of them nothing more is tried."""


class DeliveryStatus(StrEnum):
    WAITING = "waiting"  # not there yet; it is tried (again)
    DELIVERED = "delivered"  # the receiver took it
    FAILED = "failed"  # all tries are used up, or the receiver wants nothing any more


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What came of sending: `status` is the receiver's (HTTP), None when it said nothing; `error` empty: it took it."""

    status: int | None = None
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Try:
    """One line of the delivery log. `ms`: how long it took."""

    number: int
    at: datetime
    status: int | None
    ms: int
    error: str


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """`tries` since it was begun (again); `due_at` is when it is tried next, and the right of whoever tries now."""

    announcement: Announcement
    receiver: str
    status: DeliveryStatus
    tries: int
    due_at: datetime
    log: Sequence[Try] = ()


def next_at(tries: int, sent: Sent, now: datetime) -> datetime | None:
    """When to try again after so many failed tries; None: never. 410 is how a receiver says that it wants no more."""
    if sent.status == HTTPStatus.GONE or tries > len(WAITS):
        return None
    return now + WAITS[tries - 1]
