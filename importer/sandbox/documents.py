"""Reading a document that a person wrote: a fault names its place and says what belongs there.

YAML turns some words into other things (`NO` and `Yes` are booleans, `007` is a number): where a name is expected such
a value is refused with the advice to quote it, because a silent `False` in a list of countries costs an afternoon.
"""

from collections.abc import Collection, Container, Iterator
from itertools import count
from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The fast one where the library was built with it."""


class Fault(Exception):
    """One sentence: where it is, and what belongs there."""

    def __init__(self, place: str, sentence: str) -> None:
        super().__init__(f"at {place}, {sentence}" if place else f"at its top, {sentence}")


def table(value: Any, place: str) -> dict[str, Any]:
    """A mapping by name; nothing at all counts as an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Fault(place, f"a mapping (`name: ...`) belongs here, not {_seen(value)}")
    return {name(key, place): inner for key, inner in value.items()}


def known(value: Any, place: str, words: Collection[str]) -> dict[str, Any]:
    """A mapping that has no other keys than these."""
    found = table(value, place)
    for key in found:
        if key not in words:
            raise Fault(place, f"`{key}` is not known; use {', '.join(words)}")
    return found


def numbered(value: Any, place: str) -> dict[str, int | None]:
    """Names with or without their ids: a list of names, or a mapping `name: id`."""
    if isinstance(value, list):
        return {name(entry, place): None for entry in value}
    return {
        key: None if given is None else number(given, f"{place}.{key}")
        for key, given in table(value, place).items()
    }


def name(value: Any, place: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Fault(place, f"a name belongs here, not {_seen(value)}; put it in quotes")
    return str(value)


def number(value: Any, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Fault(place, f"a whole number belongs here, not {_seen(value)}")
    return value


def flag(value: Any, place: str) -> bool:
    if not isinstance(value, bool):
        raise Fault(place, f"true or false belongs here, not {_seen(value)}")
    return value


def choice(value: Any, place: str, words: Collection[str]) -> str:
    if value not in words:
        raise Fault(place, f"one of {', '.join(words)} belongs here, not {_seen(value)}")
    return str(value)


def unused(first: int, taken: Container[int]) -> Iterator[int]:
    """Numbers for what has none, from `first` on."""
    return (candidate for candidate in count(first) if candidate not in taken)


def _seen(value: Any) -> str:
    kinds = {dict: "a mapping", list: "a list", bool: f"the truth value {value}", type(None): "nothing"}
    return kinds.get(type(value), f"`{value}`")
