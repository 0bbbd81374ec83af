"""From JSON Schema to clauses that accept payloads without looking at them one by one.

The expression of a clause is true for a row only if its part of the schema holds there; where it is not true, the
schema itself decides, with that part and that place alone.
"""

from collections.abc import Callable, Iterator, Mapping as Dict
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from importer.transform.ground import ANNOTATIONS, MOST_NESTED, Ground, followed
from importer.transform.logic import either, expression, negated
from importer.transform.tree import Array, Constant, Leaf, Node, Object, present
from importer.transform.verdicts import applying, exact, has


@dataclass(frozen=True)
class Clause:
    """Where `accept` is not true, what is at `node` has to be held against `schema`.

    `missing`: nothing has to be looked at, the value of that path is required and not there. `here`: the clause speaks
    only of rows for which this is true; few are not accepted, so it is asked of these alone.
    """

    accept: pl.Expr
    node: Node
    schema: Any = True
    missing: str | None = None
    here: pl.Expr | None = None


def clauses(schema: Any, node: Node, ground: Ground, depth: int = 0) -> Iterator[Clause]:
    """What has to hold at `node` where it is there; parts that hold for every row are left out."""
    schema = followed(schema, ground.root)
    if schema is True or schema == {}:
        return
    if schema is False or depth > MOST_NESTED:
        yield Clause(expression(negated(present(node))), node, schema)
    elif isinstance(node, Leaf | Constant):
        yield from _one(schema, node, ground)
    else:
        for word in schema:
            if word not in ANNOTATIONS:
                yield from WORDS.get(word, _word)(word, schema, node, ground, depth)


def _one(schema: Any, node: Node, ground: Ground) -> Iterator[Clause]:
    verdict = exact(schema, node, ground)
    if verdict is not True:
        yield Clause(expression(either(negated(present(node)), verdict)), node, schema)


Container = Object | Array
Around = Callable[[str, Dict[str, Any], Container, Ground, int], Iterator[Clause]]


def _members(
    word: str, schema: Dict[str, Any], node: Container, ground: Ground, depth: int
) -> Iterator[Clause]:
    """`properties`, `patternProperties` and `additionalProperties`: what each says of the members that are there."""
    if isinstance(node, Object):
        for name, child in node.members.items():
            for part in applying(word, name, schema):
                yield from _inside(part, child, node, ground, depth)


def _inside(part: Any, child: Node, node: Container, ground: Ground, depth: int) -> Iterator[Clause]:
    """A constant is there whenever what is around it is."""
    if not isinstance(child, Constant):
        yield from clauses(part, child, ground, depth + 1)
    elif not exact(part, child, ground):
        yield Clause(expression(negated(present(node))), child, part)


def _items(
    word: str, schema: Dict[str, Any], node: Container, ground: Ground, depth: int
) -> Iterator[Clause]:
    if isinstance(node, Object):
        return
    if "prefixItems" in schema or schema[word] is False:
        yield from _one(_words(schema, "prefixItems", word), node, ground)
        return
    for entry in node.entries.values():
        yield from _inside(schema[word], entry, node, ground, depth)


def _required(
    word: str, schema: Dict[str, Any], node: Container, _ground: Ground, _depth: int
) -> Iterator[Clause]:
    if isinstance(node, Object):
        for name in schema[word]:
            there, around = has(node, name), present(node)
            if there is not True and around is not False:
                here = None if around is True else expression(around)
                path = f"{node.path}.{name}".lstrip(".")
                yield Clause(expression(there), node, missing=path, here=here)


def _all_of(
    word: str, schema: Dict[str, Any], node: Container, ground: Ground, depth: int
) -> Iterator[Clause]:
    for part in schema[word]:
        yield from clauses(part, node, ground, depth + 1)


def _ref(word: str, schema: Dict[str, Any], node: Container, ground: Ground, depth: int) -> Iterator[Clause]:
    alone = {word: schema[word]}
    target = followed(alone, ground.root)
    yield from _one(alone, node, ground) if target is alone else clauses(target, node, ground, depth + 1)


def _if(_word: str, schema: Dict[str, Any], node: Container, ground: Ground, depth: int) -> Iterator[Clause]:
    """A condition that is known beforehand (the name of a list's entry) leaves one of its branches; otherwise each
    branch speaks of the rows for which the condition says so, and the schema itself decides where it says nothing."""
    condition = exact(schema["if"], node, ground)
    if isinstance(condition, bool):
        yield from clauses(schema.get("then" if condition else "else", True), node, ground, depth + 1)
        return
    whole = _words(schema, "if", "then", "else")
    if condition is None:
        yield from _one(whole, node, ground)
        return
    yield Clause(expression(either(negated(present(node)), condition.is_not_null())), node, whole)
    for branch, holds in (("then", condition), ("else", ~condition)):
        for clause in clauses(schema.get(branch, True), node, ground, depth + 1):
            yield replace(clause, accept=clause.accept | ~expression(holds))


def _contains(
    word: str, schema: Dict[str, Any], node: Container, ground: Ground, _depth: int
) -> Iterator[Clause]:
    yield from _one(_words(schema, word, "minContains", "maxContains"), node, ground)


def _whole(
    _word: str, schema: Dict[str, Any], node: Container, ground: Ground, _depth: int
) -> Iterator[Clause]:
    """What no other word has looked at depends on all of them."""
    yield from _one(schema, node, ground)


def _word(
    word: str, schema: Dict[str, Any], node: Container, ground: Ground, _depth: int
) -> Iterator[Clause]:
    yield from _one({word: schema[word]}, node, ground)


def _words(schema: Dict[str, Any], *words: str) -> dict[str, Any]:
    return {word: schema[word] for word in words if word in schema}


WORDS: dict[str, Around] = {
    "properties": _members,
    "patternProperties": _members,
    "additionalProperties": _members,
    "items": _items,
    "prefixItems": _items,
    "required": _required,
    "allOf": _all_of,
    "$ref": _ref,
    "if": _if,
    "contains": _contains,
    "unevaluatedProperties": _whole,
    "unevaluatedItems": _whole,
}
"""Words of the schema of an object or a list that fall apart into clauses; any other is one clause."""
