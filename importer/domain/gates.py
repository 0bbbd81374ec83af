"""A gate between two schedules: what must be true of the rows of a run before another one may follow it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt

from importer.domain.limits import percent
from importer.domain.rows import Counts, Outcome

AND = re.compile(r"\s+and\s+")
CONDITION = re.compile(r"(\w+)\s*(<=|>=|<|>|=)\s*(\d{1,9}(?:\.\d{1,4})?)\s*(%?)")
SIGNS: Mapping[str, Callable[[float, float], bool]] = {"<=": le, ">=": ge, "<": lt, ">": gt, "=": eq}
OUTCOMES = [outcome.value for outcome in Outcome if outcome is not Outcome.PENDING]
LOOKS = "must look like 'failed < 1%', or 'failed < 1% and unknown = 0'"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """`limit` is a number of rows, or with `share` a percentage of all that were read."""

    outcome: Outcome
    sign: str
    limit: float
    share: bool

    def holds(self, rows: int, counts: Counts) -> bool:
        found = counts.get(self.outcome, 0)
        if self.share:  # both sides times the rows, so that no rounding decides
            return (
                SIGNS[self.sign](found * 100, self.limit * rows) if rows else SIGNS[self.sign](0, self.limit)
            )
        return SIGNS[self.sign](found, self.limit)

    def __str__(self) -> str:
        return f"{self.outcome} {self.sign} {self.limit:.10g}{'%' if self.share else ''}"


@dataclass(frozen=True)
class Gate:
    """All of its conditions must hold."""

    conditions: Sequence[Condition]

    def shut(self, rows: int, counts: Counts) -> str:
        """Why it does not hold, as a sentence; nothing when it does. No rows at all are a share of 0 %."""
        for condition in self.conditions:
            if not condition.holds(rows, counts):
                found = counts.get(condition.outcome, 0)
                of = f"{found:,} of {rows:,} rows" + (f" ({percent(found / rows)})" if rows else "")
                return f"{of} are {condition.outcome}, and the gate is {condition}."
        return ""

    def __str__(self) -> str:
        return " and ".join(map(str, self.conditions))


def gate(given: object) -> Gate:
    """Raises ValueError with what would be right."""
    if not isinstance(given, str):
        raise ValueError(LOOKS)
    return Gate(tuple(_condition(part) for part in AND.split(given.strip())))


def _condition(text: str) -> Condition:
    found = CONDITION.fullmatch(text)
    if found is None:
        raise ValueError(f"{LOOKS}; '{text}' does not")
    name, sign, limit, percent_sign = found.groups()
    if name not in OUTCOMES:
        raise ValueError(f"'{name}' is no outcome of rows; it is one of {', '.join(OUTCOMES)}")
    if percent_sign and float(limit) > 100:
        raise ValueError(f"'{text}' is about more than all rows")
    return Condition(outcome=Outcome(name), sign=sign, limit=float(limit), share=bool(percent_sign))
