"""The trial of a shop: what is looked at, step by step, and what was found."""

from dataclasses import dataclass
from enum import StrEnum


class Found(StrEnum):
    GOOD = "good"
    WARNING = "warning"  # imports work; something is not as it should be
    BAD = "bad"  # imports will not work
    SKIPPED = "skipped"  # not looked at: it needs a step that is bad, or was not asked for


@dataclass(frozen=True, kw_only=True)
class Check:
    """One step. `code` is that of the error an import would meet (docs/codes.md); empty when there is none."""

    name: str
    found: Found
    text: str
    code: str = ""
