"""Words that errors share: a value as a sentence shows it, and the nearest known names."""

import difflib
from collections.abc import Iterable

LONGEST_QUOTE = 80
CREATE = "Create it in the shop or correct the name."


def quoted(value: object) -> str:
    """A value as a sentence shows it: as written, cut when it is long."""
    text = str(value)
    return f"'{text}'" if len(text) <= LONGEST_QUOTE else f"'{text[: LONGEST_QUOTE - 1]}…'"


def nearest(name: str, known: Iterable[str]) -> str:
    """What to do about an unknown name: the nearest known ones, or the way to make it known."""
    by_lower = {other.lower(): other for other in known}
    close = difflib.get_close_matches(name.lower(), list(by_lower), n=3, cutoff=0.5)
    return f"Nearest: {', '.join(by_lower[other] for other in close)}." if close else CREATE
