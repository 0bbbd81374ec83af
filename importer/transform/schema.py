"""The mapping's JSON Schema (draft 2020-12) judges payloads, value by value; `accept` spares it most of the work."""

import json
from collections.abc import Iterator, Mapping as Dict
from decimal import Decimal
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.exceptions import SchemaError
from referencing import Registry

from importer.domain.mapping import Mapping


def _multiple_of(_validator: Any, step: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """Exact: the library divides floats and finds that 19.99 is no multiple of 0.01."""
    if isinstance(instance, bool) or not isinstance(instance, int | float):
        return
    if Decimal(repr(instance)) % Decimal(repr(step)):
        yield ValidationError(f"{instance!r} is not a multiple of {step}")


Validator: Any = validators.extend(Draft202012Validator, {"multipleOf": _multiple_of})  # type: ignore[no-untyped-call]

CODES: dict[str, tuple[str, str]] = {
    "required": ("required", "The value is missing."),
    "type": ("type", "The value must be of the type {limit}."),
    "minimum": ("number.minimum", "The number must be {limit} or more."),
    "maximum": ("number.maximum", "The number must be {limit} or less."),
    "exclusiveMinimum": ("number.minimum", "The number must be more than {limit}."),
    "exclusiveMaximum": ("number.maximum", "The number must be less than {limit}."),
    "multipleOf": ("number.step", "The number must be a multiple of {limit}."),
    "minLength": ("text.too_short", "The text must have at least {limit} characters."),
    "maxLength": ("text.too_long", "The text must have at most {limit} characters."),
    "pattern": ("text.pattern", "The text must look like {limit}."),
    "enum": ("values.unknown", "The value must be one of {limit}."),
    "const": ("values.unknown", "The value must be {limit}."),
    "minItems": ("list.too_short", "The list must have at least {limit} entries."),
    "maxItems": ("list.too_long", "The list must have at most {limit} entries."),
}
"""Keyword of the schema -> code of the row error and its sentence."""

FIXES = {"required": "Fill it in."}
"""What to do, by keyword; the others want the cell corrected."""


class Finding(NamedTuple):
    """What the schema finds at a path of the payload: a code, what is wrong, what to do."""

    path: str
    code: str
    text: str
    fix: str


def fault(schema: Dict[str, Any]) -> tuple[str, str] | None:
    """(path, what is wrong with the schema itself): its own words, unknown words, patterns, references to elsewhere."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return ".".join(str(part) for part in error.absolute_path), error.message
    return next(iter(_strange(schema, "")), None)


WORDS = frozenset(Draft202012Validator.VALIDATORS) | {
    "$schema", "$id", "$comment", "$defs", "$anchor", "title", "description", "default", "examples", "deprecated",
    "readOnly", "writeOnly", "contentEncoding", "contentMediaType", "contentSchema", "then", "else", "minContains",
    "maxContains",
}  # fmt: skip
"""Every word of draft 2020-12; another one is a typing error, which the standard would silently ignore."""
NESTED = ("properties", "patternProperties", "$defs", "dependentSchemas")
INNER = (
    "items", "contains", "additionalProperties", "propertyNames", "if", "then", "else", "not", "unevaluatedItems",
    "unevaluatedProperties",
)  # fmt: skip
LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")


def _strange(schema: Any, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(schema, dict):
        return
    for word in schema:
        if word not in WORDS:
            yield f"{path}.{word}".lstrip("."), f"`{word}` is no word of JSON Schema"
    reference = str(schema.get("$ref", "#"))
    if not reference.startswith("#"):
        yield (
            f"{path}.$ref".lstrip("."),
            f"`{reference}` is elsewhere; only references into the same schema are read",
        )
    for inner, part in subschemas(schema):
        yield from _strange(part, f"{path}.{inner}".lstrip("."))


def subschemas(schema: Dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The schemas directly inside a schema, with their paths."""
    for word in INNER:
        if word in schema:
            yield word, schema[word]
    for word in NESTED:
        yield from ((f"{word}.{name}", part) for name, part in schema.get(word, {}).items())
    for word in LISTS:
        yield from ((f"{word}.{place}", part) for place, part in enumerate(schema.get(word, [])))


def validator(mapping: Mapping) -> Any:
    """Built once for each run. The empty registry keeps `$ref` from fetching anything over the network."""
    return Validator(mapping.schema, registry=Registry())


def load(text: str) -> Any:
    """JSON as the validator wants it: whole numbers of any size stay whole."""
    return json.loads(text)


def findings(checker: Any, instance: Any, mapping: Mapping, *, at: str = "") -> Iterator[Finding]:
    """Everything the schema finds in an instance that stands at the path `at` of the payload.

    A missing value has the path where it should be.
    """
    seen: set[tuple[str, str]] = set()
    for error in checker.iter_errors(instance):
        code, sentence = CODES.get(error.validator, (f"schema.{error.validator}", error.message))
        base = _path(error, instance, mapping, at)
        paths = [base]
        if error.validator == "required":
            paths = [
                f"{base}.{name}".lstrip(".") for name in error.validator_value if name not in error.instance
            ]
        for path in paths:
            if (path, code) not in seen:
                seen.add((path, code))
                text = sentence.replace("{limit}", str(error.validator_value))
                yield Finding(path, code, text, FIXES.get(error.validator, "Correct the cell."))


def missing(path: str) -> Finding:
    code, text = CODES["required"]
    return Finding(path, code, text, FIXES["required"])


def _path(error: ValidationError, payload: Any, mapping: Mapping, path: str) -> str:
    """The path as the mapping writes it: an entry of a keyed list by its name, not its place."""
    for part in error.absolute_path:
        if path in mapping.lists and isinstance(part, int):
            form = mapping.lists[path]
            return f"{path}[{payload[part][form.key]}]"
        path = f"{path}[{part}]" if isinstance(part, int) else f"{path}.{part}".lstrip(".")
        payload = payload[part]
    return path
