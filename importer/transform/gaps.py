"""What the JSON Schema of a mapping asks for and nothing in the mapping gives: every flat row would lack it."""

from collections.abc import Iterator
from typing import Any

from importer.domain.mapping import Mapping


def unfilled(mapping: Mapping) -> Iterator[str]:
    """Required paths of the payload that no column and no constant fills. Documents may still carry them."""
    filled = [column.to for column in mapping.columns.values() if column.to]
    filled += [*mapping.constants, *filter(None, [mapping.attribute_path])]
    yield from dict.fromkeys(_lacking(mapping.schema, "", filled))


def _lacking(part: Any, path: str, filled: list[str]) -> Iterator[str]:
    if not isinstance(part, dict):
        return
    for name in part.get("required", ()):
        place = f"{path}.{name}".lstrip(".")
        if not (_inside(place, filled) or any(place == to or place.startswith(f"{to}.") for to in filled)):
            yield place
    for name, inner in part.get("properties", {}).items():
        place = f"{path}.{name}".lstrip(".")
        if _inside(place, filled):
            yield from _lacking(inner, place, filled)


def _inside(path: str, filled: list[str]) -> bool:
    """Whether something goes to a place inside this one."""
    return any(to.startswith((f"{path}.", f"{path}[")) for to in filled)
