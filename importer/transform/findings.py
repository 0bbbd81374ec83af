"""What the schema finds in a value, in a person's words: where, a stable code, what is wrong, what to do."""

import re
from collections.abc import Callable, Iterator, Mapping as Dict
from typing import Any, NamedTuple

import orjson

from importer.domain.mapping import Mapping
from importer.transform.sentences import quoted

LONGEST_LIST = 12
"""Allowed values that a sentence names."""


class Finding(NamedTuple):
    """What the schema finds at a path of the payload: a code, what is wrong, what to do."""

    path: str
    code: str
    text: str
    fix: str


class Said(NamedTuple):
    """`text` may hold `{limit}`, what the schema asks for."""

    code: str
    text: str
    fix: str = "Correct the cell."


NOTHING_HERE = "No value may stand here."
EMPTY_IT = "Empty the cell."
SAID: Dict[str, Said] = {
    "required": Said("required", "The value is missing.", "Fill it in."),
    "type": Said("type", "The value must be of the type {limit}."),
    "minimum": Said("number.minimum", "The number must be {limit} or more."),
    "maximum": Said("number.maximum", "The number must be {limit} or less."),
    "exclusiveMinimum": Said("number.minimum", "The number must be more than {limit}."),
    "exclusiveMaximum": Said("number.maximum", "The number must be less than {limit}."),
    "multipleOf": Said("number.step", "The number must be a multiple of {limit}."),
    "minLength": Said("text.too_short", "The text must have at least {limit} characters."),
    "maxLength": Said("text.too_long", "The text must have at most {limit} characters."),
    "pattern": Said("text.pattern", "The text must look like {limit}."),
    "enum": Said("values.unknown", "The value must be one of {limit}."),
    "const": Said("values.unknown", "The value must be {limit}."),
    "minItems": Said("list.too_short", "The list must have at least {limit} entries."),
    "maxItems": Said("list.too_long", "The list must have at most {limit} entries."),
    "items": Said("list.too_long", "The list has more entries than it may have."),
    "uniqueItems": Said("schema.uniqueItems", "Every entry of the list must be another one."),
    "contains": Said("schema.contains", "The list lacks an entry that it must have."),
    "minContains": Said("schema.minContains", "The list has too few of the entries that it must have."),
    "maxContains": Said("schema.maxContains", "The list has more than {limit} entries of one sort."),
    "minProperties": Said(
        "schema.minProperties", "At least {limit} of its values must be given.", "Fill them in."
    ),
    "maxProperties": Said(
        "schema.maxProperties", "At most {limit} of its values may be given.", "Empty the others."
    ),
    "dependentRequired": Said(
        "schema.dependentRequired", "The value is missing; others that are given need it.", "Fill it in."
    ),
    "additionalProperties": Said("schema.additionalProperties", NOTHING_HERE, EMPTY_IT),
    "unevaluatedProperties": Said(
        "schema.unevaluatedProperties", "A value is given that may not be given here.", "Empty its cell."
    ),
    "unevaluatedItems": Said("schema.unevaluatedItems", "The list has an entry that it may not have."),
    "anyOf": Said("schema.anyOf", "The value has none of the allowed forms: {forms}"),
    "oneOf": Said("schema.oneOf", "The value must have exactly one of the allowed forms: {forms}"),
    "not": Said("schema.not", "The value is one that is not allowed: {limit}."),
    "false": Said("schema.false", NOTHING_HERE, EMPTY_IT),
}
"""Word of the schema -> what is said where it is not fulfilled; the words that are not here only lead to others."""


def findings(checker: Any, instance: Any, mapping: Mapping, *, at: str = "") -> Iterator[Finding]:
    """Everything the schema finds in an instance that stands at the path `at` of the payload.

    A missing value has the path where it should be.
    """
    for error in checker.iter_errors(instance):
        said = SAID[error.validator or "false"]
        text = said.text.replace("{limit}", _limit(error)).replace("{forms}", _forms(error))
        base = _path(error, instance, mapping, at)
        for name in PLACES[error.validator](error) if error.validator in PLACES else [""]:
            yield Finding(f"{base}.{name}".strip("."), said.code, text, said.fix)


def missing(path: str) -> Finding:
    return Finding(path, *SAID["required"])


def _lacking(error: Any) -> list[str]:
    return [name for name in error.validator_value if name not in error.instance]


def _lacking_beside(error: Any) -> list[str]:
    needs = (names for given, names in error.validator_value.items() if given in error.instance)
    return list(dict.fromkeys(name for names in needs for name in names if name not in error.instance))


def _needless(error: Any) -> list[str]:
    known, patterns = error.schema.get("properties", {}), error.schema.get("patternProperties", {})
    rest = [name for name in error.instance if name not in known]
    return [name for name in rest if not any(re.search(pattern, name) for pattern in patterns)]


PLACES: Dict[str, Callable[[Any], list[str]]] = {
    "required": _lacking,
    "dependentRequired": _lacking_beside,
    "additionalProperties": _needless,
}
"""Words about members of an object: which ones are meant."""


def _limit(error: Any) -> str:
    limit = error.validator_value
    if error.validator == "type":
        return " or ".join(limit) if isinstance(limit, list) else str(limit)
    if error.validator == "enum":
        shown = ", ".join(_value(one) for one in limit[:LONGEST_LIST])
        return f"{shown} ..." if len(limit) > LONGEST_LIST else shown
    return str(limit) if error.validator == "pattern" else _value(limit)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    return (
        str(value)
        if isinstance(value, int | float) and not isinstance(value, bool)
        else orjson.dumps(value).decode()
    )


def _forms(error: Any) -> str:
    """Why each of the forms does not fit, by its first reason."""
    reasons: dict[Any, str] = {}
    for inner in error.context or []:
        said = SAID[inner.validator or "false"]
        place = ".".join(str(part) for part in inner.relative_path)
        text = said.text.replace("{limit}", _limit(inner)).replace("{forms}", "...")
        names = PLACES[inner.validator](inner) if inner.validator in PLACES else []
        where = ", ".join([*([place] if place else []), *names])
        reasons.setdefault(
            next(iter(inner.relative_schema_path), None), f"{where}: {text}" if where else text
        )
    return " Or: ".join(reasons.values()) if reasons else "it has several of them."


def _path(error: Any, payload: Any, mapping: Mapping, path: str) -> str:
    """The path as the mapping writes it: an entry of a keyed list by its name, not its place."""
    for part in error.absolute_path:
        form = mapping.lists.get(path)
        named = form is not None and isinstance(part, int) and isinstance(payload[part], dict)
        if named and form is not None and form.key in payload[part]:
            path = f"{path}[{payload[part][form.key]}]"
        else:
            path = f"{path}[{part}]" if isinstance(part, int) else f"{path}.{part}".lstrip(".")
        payload = payload[part]
    return path
