"""From JSON to what a service takes: names, types, required parameters (contract 1.4, 1.6; recordings 10, 20, 21).

At submission every item of a request is converted before anything is scheduled, so that the first one that does not
fit refuses the whole request; the answer names the property, never the item. A consumer converts once more, and then
takes top-level names only as PHP writes them (contract S0).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from importer.sandbox.errors import Crash, Refusal, internal, required, wrong_type
from importer.sandbox.shapes import Shape

NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*")
"""What PHP takes for a number in a text."""

LARGEST = 2**63 - 1
"""Whole numbers of PHP have 64 bits."""

TRUE, FALSE = ("1", "true", "on", "yes"), ("0", "false", "off", "no", "")

NO_CODE = "A custom attribute is specified with a missing attribute code. Verify the code and try again."
NO_VALUE = 'The "%attribute_code" attribute code doesn\'t have a value set. Enter the value and try again.'
ABSENT = 'Data item corresponding to "%1" must be specified in the message with topic "%2".'


class Mistyped(Exception):
    """A value that cannot be converted; every property on the way out puts its name in front."""


class Typed(Protocol):
    @property
    def type(self) -> str: ...


Types = Mapping[str, Typed]
"""Product attributes by code; `type` is what a value is converted to."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a service: its PHP name, the spelling in snake case, its type."""

    name: str
    snake: str
    kind: Any
    required: bool


def parameters(takes: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """From a signature as data: `{"product": PRODUCT, "saveOptions?": "boolean"}`."""
    return tuple(
        Parameter(word.rstrip("?"), snake(word.rstrip("?")), kind, not word.endswith("?"))
        for word, kind in takes.items()
    )


def submitted(item: Any, takes: tuple[Parameter, ...], types: Types) -> dict[str, Any]:
    """The arguments of a call; names in either spelling, the exact one wins, null is absent. Raises Refusal, Crash."""
    if not isinstance(item, dict | list):
        raise Crash
    words = item if isinstance(item, dict) else {}  # a list has no names (recording 21, 27)
    found: dict[str, Any] = {}
    for one in takes:
        value = words.get(one.name)
        found[one.name] = words.get(one.snake) if value is None else value
    absent = [one.name for one in takes if one.required and found[one.name] is None]
    if absent:
        raise required(*absent)
    return _arguments(found, takes, types)


def received(item: Any, takes: tuple[Parameter, ...], types: Types, topic: str) -> dict[str, Any]:
    """The same in a consumer, where only the exact names count. Raises Refusal, Crash."""
    words = item if isinstance(item, dict) else {}
    for one in takes:
        if one.required and words.get(one.name) is None:
            raise Refusal(400, ABSENT, [one.name, topic])
    return _arguments({one.name: words.get(one.name) for one in takes}, takes, types)


def _arguments(found: dict[str, Any], takes: tuple[Parameter, ...], types: Types) -> dict[str, Any]:
    try:
        for one in takes:
            value = found[one.name]
            if value is not None:
                found[one.name] = _argument(value, one.kind, types)
    except Mistyped as error:
        raise Refusal(400, str(error)) from None
    return found


def _argument(value: Any, kind: Any, types: Types) -> Any:
    """A text or an empty list where an object belongs passes here and kills whoever uses it (recording 21, 35 and 38)."""
    if isinstance(kind, Shape) and (not isinstance(value, dict) or not value):
        return value
    return converted(value, kind, types)


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """`customAttributes` and `Sku` are accepted for `custom_attributes` and `sku`."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def converted(value: Any, kind: Any, types: Types) -> Any:
    """Raises Mistyped, Refusal, Crash."""
    if isinstance(kind, Shape):
        return _object(value, kind, types)
    if isinstance(kind, list):
        inner = kind[0]
        return [_entry(entry, inner, types) for entry in _array(value)]
    special = SPECIAL.get(kind)
    return special(value, types) if special else scalar(value, kind)


def _entry(value: Any, kind: Any, types: Types) -> Any:
    """Nothing among texts is an empty text; among objects it stays nothing."""
    if value is None:
        return "" if kind == "string" else None
    return converted(value, kind, types)


def _object(value: Any, shape: Shape, types: Types) -> dict[str, Any]:
    if value == []:
        return {}
    if not isinstance(value, dict):
        raise Crash
    found: dict[str, Any] = {}
    properties = shape.properties
    for given, inner in value.items():
        name = given if given in properties else snake(given)
        kind = properties.get(name)
        if kind is None:
            raise internal()
        if inner is None or (isinstance(kind, str) and type(inner) is EXACT.get(kind)):
            found[name] = inner
        else:
            found[name] = _property(name, inner, kind, types)
    return found


def _property(name: str, value: Any, kind: Any, types: Types) -> Any:
    try:
        return converted(value, kind, types)
    except Mistyped as error:
        raise Mistyped(f'Error occurred during "{name}" processing. {error}') from None


def _array(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if not isinstance(value, list):
        raise Crash
    return value


def _custom_attributes(value: Any, types: Types) -> list[dict[str, Any]]:
    """A map of codes to values crashes: its values are no objects (recording 10)."""
    return [_custom_attribute(entry, types) for entry in _array(value)]


def _plain_attributes(value: Any, _types: Types) -> list[dict[str, Any]]:
    """Attributes of entities other than products: their values are taken as they come."""
    return [_custom_attribute(entry, {}) for entry in _array(value)]


def _custom_attribute(entry: Any, types: Types) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise Crash
    words = {snake(name): inner for name, inner in entry.items()}
    if words.get("attribute_code") is None:
        raise Refusal(400, NO_CODE)
    code = str(words["attribute_code"])
    if "value" not in words:
        raise Refusal(400, NO_VALUE, {"attribute_code": code})
    try:
        return {"attribute_code": code, "value": _attribute_value(words["value"], types.get(code))}
    except Mistyped as error:
        raise Mistyped(f'Attribute "{code}" has invalid value. {error}') from None


def _attribute_value(value: Any, attribute: Typed | None) -> Any:
    """An empty value clears; a list is left to the attribute (`category_ids`, a multiselect); the rest has a type."""
    if attribute is None or value in (None, "") or attribute.type == "string":
        return value
    return scalar(value, attribute.type)


def scalar(value: Any, kind: str) -> Any:
    """Raises Mistyped."""
    try:
        return CONVERSIONS[kind](value)
    except (ValueError, OverflowError):
        raise Mistyped(wrong_type(_shown(value), kind)) from None


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    return "Array" if isinstance(value, dict | list) else str(value)


def _float(value: Any) -> float:
    if type(value) is int or type(value) is float:
        return float(value)
    if isinstance(value, bool) or not NUMBER.fullmatch(_text(value)):
        raise ValueError(value)
    return float(value)


def _int(value: Any) -> int:
    number = value if isinstance(value, int) and not isinstance(value, bool) else int(_float(value))
    if abs(number) > LARGEST:
        raise ValueError(value)
    return number


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        raise ValueError(value)
    return ("1" if value else "") if isinstance(value, bool) else str(value)


def _boolean(value: Any) -> bool:
    word = _text(value).strip().lower()
    if word not in TRUE + FALSE:
        raise ValueError(value)
    return word in TRUE


CONVERSIONS: Mapping[str, Callable[[Any], Any]] = {
    "int": _int,
    "float": _float,
    "string": _text,
    "boolean": _boolean,
}
EXACT: Mapping[str, type] = {"int": int, "float": float, "string": str, "boolean": bool}
SPECIAL: Mapping[str, Callable[[Any, Types], Any]] = {
    "any": lambda value, _types: value,
    "search criteria": lambda value, _types: value,
    "custom attributes": _custom_attributes,
    "plain attributes": _plain_attributes,
}
