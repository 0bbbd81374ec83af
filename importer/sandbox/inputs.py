"""From JSON to what a service takes: names, types, required parameters (contract 1.4, 1.6; recordings 10, 20, 21).

At submission every item of a request is converted before anything is scheduled, so that the first one that does not
fit refuses the whole request; the answer names the property, never the item. A consumer converts once more.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from importer.sandbox.attributes import Attribute
from importer.sandbox.catalog import Catalog
from importer.sandbox.errors import Crash, Refusal, internal, required, wrong_type
from importer.sandbox.shapes import PRODUCT, Shape

NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*")
"""What PHP takes for a number in a text."""

TRUE, FALSE = ("1", "true", "on", "yes"), ("0", "false", "off", "no", "")

NO_CODE = "A custom attribute is specified with a missing attribute code. Verify the code and try again."
NO_VALUE = 'The "%attribute_code" attribute code doesn\'t have a value set. Enter the value and try again.'


class Mistyped(Exception):
    """A value that cannot be converted; every property on the way out puts its name in front."""


def product(item: Any, catalog: Catalog) -> Any:
    """The parameter of `save(product)`. Raises Refusal, Crash.

    A text or an empty list where the object belongs passes here and kills whoever uses it (recording 21, 35 and 38).
    """
    value = parameter(item, "product")
    if not isinstance(value, dict) or not value:
        return value
    try:
        return _object(value, PRODUCT, catalog)
    except Mistyped as error:
        raise Refusal(400, str(error)) from None


def sku(item: Any, _catalog: Catalog) -> str:
    """The parameter of `deleteById(sku)`."""
    return str(parameter(item, "sku"))


def parameter(item: Any, name: str) -> Any:
    """A parameter of the service by its exact name; an empty list is an object without any (recording 21, 27)."""
    if not isinstance(item, dict | list) or (isinstance(item, list) and item):
        raise Crash
    value = item.get(name) if isinstance(item, dict) else None
    if value is None:
        raise required(name)
    return value


def snake(name: str) -> str:
    """`customAttributes` and `Sku` are accepted for `custom_attributes` and `sku`."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def _object(value: Any, shape: Shape, catalog: Catalog) -> dict[str, Any]:
    if value == []:
        return {}
    if not isinstance(value, dict):
        raise Crash
    return {snake(name): _property(snake(name), inner, shape, catalog) for name, inner in value.items()}


def _property(name: str, value: Any, shape: Shape, catalog: Catalog) -> Any:
    if name not in shape:
        raise internal()
    try:
        return None if value is None else _converted(value, shape[name], catalog)
    except Mistyped as error:
        raise Mistyped(f'Error occurred during "{name}" processing. {error}') from None


def _converted(value: Any, kind: Any, catalog: Catalog) -> Any:
    if kind == "any":
        return value
    if kind == "custom attributes":
        return _custom_attributes(value, catalog)
    if isinstance(kind, list):
        return [_converted(entry, kind[0], catalog) for entry in _array(value)]
    if isinstance(kind, Mapping):
        return _object(value, kind, catalog)
    return scalar(value, kind)


def _array(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if not isinstance(value, list):
        raise Crash
    return value


def _custom_attributes(value: Any, catalog: Catalog) -> list[dict[str, Any]]:
    """A map of codes to values crashes: its values are no objects (recording 10)."""
    return [_custom_attribute(entry, catalog) for entry in _array(value)]


def _custom_attribute(entry: Any, catalog: Catalog) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise Crash
    words = {snake(name): inner for name, inner in entry.items()}
    if words.get("attribute_code") is None:
        raise Refusal(400, NO_CODE)
    code = str(words["attribute_code"])
    if "value" not in words:
        raise Refusal(400, NO_VALUE, {"attribute_code": code})
    attribute = catalog.attributes.get(code)
    try:
        return {"attribute_code": code, "value": _attribute_value(words["value"], attribute)}
    except Mistyped as error:
        raise Mistyped(f'Attribute "{code}" has invalid value. {error}') from None


def _attribute_value(value: Any, attribute: Attribute | None) -> Any:
    """An empty value clears; a list is left to the attribute (`category_ids`, a multiselect); the rest has a type."""
    if attribute is None or value in (None, "") or attribute.type == "string":
        return value
    return scalar(value, attribute.type)


def scalar(value: Any, kind: str) -> Any:
    """Raises Mistyped."""
    try:
        return CONVERSIONS[kind](value)
    except ValueError:
        raise Mistyped(wrong_type(_shown(value), kind)) from None


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    return "Array" if isinstance(value, dict | list) else str(value)


def _float(value: Any) -> float:
    if isinstance(value, bool) or not NUMBER.fullmatch(_text(value)):
        raise ValueError(value)
    return float(value)


def _int(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else int(_float(value))


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
