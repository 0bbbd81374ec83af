"""Flat values become nested documents along paths: `product.custom_attributes[url_key]`."""

import re
from collections.abc import Mapping as Dict, Sequence
from dataclasses import dataclass
from typing import Any

from importer.domain.mapping import KeyedList, Mapping
from importer.transform.cells import Values

PATH = re.compile(r"(?P<outer>[^\[\]]+)(?:\[(?P<name>[^\[\]]+)\])?$")


@dataclass(frozen=True)
class Place:
    """Where a value goes: keys from the outside in, or into a keyed list under `name`."""

    path: str
    keys: tuple[str, ...]
    name: str | None
    list_form: KeyedList | None

    def put(self, document: dict[str, Any], value: Any) -> None:
        inner = document
        for key in self.keys[:-1]:
            inner = inner.setdefault(key, {})
        if self.list_form is None:
            inner[self.keys[-1]] = value
        else:
            entry = {self.list_form.key: self.name, self.list_form.value: value}
            inner.setdefault(self.keys[-1], []).append(entry)


def place(path: str, lists: Dict[str, KeyedList]) -> Place:
    """Raises ValueError when the path is no path or names a list that is not declared."""
    match = PATH.match(path)
    if match is None:
        raise ValueError(f"`{path}` is not a path such as product.price")
    outer, name = match["outer"], match["name"]
    if name is not None and outer not in lists:
        raise ValueError(f"`{outer}` is not declared under `lists:`")
    return Place(path, tuple(outer.split(".")), name, lists[outer] if name is not None else None)


def build(rows: int, columns: Sequence[Values], mapping: Mapping) -> list[dict[str, Any]]:
    """One document for each row; what has no value is left out."""
    documents: list[dict[str, Any]] = [{} for _ in range(rows)]
    for path, value in mapping.constants.items():
        constant = place(path, mapping.lists)
        for document in documents:
            constant.put(document, value)
    for column in columns:
        target = place(str(column.column.to), mapping.lists)
        for document, value, cleared in zip(documents, column.values, column.cleared, strict=True):
            if cleared:
                target.put(document, column.empty)
            elif value is not None:
                target.put(document, _plain(value))
    return documents


def _plain(value: Any) -> Any:
    """Whole numbers without a decimal point, as a person would write them."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
