"""Faults of the JSON Schema inside a mapping, and of the mapping's own values that it would refuse."""

import re
from collections.abc import Collection, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

from jsonschema import Draft202012Validator

from importer.domain.mapping import Mapping, nearly
from importer.transform import schema, shapes, tree
from importer.transform.shapes import Path, shown

Found = tuple[Path, str]
MOST_NESTED = 32
TYPES = "object, array, string, number, integer, boolean, null"


def faults(mapping: Mapping, _parts: Collection[Path]) -> Iterator[Found]:
    """What has a fault is left out, so that the rest of the schema can be judged, and the values by it."""
    root = mapping.schema
    found = dict.fromkeys(
        [*_of_words(root, ("schema",)), *_of_shape(root), *_of_references(root, ("schema",), root)]
    )
    yield from found
    left = deepcopy(root)
    for place in sorted({place[1:] for place, _ in found}, key=len, reverse=True):
        _leave_out(left, place)
    while fault := schema.fault(left):
        place = tuple(fault[0].split(".")) if fault[0] else ()
        yield ("schema", *place), f"{fault[1]}."
        if not (_no_references(left, place) or _leave_out(left, place)):
            return
    yield from _of_values(replace(mapping, schema=left))


def _leave_out(root: Any, place: Path) -> bool:
    """Whether there was something to leave out. A list of other things than schemas is left out as a whole."""
    inner, last = _at(root, place[:-1]), place[-1] if place else ""
    if isinstance(inner, list) and place[-2] not in schema.LISTS:
        return _leave_out(root, place[:-1])
    if isinstance(inner, dict) and last in inner:
        del inner[last]
    elif inside(inner, last) not in (None, {}):
        inner[int(last)] = {}
    else:
        return False
    return True


def _no_references(root: Any, place: Path) -> bool:
    """A part that refers to itself, without its references; whether it had any."""
    part = _at(root, place)
    found = [word for word in schema.REFERENCES if isinstance(part, dict) and word in part]
    for word in found:
        del part[word]
    return bool(found)


def _at(value: Any, place: Path) -> Any:
    for word in place:
        value = inside(value, word)
    return value


def inside(value: Any, word: str | int) -> Any:
    """What stands at the word, or the place in a list; None when there is nothing."""
    if isinstance(value, dict):
        return value.get(word)
    if isinstance(value, list) and str(word).isdigit() and int(word) < len(value):
        return value[int(word)]
    return None


def _of_shape(root: Any) -> Iterator[Found]:
    checker = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    for error in checker.iter_errors(root):
        if error.absolute_path and error.absolute_path[-1] == "type":
            yield ("schema", *error.absolute_path), f"{shown(error.instance)} is no type; types are {TYPES}."
        else:
            yield from ((("schema", *place), text) for place, text in shapes.told(error))


def _of_words(part: Any, place: Path) -> Iterator[Found]:
    """Words that the standard would silently ignore, patterns that do not compile, references to nothing."""
    if not isinstance(part, dict):
        return
    if len(place) > 2 * MOST_NESTED:
        yield place, f"the schema is nested deeper than {MOST_NESTED} levels."
        return
    for word, value in part.items():
        if word not in schema.WORDS:
            yield (*place, word), f"`{word}` is no word of JSON Schema{nearly(word, schema.WORDS)}"
        elif word in ("pattern", "patternProperties"):
            yield from _of_patterns(value, (*place, word))
    for inner, below in _subschemas(part):
        yield from _of_words(below, (*place, *inner))


def _of_patterns(value: Any, place: Path) -> Iterator[Found]:
    for pattern in value if isinstance(value, dict) else [value]:
        try:
            re.compile(str(pattern))
        except re.error as error:
            yield place, f"the pattern {shown(pattern)} is no regular expression: {error.msg}."


def _subschemas(part: dict[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Like `schema.subschemas`, of a schema that may still be of the wrong shape."""
    for word in schema.INNER:
        yield (word,), part.get(word)
    for word in schema.NESTED:
        if isinstance(part.get(word), dict):
            yield from (((word, name), below) for name, below in part[word].items())
    for word in schema.LISTS:
        if isinstance(part.get(word), list):
            yield from (((word, number), below) for number, below in enumerate(part[word]))


def _of_references(part: Any, place: Path, root: Any) -> Iterator[Found]:
    """References that lead out of the schema, to nothing in it, or round in a circle."""
    if not isinstance(part, dict) or len(place) > 2 * MOST_NESTED:
        return
    if isinstance(reference := part.get("$ref"), str) and (fault := _astray(reference, root)):
        yield (*place, "$ref"), f"{shown(reference)} {fault}"
    for inner, below in _subschemas(part):
        yield from _of_references(below, (*place, *inner), root)


def _astray(reference: str, root: Any) -> str:
    seen: list[str] = []
    while reference.startswith("#"):
        if reference in seen:
            return "leads back to itself."
        seen.append(reference)
        target = _target(reference, root)
        if not isinstance(target, dict | bool):
            return "leads to nothing in this schema."
        following = target.get("$ref") if isinstance(target, dict) else None
        if not isinstance(following, str):
            return ""
        reference = following
    return "is elsewhere; only references into the same schema are read."


def _target(reference: str, root: Any) -> Any:
    parts = filter(None, reference.removeprefix("#").split("/"))
    return _at(root, tuple(part.replace("~1", "/").replace("~0", "~") for part in parts))


def _of_values(mapping: Mapping) -> Iterator[Found]:
    """Constants and defaults, each put alone into a payload, where the schema judges it."""
    checker = schema.validator(mapping)
    values: list[tuple[Path, str, Any]] = [
        (("constants", path), path, value) for path, value in mapping.constants.items()
    ]
    values += [
        (("columns", column.name, "default"), column.to, column.default)
        for column in mapping.columns.values()
        if column.default is not None and column.to
    ]
    for place, path, value in values:
        try:
            payload, way = _payload(path, value, mapping)
        except ValueError:
            continue  # it is told already that this is no path
        errors = [e for e in checker.iter_errors(payload) if tuple(e.absolute_path)[: len(way)] == way]
        texts = dict.fromkeys(text for error in errors for _, text in shapes.told(error))
        yield from ((place, f"the schema refuses it: {text}") for text in texts)


def _payload(path: str, value: Any, mapping: Mapping) -> tuple[Any, Path]:
    """The payload that holds nothing else, and the way to the value in it. Raises ValueError when it is no path."""
    parts = tree.segments(path, mapping.lists)
    inner, outer = value, path
    way: Path = ()
    for place, part in reversed(list(enumerate(parts))):
        outer = outer[: outer.rindex(part.name)]
        if part.inside is not None:
            last = place == len(parts) - 1
            if not part.index:
                form = mapping.lists[f"{outer}{part.name}"]
                inner = {form.key: part.inside, **({form.value: inner} if last else inner)}
                way = (form.value, *way) if last else way
            inner, way = [inner], (0, *way)
        inner, way = {part.name: inner}, (part.name, *way)
        outer = outer.rstrip(".")
    return inner, way
