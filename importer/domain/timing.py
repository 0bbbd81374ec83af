"""When to come again. Pure: numbers in, seconds out."""

from dataclasses import dataclass

SHORTEST, FIRST, LONGEST = 0.05, 0.25, 60.0
"""Seconds between two questions about a batch: the least, before anything is known of the shop, and the most."""

LONGEST_MOVING = 900.0
"""The most for a batch that moves: it needs no watching."""


def backoff(attempt: int, *, first: float = 1.0, most: float = 60.0) -> float:
    """Seconds before try `attempt` + 1: doubles from `first` up to `most`; attempt 1 waits `first`."""
    return float(min(most, first * 2 ** min(max(0, attempt - 1), 30)))


@dataclass(frozen=True)
class Look:
    """What was seen of a batch `age` seconds after it was sent: `done` operations were final."""

    age: float
    done: int


def first_look(expected: float | None) -> float:
    """Age at which a batch is asked for first: when half of its time should be over. A question costs little, and a shop
    that became faster has nothing to do until it is asked."""
    return min(LONGEST, max(SHORTEST, FIRST if expected is None else expected * 0.5))


def next_look(
    now: Look,
    before: Look | None,
    operations: int,
    *,
    turn: float | None = None,
    speed: float | None = None,
    watched: float | None = None,
) -> float:
    """Seconds until a batch is asked for again, so that few questions see it through, however long it takes.

    A batch that moves is asked for when the rest should be done: at the speed it had since the last look, else at the
    shop's (`speed`, operations a second), for its own age may have been spent waiting. One that does not move waits
    in the shop's queue: it is asked for in distances that grow with the time it was `watched` (seconds), and not before
    half of it should be done (`turn`, in seconds from now, when the shop's speed is known).
    """
    watched = now.age if watched is None else watched
    if now.done > (before.done if before else 0) and now.age > 0:
        rate = _rate(now, before) or speed or now.done / now.age
        rest = (operations - now.done) / rate
        return min(LONGEST_MOVING, max(SHORTEST, now.age / 50, min(rest * 1.02, now.age * 6)))
    return min(LONGEST, max(FIRST, watched * 1.5) if turn is None else max(SHORTEST, turn, watched / 2))


def _rate(now: Look, before: Look | None) -> float | None:
    """Operations a second between two looks at a batch that moved in both; None when that is not known."""
    if before is None or not before.done or now.age <= before.age:
        return None
    return (now.done - before.done) / (now.age - before.age)
