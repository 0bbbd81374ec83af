"""Whether a value has the shape that a schema of ours asks for, told in sentences for the person who wrote it."""

from collections.abc import Callable, Iterator, Mapping as Dict
from typing import Any

import orjson
from jsonschema import Draft202012Validator

from importer.domain.mapping import nearly, suggestion

Path = tuple[str | int, ...]

Error = Any
"""A ValidationError, whose own types say little."""

CHECK: Any = Draft202012Validator
NOUNS = {
    "object": "a table (`word: value` lines)",
    "array": "a list",
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "nothing",
}


def misfits(schema: Dict[str, Any], value: Any) -> Iterator[tuple[Path, str]]:
    """(place in the value, what is wrong there and what would be right) for everything that does not fit."""
    found = (one for error in CHECK(schema).iter_errors(value) for one in told(error))
    yield from dict.fromkeys(found)  # the library has an error for each missing word; each tells all of them


def told(error: Error) -> Iterator[tuple[Path, str]]:
    """The sentences for one finding of the schema library."""
    place = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        for name in error.instance:
            if name not in known:
                yield (*place, name), f"unknown word `{name}`{suggestion(str(name), known)}"
    elif error.validator == "required":
        for name in error.validator_value:
            if name not in error.instance:
                says = error.schema.get("properties", {}).get(name, {}).get("description")
                yield (*place, name), f"`{name}:` is missing" + (f": {says}." if says else ".")
    elif error.validator in ("anyOf", "oneOf"):
        yield from _of_branches(error, place)
    else:
        yield place, _sentence(error)


def _sentence(error: Error) -> str:
    tells: Callable[[Error], str] = SENTENCES.get(error.validator, _described)
    return tells(error)


def _of_branches(error: Error, place: Path) -> Iterator[tuple[Path, str]]:
    """What the one branch says that the value was meant for, or how all of them are described."""
    branches: dict[Any, list[Error]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.schema_path[0], []).append(inner)
    meant = [
        found
        for found in branches.values()
        if not any(inner.validator in ("type", "const", "enum") and not inner.path for inner in found)
    ]
    if len(meant) == 1 and "description" not in error.schema:
        for inner in meant[0]:
            yield from told(inner)
    else:
        yield place, _described(error)


def _described(error: Error) -> str:
    says = error.schema.get("description")
    branches = error.validator_value if error.validator in ("anyOf", "oneOf") else ()
    words = [str(word) for branch in branches for word in branch.get("enum", ())]
    hint = nearly(str(error.instance), words)
    if hint != ".":
        return f"unknown word {shown(error.instance)}{hint}"
    return f"{shown(error.instance)} does not fit" + (f": {says}." if says else ".")


def _type(error: Error) -> str:
    types = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    wanted = " or ".join(NOUNS[name] for name in types)
    if "string" in types and isinstance(error.instance, int | float):
        return f'must be a text; put it in quotes: "{shown(error.instance).strip("`")}".'
    says = error.schema.get("description")
    return f"must be {wanted}, not {shown(error.instance)}" + (f": {says}." if says else ".")


def _enum(error: Error) -> str:
    words = [str(word) for word in error.validator_value]
    listed = ", ".join(word if word.isalnum() else f"`{word}`" for word in words)
    return f"{shown(error.instance)} is not one of {listed}{nearly(str(error.instance), words)}"


def _too_long(error: Error) -> str:
    return f"is longer than the {error.validator_value} characters that it may have."


SENTENCES: dict[str, Callable[[Error], str]] = {
    "type": _type,
    "enum": _enum,
    "const": lambda error: f"must be {shown(error.validator_value)}, not {shown(error.instance)}.",
    "minLength": lambda _error: "must not be empty.",
    "minItems": lambda error: (
        f"must have at least {error.validator_value} entries."
        if error.validator_value > 1
        else "must not be empty."
    ),
    "minProperties": lambda _error: "must not be empty.",
    "maxLength": _too_long,
    "minimum": lambda error: f"must be {error.validator_value} or more, not {shown(error.instance)}.",
    "uniqueItems": lambda _error: "names something twice.",
}


def shown(value: Any) -> str:
    """A value as a sentence shows it, short."""
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    return f"`{text if len(text) <= 60 else text[:59] + '…'}`"
