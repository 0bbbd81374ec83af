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


def first_look(usual: float | None) -> float:
    """Age at which a batch is asked for first: a little before the age at which the shop's last one was done."""
    return min(LONGEST, max(SHORTEST, FIRST if usual is None else usual * 0.9))


def next_look(now: Look, before: Look | None, operations: int) -> float:
    """Seconds until a batch is asked for again, so that few requests see it through, however long it takes.

    A batch that moves is asked for when the rest should be done at the speed seen last; one that does not move yet
    waits in the shop's queue, and is asked for in growing distances.
    """
    done = now.done - (before.done if before else 0)
    age = now.age - (before.age if before else 0.0)
    patient = max(FIRST, now.age * 1.5)
    if done <= 0 or age <= 0:
        return min(LONGEST, patient)
    rest = (operations - now.done) * age / done
    return min(LONGEST_MOVING, max(SHORTEST, now.age / 20, min(rest * 1.02, patient * 4)))
