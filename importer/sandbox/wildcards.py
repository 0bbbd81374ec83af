"""Patterns of bindings: `*` is one word between dots, `#` any number of them, none included (contract 6.5)."""

import re
from functools import cache

WORDS = {"*": r"[^.]*\.", "#": r"(?:[^.]*\.)*"}


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    """For a topic with a dot behind its last word, so that all words look alike."""
    return re.compile("".join(WORDS.get(word, rf"{re.escape(word)}\.") for word in pattern.split(".")))


def matches(pattern: str, topic: str) -> bool:
    """As a topic exchange of RabbitMQ decides."""
    return _expression(pattern).fullmatch(f"{topic}.") is not None
