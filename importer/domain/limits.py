"""Safety limits: an import that breaks one is held before anything of it is sent, until a person has looked at it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from importer.domain.rows import Counts, Outcome, plural

FEWEST_EARLIER = 3
"""With fewer earlier imports nobody knows how many rows are usual."""
DAYS = 14
"""How long an import counts as an earlier one."""
SHARE = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)\s*%")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Shares are parts of 1. `median`: rows of so many `earlier` imports; None: the rows are not limited."""

    rows_within: float | None = None
    median: float | None = None
    earlier: int = 0
    most_invalid: float | None = None
    most_deletions: int | None = None

    @property
    def given(self) -> bool:
        """Whether there is any."""
        return (self.rows_within, self.most_invalid, self.most_deletions) != (None, None, None)

    @property
    def words(self) -> list[str]:
        """What holds an import, in words."""
        told = {
            f"rows more than {percent(self.rows_within or 0)} from the median of {DAYS} days": self.rows_within,
            f"more than {percent(self.most_invalid or 0)} of the rows wrong": self.most_invalid,
            f"more than {self.most_deletions or 0:,} deletions": self.most_deletions,
        }
        return [text for text, given in told.items() if given is not None]

    def against(self, earlier: Sequence[int], median: float) -> "Limits":
        """With the rows of the earlier imports, if they are enough."""
        if len(earlier) < FEWEST_EARLIER:
            return replace(self, median=None, earlier=len(earlier))
        return replace(self, median=median, earlier=len(earlier))

    def broken(self, rows: int, counts: Counts) -> list[tuple[str, str]]:
        """Code and sentence of each limit that a checked file with so many rows, and of these outcomes, breaks."""
        found = (self._rows(rows), self._invalid(rows, counts), self._deletions(counts))
        return [one for one in found if one is not None]

    def _rows(self, rows: int) -> tuple[str, str] | None:
        if self.rows_within is None or self.median is None:
            return None
        away = abs(rows - self.median) * 100
        if away <= round(self.rows_within * 100, 3) * self.median:
            return None
        usual = f"the median of the {self.earlier} imports in the {DAYS} days before is {self.median:,.10g}"
        wanted = f"the limit is {percent(self.rows_within)} around it"
        return "limits.rows", f"The file has {plural(rows, 'row')}; {usual}, and {wanted}."

    def _invalid(self, rows: int, counts: Counts) -> tuple[str, str] | None:
        wrong = counts.get(Outcome.INVALID, 0)
        if self.most_invalid is None or wrong * 100 <= round(self.most_invalid * 100, 3) * rows:
            return None
        text = f"{wrong:,} of {plural(rows, 'row')} are wrong ({percent(wrong / rows)}); the limit is {percent(self.most_invalid)}."
        return "limits.invalid", text

    def _deletions(self, counts: Counts) -> tuple[str, str] | None:
        deletions = counts.get(Outcome.PENDING, 0)
        if self.most_deletions is None or deletions <= self.most_deletions:
            return None
        text = f"{plural(deletions, 'row')} would delete something in the shop; the limit is {self.most_deletions:,}."
        return "limits.deletions", text


def percent(part: float) -> str:
    return f"{round(part * 100, 2):,.10g} %"


def share(given: Any) -> float:
    """A part of 1, from a text such as 5%. Raises ValueError."""
    found = SHARE.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None:
        raise ValueError("must be a share such as 5%")
    return float(found[1]) / 100
