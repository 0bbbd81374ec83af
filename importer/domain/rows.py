"""What becomes of a row: outcomes, row errors, and the counts that must add up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

ROW, LINE = "#row", "#line"
"""Columns of a frame beside the file's own: record number and physical first line."""

LIST_MARK = "\x1f"
"""Stands between the texts of a list of scalars that a JSON document holds in one column (ASCII unit separator)."""


class Outcome(StrEnum):
    """The final word on a row; `pending` is the only one that passes."""

    PENDING = "pending"  # prepared, not yet confirmed by the shop
    SUCCEEDED = "succeeded"  # the shop confirmed it
    UNCHANGED = "unchanged"  # the shop already holds these values
    SKIPPED = "skipped"  # not this mapping's business, or replaced by a later row
    INVALID = "invalid"  # our check refused it; never sent
    FAILED = "failed"  # the shop refused it
    BLOCKED = "blocked"  # something it depends on did not succeed
    UNKNOWN = "unknown"  # sent, and the shop cannot tell what became of it
    NOT_SENT = "not_sent"  # the import ended (or was a dry run) before it was sent


NEEDS_A_PERSON = frozenset(
    {Outcome.INVALID, Outcome.FAILED, Outcome.BLOCKED, Outcome.UNKNOWN, Outcome.NOT_SENT},
)
"""Outcomes whose rows are listed for repair. Skipped rows are listed too, but need nobody."""

Counts = Mapping[Outcome, int]


@dataclass(frozen=True, kw_only=True)
class RowError:
    """One reason why one row did not succeed; a row may have several.

    `row` is the record number (1 is the first record after the header), `line` the physical line on which the
    record begins (1 is the header's first line). `text` says what is wrong, `fix` what to do; `value` is the cell
    as the file has it, `scope` the shop's scope that the row is for (empty: the default one).
    """

    row: int
    line: int
    outcome: Outcome
    code: str
    text: str
    fix: str = ""
    column: str | None = None
    key: str | None = None
    value: str | None = None
    scope: str = ""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Rows that did not succeed for one reason; `text` and `fix` are an example, `first_row` is the first of them."""

    outcome: Outcome
    code: str
    column: str | None
    text: str
    fix: str
    rows: int
    first_row: int


def add(left: Counts, right: Counts) -> dict[Outcome, int]:
    """Sum outcome by outcome; zero counts vanish, so that equal histories give equal values."""
    total = {outcome: left.get(outcome, 0) + right.get(outcome, 0) for outcome in Outcome}
    return {outcome: count for outcome, count in total.items() if count}


def count(errors: Iterable[RowError]) -> dict[Outcome, int]:
    """Count rows, not errors: a row with three errors is one row."""
    outcomes = {error.row: error.outcome for error in errors}
    return {o: n for o in Outcome if (n := sum(1 for found in outcomes.values() if found is o))}


def plural(number: int, one: str, many: str = "") -> str:
    """`1 row`, `1,994 rows`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def equation(rows_read: int, counts: Counts) -> str:
    """The promise in words, e.g. `1,994 rows read = 1,847 succeeded + 147 skipped`."""
    sign = "=" if holds(rows_read, counts) else "≠"
    return f"{plural(rows_read, 'row')} read {sign} {' + '.join(counts_in_words(counts)) or '0'}"


def counts_in_words(counts: Mapping[Any, int]) -> list[str]:
    """`1,847 succeeded`, `147 not sent`: those that are not 0, in the order of the outcomes.

    The keys are outcomes, or their names as an event carries them.
    """
    return [f"{counts[one]:,} {one.replace('_', ' ')}" for one in Outcome if counts.get(one)]


def holds(rows_read: int, counts: Counts) -> bool:
    return rows_read == sum(counts.values())
