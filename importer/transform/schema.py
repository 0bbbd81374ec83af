"""The mapping's JSON Schema (draft 2020-12): what a document may say, and the checker that judges values exactly."""

import json
import math
from collections.abc import Callable, Iterator, Mapping as Dict
from decimal import Decimal, localcontext
from operator import ge, gt, le, lt
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from importer.domain.mapping import Mapping

MOST_PLACES = 1_000
"""Digits between the first of a number and the last of its step; beyond that it counts as no multiple."""


def _number(_checker: Any, value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _integer(checker: Any, value: Any) -> bool:
    if isinstance(value, Decimal):
        return value == value.to_integral_value()
    return _number(checker, value) and (isinstance(value, int) or value.is_integer())


def _decimal(number: float | Decimal) -> Decimal:
    return number if isinstance(number, Decimal) else Decimal(repr(number))


def _multiple_of(checker: Any, step: Any, value: Any, _schema: Any) -> Iterator[ValidationError]:
    """Exact: the library divides floats and finds that 19.99 is no multiple of 0.01."""
    if not checker.is_type(value, "number"):
        return
    number, unit = _decimal(value), _decimal(step)
    places = number.adjusted() - int(unit.as_tuple().exponent)
    with localcontext(prec=max(28, min(places, MOST_PLACES) + 2)):
        if places > MOST_PLACES or number % unit:
            yield ValidationError(f"{value!r} is not a multiple of {step}")


def _bound(holds: Callable[[Any, Any], bool]) -> Callable[..., Iterator[ValidationError]]:
    def judge(checker: Any, limit: Any, value: Any, _schema: Any) -> Iterator[ValidationError]:
        if checker.is_type(value, "number"):
            exact = (value, _decimal(limit)) if isinstance(value, Decimal) else (value, limit)
            if not holds(*exact):
                yield ValidationError(f"{value!r} is beyond {limit}")

    return judge


TYPES = Draft202012Validator.TYPE_CHECKER.redefine_many({"number": _number, "integer": _integer})
Validator: Any = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        "multipleOf": _multiple_of,
        "minimum": _bound(ge),
        "maximum": _bound(le),
        "exclusiveMinimum": _bound(gt),
        "exclusiveMaximum": _bound(lt),
    },
    type_checker=TYPES,
)


def validator(mapping: Mapping) -> Any:
    """Built once for each run. The empty registry keeps `$ref` from fetching anything over the network."""
    return Validator(mapping.schema, registry=Registry())


def load(text: str) -> Any:
    """JSON as the checker wants it: whole numbers of any size stay whole, no digit of another is lost."""
    return json.loads(text, parse_float=_exactly)


def _exactly(text: str) -> float | Decimal:
    near, exact = float(text), Decimal(text)
    return near if Decimal(repr(near)) == exact else exact


def fault(schema: Dict[str, Any]) -> tuple[str, str] | None:
    """(path, what is wrong with the schema itself): its own words, unknown words, patterns, references."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return ".".join(str(part) for part in error.absolute_path), error.message
    resolver = Registry().resolver_with_root(DRAFT202012.create_resource(schema))
    return next(iter(_strange(schema, "", resolver)), None)


WORDS = frozenset(Draft202012Validator.VALIDATORS) | {
    "$schema", "$id", "$comment", "$defs", "$anchor", "$dynamicAnchor", "title", "description", "default", "examples",
    "deprecated", "readOnly", "writeOnly", "contentEncoding", "contentMediaType", "contentSchema", "then", "else",
    "minContains", "maxContains",
}  # fmt: skip
"""Every word of draft 2020-12; another one is a typing error, which the standard would silently ignore."""
DRAFT = "https://json-schema.org/draft/2020-12/schema"
REFERENCES = ("$ref", "$dynamicRef")
NESTED = ("properties", "patternProperties", "$defs", "dependentSchemas")
INNER = (
    "items", "contains", "additionalProperties", "propertyNames", "if", "then", "else", "not", "unevaluatedItems",
    "unevaluatedProperties",
)  # fmt: skip
LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
IN_PLACE = ("if", "then", "else", "not", "dependentSchemas", "allOf", "anyOf", "oneOf")
"""Words whose schemas judge the same value once more."""


def _strange(schema: Any, path: str, resolver: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(schema, dict):
        return
    for word, argument in schema.items():
        if said := _of_word(word, argument, path, resolver):
            yield f"{path}.{word}".lstrip("."), said
    if _endless(schema, resolver, frozenset()):
        yield path, "it refers to itself and comes to no end"
    for inner, part in subschemas(schema):
        yield from _strange(part, f"{path}.{inner}".lstrip("."), resolver)


def _of_word(word: str, argument: Any, path: str, resolver: Any) -> str | None:
    if word not in WORDS:
        return f"`{word}` is no word of JSON Schema"
    if word == "$schema" and str(argument).rstrip("#") != DRAFT:
        return f"schemas are of draft 2020-12 (`{DRAFT}`), not `{argument}`"
    if word == "$id" and path:
        return "a part of a schema cannot have an `$id` here; refer to it as `#/$defs/...`"
    if word in REFERENCES:
        return _of_reference(argument, resolver)
    numbers = argument if isinstance(argument, list) else [argument]
    if any(isinstance(one, float) and not math.isfinite(one) for one in numbers):
        return "the number has no end"
    return None


def _of_reference(reference: str, resolver: Any) -> str | None:
    if not reference.startswith("#"):
        return f"`{reference}` is elsewhere; only references into the same schema are read"
    return f"there is nothing at `{reference}`" if _target(reference, resolver) is None else None


def _target(reference: str, resolver: Any) -> Any:
    try:
        return resolver.lookup(reference).contents
    except Unresolvable:
        return None


def _endless(schema: Any, resolver: Any, begun: frozenset[int]) -> bool:
    """Whether judging one value by it would never end."""
    if not isinstance(schema, dict):
        return False
    if id(schema) in begun:
        return True
    again = [part for path, part in subschemas(schema) if path.partition(".")[0] in IN_PLACE]
    again += [_target(schema[word], resolver) for word in REFERENCES if word in schema]
    return any(_endless(part, resolver, begun | {id(schema)}) for part in again)


def subschemas(schema: Dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The schemas directly inside a schema, with their paths."""
    for word in INNER:
        if word in schema:
            yield word, schema[word]
    for word in NESTED:
        yield from ((f"{word}.{name}", part) for name, part in schema.get(word, {}).items())
    for word in LISTS:
        yield from ((f"{word}.{place}", part) for place, part in enumerate(schema.get(word, [])))
