"""From JSON Schema to expressions that accept payloads without looking at them one by one.

Each `Clause` is true for a row only if its part of the schema holds there; where it is not true, the schema itself
decides. So an expression may be too strict and never too lenient, and what has no expression costs time only.
"""

import re
from collections.abc import Callable, Iterator, Mapping as Dict
from dataclasses import dataclass
from typing import Any

import polars as pl

from importer.transform.schema import Validator
from importer.transform.tree import Array, Constant, Leaf, Node, Object, children, present, present_inside
from importer.transform.verdicts import (
    ANNOTATIONS,
    MOST_NESTED,
    Inexpressible,
    either,
    exact,
    expression,
    followed,
    negated,
    plain,
    rooted,
)


@dataclass(frozen=True)
class Clause:
    """`leaf` and `schema`: a value to be held against a part of the schema when the clause is not true for it.

    `missing`: the path that is required. Neither: the whole payload is to be looked at. A clause of a leaf without
    `accept` is decided once for each distinct value.
    """

    accept: pl.Expr | None
    leaf: Leaf | None = None
    schema: Any = None
    missing: str | None = None


def clauses(schema: Any, node: Node, root: Any, depth: int = 0) -> Iterator[Clause]:
    """What has to hold at `node`; parts that hold for every row are left out."""
    schema = followed(schema, root)
    if schema is True or schema == {}:
        return
    if schema is False or depth > MOST_NESTED:
        yield Clause(expression(negated(present(node))))
    elif isinstance(node, Leaf):
        yield Clause(_of_leaf(schema, node, root), leaf=node, schema=schema)
    elif isinstance(node, Constant):
        if not Validator(rooted(schema, root)).is_valid(node.value):
            yield Clause(pl.lit(value=False))
    else:
        for word in schema:
            if word not in ANNOTATIONS:
                yield from WORDS.get(word, _whole_word)(word, schema, node, root, depth)


def _of_leaf(schema: Any, leaf: Leaf, root: Any) -> pl.Expr | None:
    try:
        verdict = exact(schema, leaf, root, lenient=True)
    except Inexpressible:
        return None
    # a cleared value has JSON and no value: it is looked at
    there = pl.col(leaf.value).is_not_null() & plain(leaf)
    return pl.col(leaf.json).is_null() | (there & expression(verdict))


Container = Object | Array
Around = Callable[[str, Dict[str, Any], Container, Any, int], Iterator[Clause]]


def _members(word: str, schema: Dict[str, Any], node: Container, root: Any, depth: int) -> Iterator[Clause]:
    """`properties`, `patternProperties` and `additionalProperties`: what each says of the members that are there."""
    if isinstance(node, Object):
        for name, child in node.members.items():
            for part in _applying(word, name, schema):
                yield from clauses(part, child, root, depth + 1)


def _applying(word: str, name: str, schema: Dict[str, Any]) -> list[Any]:
    """The schemas under `word` for a member that is called `name`."""
    if word == "properties":
        return [schema[word][name]] if name in schema[word] else []
    matching = [
        part for pattern, part in schema.get("patternProperties", {}).items() if re.search(pattern, name)
    ]
    if word == "patternProperties":
        return matching
    return [] if name in schema.get("properties", {}) or matching else [schema[word]]


def _items(word: str, schema: Dict[str, Any], node: Container, root: Any, depth: int) -> Iterator[Clause]:
    if isinstance(node, Object):
        return
    if "prefixItems" in schema:
        yield _whole({"prefixItems": schema["prefixItems"], word: schema[word]}, node, root)
        return
    for entry in children(node):
        yield from clauses(schema[word], entry, root, depth + 1)


def _required(
    word: str, schema: Dict[str, Any], node: Container, _root: Any, _depth: int
) -> Iterator[Clause]:
    if isinstance(node, Object):
        for name in schema[word]:
            there = present_inside(node.members[name]) if name in node.members else False
            needed = either(negated(present(node)), there)
            if needed is not True:
                yield Clause(expression(needed), missing=f"{node.path}.{name}".lstrip("."))


def _all_of(word: str, schema: Dict[str, Any], node: Container, root: Any, depth: int) -> Iterator[Clause]:
    for part in schema[word]:
        yield from clauses(part, node, root, depth + 1)


def _if(_word: str, schema: Dict[str, Any], node: Container, root: Any, depth: int) -> Iterator[Clause]:
    """A condition that is known beforehand (the name of a list's entry) leaves one of its branches."""
    try:
        condition = exact(schema["if"], node, root)
    except Inexpressible:
        condition = None
    if isinstance(condition, bool):
        yield from clauses(schema.get("then" if condition else "else", True), node, root, depth + 1)
    else:
        yield _whole({word: schema[word] for word in ("if", "then", "else") if word in schema}, node, root)


def _whole_word(
    word: str, schema: Dict[str, Any], node: Container, root: Any, _depth: int
) -> Iterator[Clause]:
    yield _whole({word: schema[word]}, node, root)


WORDS: dict[str, Around] = {
    "properties": _members,
    "patternProperties": _members,
    "additionalProperties": _members,
    "items": _items,
    "required": _required,
    "allOf": _all_of,
    "if": _if,
}
"""Words of the schema of an object or a list that fall apart into clauses; any other is one clause."""


def _whole(schema: Any, node: Container, root: Any) -> Clause:
    absent = negated(present(node))
    try:
        return Clause(expression(either(absent, exact(schema, node, root))))
    except Inexpressible:
        return Clause(expression(absent))
