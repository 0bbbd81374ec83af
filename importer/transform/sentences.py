"""Words that errors share: a value as a sentence shows it, and the nearest known names."""

from collections.abc import Iterable

from rapidfuzz import fuzz, process

LONGEST_QUOTE = 80
LEAST_ALIKE = 65
"""Of 100: two thirds of the letters in the same order, so that `Rad` is near `red` and `Nope` is not near `Top`."""
FEW = 8
CREATE = "Create it in the shop or correct the name."


def quoted(value: object) -> str:
    """A value as a sentence shows it: as written, cut when it is long."""
    text = str(value)
    return f"'{text}'" if len(text) <= LONGEST_QUOTE else f"'{text[: LONGEST_QUOTE - 1]}…'"


def nearest(name: str, known: Iterable[str]) -> str:
    """What to do about an unknown name: the known ones that are near; else all when they are few, or how many there are."""
    by_lower = {other.lower(): other for other in known}
    close = process.extract(
        name.lower(), list(by_lower), scorer=fuzz.ratio, score_cutoff=LEAST_ALIKE, limit=3
    )
    if close:
        return f"Nearest: {', '.join(by_lower[other] for other, _, _ in close)}."
    if not by_lower:
        return CREATE
    there = ", ".join(by_lower.values()) if len(by_lower) <= FEW else f"{len(by_lower):,} others"
    return f"None is near; the shop has {there}. {CREATE}"
