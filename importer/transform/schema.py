"""The mapping's JSON Schema (draft 2020-12) judges payloads; its findings name the column of the file."""

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
    "multipleOf": ("number.step", "The number must be a multiple of {limit}."),
    "minLength": ("text.too_short", "The text must have at least {limit} characters."),
    "maxLength": ("text.too_long", "The text must have at most {limit} characters."),
    "pattern": ("text.pattern", "The text must look like {limit}."),
    "enum": ("values.unknown", "The value must be one of {limit}."),
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


def fault(schema: Dict[str, Any]) -> str | None:
    """What is wrong with the schema itself."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return f"{'.'.join(str(part) for part in error.absolute_path)}: {error.message}"
    return None


def validator(mapping: Mapping) -> Any:
    """Built once for each run. The empty registry keeps `$ref` from fetching anything over the network."""
    return Validator(mapping.schema, registry=Registry())


def findings(checker: Any, payload: dict[str, Any], mapping: Mapping) -> Iterator[Finding]:
    """Everything the schema finds; a missing value has the path where it should be."""
    seen: set[tuple[str, str]] = set()
    for error in checker.iter_errors(payload):
        code, sentence = CODES.get(error.validator, (f"schema.{error.validator}", error.message))
        base = _path(error, payload, mapping)
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


def _path(error: ValidationError, payload: Any, mapping: Mapping) -> str:
    """The path as the mapping writes it: an entry of a keyed list by its name, not its place."""
    path = ""
    for part in error.absolute_path:
        if path in mapping.lists and isinstance(part, int):
            form = mapping.lists[path]
            return f"{path}[{payload[part][form.key]}]"
        path = f"{path}.{part}".lstrip(".")
        payload = payload[part]
    return path
