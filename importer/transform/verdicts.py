"""Words of JSON Schema as expressions over a place of the payload: true where the schema holds there, false where not.

What has no exact expression raises Inexpressible, and the schema itself decides.
"""

import re
from collections.abc import Callable, Iterable, Mapping as Dict
from typing import Any

import orjson
import polars as pl

from importer.transform import patterns
from importer.transform.kinds import EXACT_DIGITS, Kind
from importer.transform.schema import Validator
from importer.transform.tree import Constant, Leaf, Node, Object, present_inside

Verdict = pl.Expr | bool


class Inexpressible(Exception):
    """No expression says this exactly."""


ANNOTATIONS = frozenset(
    {
        "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "$schema",
        "$id", "$defs", "format", "contentEncoding", "contentMediaType", "contentSchema", "then", "else",
    }
)  # fmt: skip
"""Words that judge nothing; `then` and `else` belong to `if`."""
MOST_NESTED = 32


def exact(schema: Any, node: Node, root: Any, *, lenient: bool = False) -> Verdict:
    """True where the schema holds at `node`, false where it does not. Raises Inexpressible.

    `lenient`: false may also mean that it is not known.
    """
    schema = followed(schema, root)
    if isinstance(schema, bool):
        return schema
    if isinstance(node, Constant):
        return bool(Validator(rooted(schema, root)).is_valid(node.value))
    words = ((word, argument) for word, argument in schema.items() if word not in ANNOTATIONS)
    verdict = every(_word(word, argument, schema, node, root, lenient=lenient) for word, argument in words)
    if isinstance(node, Leaf) and not lenient and not isinstance(verdict, bool):
        return _guarded(verdict, node)
    return verdict


def _guarded(verdict: pl.Expr, leaf: Leaf) -> pl.Expr:
    """Null, which nothing accepts, where the expression would not be exact (a cleared value, a very long number)."""
    return pl.when(pl.col(leaf.value).is_not_null() & plain(leaf)).then(verdict)


def plain(leaf: Leaf) -> pl.Expr:
    """Numbers that a float keeps, so that comparing floats is comparing numbers."""
    if leaf.kind is not Kind.NUMBER:
        return pl.lit(value=True)
    value = pl.col(leaf.value)
    return (value.str.len_bytes() <= EXACT_DIGITS) & ~value.str.contains("e", literal=True)


def _word(
    word: str, argument: Any, schema: Dict[str, Any], node: Node, root: Any, *, lenient: bool
) -> Verdict:
    if word == "allOf":
        return every(exact(part, node, root, lenient=lenient) for part in argument)
    if word in COMBINED:
        return COMBINED[word](argument, schema, node, root)
    if isinstance(node, Leaf):
        return _of_leaf(word, argument, node, lenient=lenient)
    if isinstance(node, Object):
        return _of_object(word, argument, node, root)
    if word == "type":
        return argument == "array" or (isinstance(argument, list) and "array" in argument)
    raise Inexpressible(word)


def _any_of(argument: Any, _schema: Dict[str, Any], node: Node, root: Any) -> Verdict:
    return some(exact(part, node, root) for part in argument)


def _not(argument: Any, _schema: Dict[str, Any], node: Node, root: Any) -> Verdict:
    return negated(exact(argument, node, root))


def _if(argument: Any, schema: Dict[str, Any], node: Node, root: Any) -> Verdict:
    condition = exact(argument, node, root)
    then, other = (exact(schema.get(word, True), node, root) for word in ("then", "else"))
    return both(either(negated(condition), then), either(condition, other))


COMBINED: dict[str, Callable[[Any, Dict[str, Any], Node, Any], Verdict]] = {
    "anyOf": _any_of,
    "not": _not,
    "if": _if,
}


def _of_object(word: str, argument: Any, node: Object, root: Any) -> Verdict:
    members = node.members
    if word == "type":
        return argument == "object" or (isinstance(argument, list) and "object" in argument)
    if word == "required":
        return every(present_inside(members[name]) if name in members else False for name in argument)
    if word == "properties":
        inside = ((child, argument[name]) for name, child in members.items() if name in argument)
        return every(either(negated(present_inside(c)), exact(part, c, root)) for c, part in inside)
    if word == "dependentRequired":
        pairs = ((members[name], needed) for name, needed in argument.items() if name in members)
        return every(
            either(negated(present_inside(c)), _of_object("required", needed, node, root))
            for c, needed in pairs
        )
    raise Inexpressible(word)


def _of_leaf(word: str, argument: Any, leaf: Leaf, *, lenient: bool) -> Verdict:
    if leaf.kind in (Kind.JSON, Kind.JSONS, Kind.TEXTS, Kind.NUMBERS):
        raise Inexpressible(word)
    value = pl.col(leaf.value)
    if word in ANY_LEAF:
        return ANY_LEAF[word](leaf.kind, value, argument)
    if word in OF_KIND:
        kind, verdict = OF_KIND[word]
        return verdict(value, argument) if leaf.kind is kind else True
    if word in OF_CONTAINERS or (word == "pattern" and leaf.kind is not Kind.TEXT):
        return True
    if word == "pattern" and lenient and patterns.same_in_rust(argument):
        return patterns.found(value, argument)
    raise Inexpressible(word)


def _type(kind: Kind, value: pl.Expr, argument: Any) -> Verdict:
    types = argument if isinstance(argument, list) else [argument]
    if kind is Kind.NUMBER and "number" not in types and "integer" in types:
        return ~value.str.contains(".", literal=True)
    return {Kind.TEXT: "string", Kind.NUMBER: "number", Kind.BOOLEAN: "boolean"}[kind] in types


def _enum(kind: Kind, value: pl.Expr, argument: list[Any]) -> Verdict:
    return value.is_in([text for one in argument if (text := _as_text(one, kind)) is not None])


def _const(kind: Kind, value: pl.Expr, argument: Any) -> Verdict:
    return _enum(kind, value, [argument])


def _as_text(value: Any, kind: Kind) -> str | None:
    """The value as a leaf of that kind holds it; None when it can hold no such value."""
    if isinstance(value, bool):
        return orjson.dumps(value).decode() if kind is Kind.BOOLEAN else None
    if isinstance(value, str):
        return value if kind is Kind.TEXT else None
    if kind is Kind.NUMBER and isinstance(value, int | float):
        return str(int(value)) if value == int(value) else repr(value)
    return None


def _number(compare: Callable[[pl.Expr, Any], pl.Expr]) -> Callable[[pl.Expr, Any], Verdict]:
    return lambda value, limit: compare(value.cast(pl.Float64, strict=False), limit)


def _multiple(value: pl.Expr, step: Any) -> Verdict:
    """By the digits behind the point; another step than 1, 0.1, 0.01 ... has no exact expression."""
    written = repr(step)
    if isinstance(step, float) and re.fullmatch(r"0\.0*1", written):
        return value.str.contains(rf"^-?\d+(\.\d{{1,{len(written) - 2}}})?$")
    if step == 1:
        return ~value.str.contains(".", literal=True)
    raise Inexpressible("multipleOf")


ANY_LEAF: dict[str, Callable[[Kind, pl.Expr, Any], Verdict]] = {"type": _type, "enum": _enum, "const": _const}
OF_KIND: dict[str, tuple[Kind, Callable[[pl.Expr, Any], Verdict]]] = {
    "minimum": (Kind.NUMBER, _number(lambda number, limit: number >= limit)),
    "maximum": (Kind.NUMBER, _number(lambda number, limit: number <= limit)),
    "exclusiveMinimum": (Kind.NUMBER, _number(lambda number, limit: number > limit)),
    "exclusiveMaximum": (Kind.NUMBER, _number(lambda number, limit: number < limit)),
    "multipleOf": (Kind.NUMBER, _multiple),
    "minLength": (Kind.TEXT, lambda value, limit: value.str.len_chars() >= limit),
    "maxLength": (Kind.TEXT, lambda value, limit: value.str.len_chars() <= limit),
}
OF_CONTAINERS = frozenset(
    {
        "properties", "required", "additionalProperties", "patternProperties", "propertyNames", "minProperties",
        "maxProperties", "dependentRequired", "dependentSchemas", "items", "prefixItems", "contains", "minContains",
        "maxContains", "minItems", "maxItems", "uniqueItems", "unevaluatedItems", "unevaluatedProperties",
    }
)  # fmt: skip
"""Words that say nothing about a text, a number or a truth value."""


def followed(schema: Any, root: Any) -> Any:
    """A local reference that stands alone is what it names; any other is left to the schema itself."""
    seen = 0
    while isinstance(schema, dict) and set(schema) - ANNOTATIONS == {"$ref"} and seen < MOST_NESTED:
        target = root
        for part in str(schema["$ref"]).removeprefix("#").strip("/").split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            target = target.get(name) if isinstance(target, dict) and name else target if not name else None
        if target is None:
            return schema
        schema, seen = target, seen + 1
    return schema


def rooted(schema: Any, root: Any) -> Any:
    """A part of the schema with the definitions that it may refer to."""
    if isinstance(schema, dict) and isinstance(root, dict) and "$defs" in root:
        return {**schema, "$defs": root["$defs"]}
    return schema


def both(left: Verdict, right: Verdict) -> Verdict:
    if isinstance(left, bool):
        return right if left else False
    if isinstance(right, bool):
        return left if right else False
    return left & right


def either(left: Verdict, right: Verdict) -> Verdict:
    return negated(both(negated(left), negated(right)))


def negated(verdict: Verdict) -> Verdict:
    return not verdict if isinstance(verdict, bool) else ~verdict


def every(verdicts: Iterable[Verdict]) -> Verdict:
    found: Verdict = True
    for verdict in verdicts:
        found = both(found, verdict)
    return found


def some(verdicts: Iterable[Verdict]) -> Verdict:
    return negated(every(negated(verdict) for verdict in verdicts))


def expression(verdict: Verdict) -> pl.Expr:
    """True only where the verdict is known to be true."""
    return pl.lit(verdict) if isinstance(verdict, bool) else verdict.fill_null(value=False)
