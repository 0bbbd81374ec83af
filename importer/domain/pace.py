"""How fast a shop is fed: additive up, multiplicative down, and closed while it is away. Pure: values in, values out.

The rules are those of congestion control (RFC 5681): the number of batches in flight doubles each round up to a
threshold and grows by one a round beyond it; a sign of trouble halves it, once for all batches of one round. A shop that
has trouble with a single batch gets smaller ones.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from importer.domain.imports import Reason
from importer.domain.timing import backoff

FIRST_IN_FLIGHT = 2
PROBE_SECONDS = 5.0
"""A probe of a shop that was away has so long before somebody else may try."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What the settings of a shop allow at most: batches in flight, operations of a batch. `fixed`: exactly that."""

    in_flight: int
    size: int
    fixed: bool = False


@dataclass(frozen=True, kw_only=True)
class Pace:
    """A shop's present pace and why.

    `in_flight` is a fraction while it grows; whole batches count. Trouble of a batch that was sent before `slowed_at` is
    the trouble that slowed it. A shop is closed from `closed_at` on; from `closed_until` on one caller may probe it.
    `failures` counts closings since it last took a batch.
    """

    in_flight: float
    size: int
    threshold: float
    reason: Reason
    slowed_at: datetime | None = None
    closed_at: datetime | None = None
    closed_until: datetime | None = None
    failures: int = 0

    @property
    def most(self) -> int:
        """Batches that may be in flight."""
        return max(1, int(self.in_flight))

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None


def begin(bounds: Bounds) -> Pace:
    first = bounds.in_flight if bounds.fixed else min(FIRST_IN_FLIGHT, bounds.in_flight)
    reason = Reason(code="pace.begin", text="Nothing is known of the shop yet.")
    return Pace(in_flight=first, size=bounds.size, threshold=bounds.in_flight, reason=reason)


def within(pace: Pace, bounds: Bounds) -> Pace:
    """The settings may have changed since the pace was kept."""
    if bounds.fixed:
        return replace(pace, in_flight=bounds.in_flight, size=bounds.size)
    return replace(
        pace, in_flight=min(pace.in_flight, bounds.in_flight), size=max(1, min(pace.size, bounds.size))
    )


def faster(pace: Pace, bounds: Bounds) -> Pace:
    """After a batch that the shop confirmed without trouble. What was made smaller last grows first."""
    if bounds.fixed:
        return replace(pace, failures=0)
    reason = Reason(code="pace.up", text="The shop confirms without trouble.")
    if pace.size < bounds.size:
        size = min(bounds.size, pace.size + max(1, bounds.size // 8))
        return replace(pace, size=size, failures=0, reason=reason)
    if pace.in_flight >= bounds.in_flight:
        return replace(pace, failures=0)
    grown = pace.in_flight + (1 if pace.in_flight < pace.threshold else 1 / pace.in_flight)
    return replace(pace, in_flight=min(float(bounds.in_flight), grown), failures=0, reason=reason)


def slower(
    pace: Pace, bounds: Bounds, *, now: datetime, sent_at: datetime | None, reason: Reason, smaller: bool
) -> Pace:
    """After trouble with a batch sent at `sent_at`. `smaller`: the batch itself may have been too large."""
    if bounds.fixed or (pace.slowed_at and sent_at and sent_at <= pace.slowed_at):
        return pace
    fewer = max(1.0, pace.most / 2)
    size = max(1, pace.size // 2) if smaller and pace.most == 1 else pace.size
    return replace(pace, in_flight=fewer, threshold=fewer, size=size, slowed_at=now, reason=reason)


def close(pace: Pace, *, now: datetime, reason: Reason, seconds: float | None) -> Pace:
    """The shop is away, or does not let us in: nobody calls it for `seconds`, or longer each time when it does not say."""
    failures = pace.failures + 1
    wait = backoff(failures) if seconds is None else seconds
    return replace(
        pace,
        closed_at=pace.closed_at or now,
        closed_until=now + timedelta(seconds=wait),
        failures=failures,
        reason=reason,
    )


def claim_probe(pace: Pace, *, now: datetime) -> Pace:
    """The right to probe a closed shop; unchanged when it is not time yet, or another has it."""
    if pace.closed_until is None or now < pace.closed_until:
        return pace
    return replace(pace, closed_until=now + timedelta(seconds=PROBE_SECONDS))


def reopen(pace: Pace) -> Pace:
    """The shop answers again. How often it was closed is remembered until it takes a batch."""
    if not pace.is_closed:
        return pace
    reason = Reason(code="pace.open", text="The shop answers again.")
    return replace(pace, closed_at=None, closed_until=None, reason=reason)
