"""Words that errors share: a value as a sentence shows it, and the nearest known names."""

from collections.abc import Iterable

from rapidfuzz import fuzz, process

LONGEST_QUOTE = 80
LEAST_ALIKE = 50
"""Of 100: half of the letters in the same order."""
CREATE = "Create it in the shop or correct the name."


def quoted(value: object) -> str:
    """A value as a sentence shows it: as written, cut when it is long."""
    text = str(value)
    return f"'{text}'" if len(text) <= LONGEST_QUOTE else f"'{text[: LONGEST_QUOTE - 1]}…'"


def nearest(name: str, known: Iterable[str]) -> str:
    """What to do about an unknown name: the nearest known ones, or the way to make it known."""
    by_lower = {other.lower(): other for other in known}
    close = process.extract(
        name.lower(), list(by_lower), scorer=fuzz.ratio, score_cutoff=LEAST_ALIKE, limit=3
    )
    return f"Nearest: {', '.join(by_lower[other] for other, _, _ in close)}." if close else CREATE
