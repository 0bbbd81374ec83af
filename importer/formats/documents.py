"""One JSON document becomes flat cells: its nested objects are followed by dot path, its numbers keep their digits.

A path such as `product.price` is a column. What lies below the top, and lists that hold more than scalars, are kept as
JSON text (`Cell.literal`): such a column carries a part of a document as it is.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from importer.domain.rows import LIST_MARK

NO_NAME = frozenset(".[]")
"""An object with such a character in one of its names is not followed: its dot path would mean something else."""


MOST_ZEROS = 40
"""An exponent beyond that is no number of a shop, and might be one that fills the memory with zeros."""


class Numeral(str):
    """A number as written."""

    __slots__ = ()

    @property
    def digits(self) -> str:
        """Without an exponent: `100` for `1e2`, `0.00001` for `1e-05`; as written when it would be very long."""
        if "e" not in self and "E" not in self:
            return str(self)
        number = Decimal(self)
        return format(number, "f") if abs(number.adjusted()) <= MOST_ZEROS else str(self)


class Unreadable(Exception):
    """The document cannot be a row. `kind` ends the code of its row error, `detail` says what was seen."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail


class Cell(NamedTuple):
    path: str
    value: Any

    @property
    def literal(self) -> bool:
        """Whether its column holds JSON text."""
        if isinstance(self.value, list):
            return "." in self.path or not all(map(is_scalar, self.value))
        return "." in self.path or isinstance(self.value, dict)


def parse(text: str) -> dict[str, Any]:
    """Raises Unreadable: no JSON, no object, or a name that stands twice in one object."""
    try:
        found = DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise Unreadable("json", f"{error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise Unreadable("json", "it is nested too deeply") from None
    if not isinstance(found, dict):
        raise Unreadable("no_object")
    if "\\u" in text:
        _refuse_half_characters(found)
        if "\\u0000" in text and r"\u0000" in _quoted(found).replace(r"\\", ""):
            raise Unreadable("nul")
    return found


def _refuse_half_characters(document: dict[str, Any]) -> None:
    try:
        _quoted(document).encode()
    except UnicodeEncodeError:
        raise Unreadable("json", "it holds half of a surrogate pair") from None


def row(text: str) -> dict[str, Cell]:
    """The values of a document by path. Raises Unreadable, also when two of them have one path."""
    found: dict[str, Cell] = {}
    for cell in cells(parse(text)):
        if found.setdefault(cell.path, cell) is not cell:
            raise Unreadable("twice", cell.path)
    return found


def cells(document: dict[str, Any], before: str = "") -> Iterator[Cell]:
    """The document's values by path."""
    for name, value in document.items():
        if isinstance(value, dict) and followed(name, value):
            yield from cells(value, f"{before}{name}.")
        else:
            yield Cell(before + name, value)


def followed(name: str, value: dict[str, Any]) -> bool:
    """Whether the object's members are columns of their own, rather than its JSON text one cell."""
    return bool(value) and all(one and NO_NAME.isdisjoint(one) for one in (name, *value))


def is_scalar(value: Any) -> bool:
    return not isinstance(value, (list, dict))


def text_of(value: Any) -> str:
    """The text of a scalar or of a list of scalars; a list always has its mark, so that it is known as one."""
    if isinstance(value, Numeral):
        return value.digits
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(map(is_scalar, value)):
        texts = ["" if one is None else text_of(one) for one in value]
        return LIST_MARK.join(texts) if len(texts) != 1 else texts[0] + LIST_MARK
    return json_of(value)


def json_of(value: Any) -> str:
    """JSON text with every digit of its numbers."""
    if isinstance(value, Numeral):
        return value.digits
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(name)}:{json_of(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(json_of, value)) + "]"
    return _quoted(value)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise Unreadable("twice", twice)
    return found


def _no_number(word: str) -> Any:
    raise Unreadable("json", f"{word} is no JSON")


DECODER = json.JSONDecoder(
    object_pairs_hook=_without_twins, parse_float=Numeral, parse_int=Numeral, parse_constant=_no_number
)
