"""A part of a JSON Schema as an expression over a place of the payload: true where it holds, false where it does not.

Null where that is not known: then the schema itself decides. So an expression may say too little and never too much.
"""

import re
from collections.abc import Callable, Mapping as Dict
from typing import Any

import polars as pl

from importer.transform import scalars
from importer.transform.ground import ANNOTATIONS, Ground, followed
from importer.transform.kinds import Kind
from importer.transform.logic import Verdict, both, either, every, negated, number_of, some
from importer.transform.scalars import OF_LISTS, OF_OBJECTS, Scalar, at_least, at_most, known
from importer.transform.tree import Array, Constant, Leaf, Node, Object, inside

Place = Node | Scalar


def exact(schema: Any, place: Place, ground: Ground) -> Verdict:
    """What the schema says of a place that is there."""
    schema = followed(schema, ground.root)
    if isinstance(schema, bool):
        return schema
    if isinstance(place, Constant):
        return ground.holds(schema, place.value)
    if isinstance(place, Leaf):
        return _of_leaf(schema, place, ground)
    return every(_word(word, schema, place, ground) for word in schema if word not in ANNOTATIONS)


def _of_leaf(schema: Dict[str, Any], leaf: Leaf, ground: Ground) -> Verdict:
    value = pl.col(leaf.value)
    if not set(schema) - ANNOTATIONS:
        return True
    if leaf.kind.many:
        return _when(value.is_not_null(), _of_list(schema, leaf.kind, value, ground))
    return _of_value(schema, leaf.kind, value, ground)


def _of_value(schema: Any, kind: Kind, value: pl.Expr, ground: Ground) -> Verdict:
    """A JSON text of unknown type is judged when it is a plain text, number or truth value."""
    if kind is not Kind.JSON:
        scalar = Scalar(kind, value)
        return _when(known(scalar), exact(schema, scalar, ground))
    text = Scalar(Kind.TEXT, value.str.strip_prefix('"').str.strip_suffix('"'))
    number, truth = Scalar(Kind.NUMBER, value), Scalar(Kind.BOOLEAN, value)
    cases: list[tuple[pl.Expr, Scalar]] = [
        (value.str.contains(r'^"[^"\\]*"$'), text),
        (known(number), number),
        (value.is_in(["true", "false"]), truth),
    ]
    verdict: Verdict = None
    for case, scalar in reversed(cases):
        verdict = _when(case, exact(schema, scalar, ground), verdict)
    return verdict


def _when(case: pl.Expr, verdict: Verdict, otherwise: Verdict = None) -> Verdict:
    if verdict is None and otherwise is None:
        return None
    other = pl.lit(otherwise, dtype=pl.Boolean) if not isinstance(otherwise, pl.Expr) else otherwise
    own = pl.lit(verdict, dtype=pl.Boolean) if not isinstance(verdict, pl.Expr) else verdict
    return pl.when(case).then(own).otherwise(other)


def _of_list(schema: Dict[str, Any], kind: Kind, value: pl.Expr, ground: Ground) -> Verdict:
    """A list that is made of one cell; of its entries only "every one of them fits" is found out."""

    def judge(word: str) -> Verdict:
        argument = schema[word]
        if word == "type":
            return argument == "array" or (isinstance(argument, list) and "array" in argument)
        if word == "minItems":
            return at_least(value.list.len(), argument)
        if word == "maxItems":
            return at_most(value.list.len(), argument)
        if word == "items" and "prefixItems" not in schema:
            return _each(argument, kind, value, ground)
        return True if word in APPLIES and word not in OF_LISTS else None

    return every(judge(word) for word in schema if word not in ANNOTATIONS)


def _each(schema: Any, kind: Kind, value: pl.Expr, ground: Ground) -> Verdict:
    fits = _of_value(schema, kind.one, pl.element(), ground) if not isinstance(schema, bool) else schema
    if fits is True:
        return True
    if fits is None or fits is False:
        return None
    every_one = value.list.eval(fits.fill_null(value=False)).list.all()
    return pl.when(every_one).then(every_one)


Around = Object | Array | Scalar


def _word(word: str, schema: Dict[str, Any], place: Around, ground: Ground) -> Verdict:
    argument = schema[word]
    if word in COMBINED:
        return COMBINED[word](argument, schema, place, ground)
    if isinstance(place, Scalar):
        return scalars.word(word, argument, place)
    own = "object" if isinstance(place, Object) else "array"
    if word == "type":
        return own in (argument if isinstance(argument, list) else [argument])
    if isinstance(place, Object) and word in OBJECT_WORDS:
        return OBJECT_WORDS[word](word, schema, place, ground)
    if isinstance(place, Array) and word in LIST_WORDS:
        return LIST_WORDS[word](word, schema, place, ground)
    return True if word in APPLIES and own != APPLIES[word] else None


def _all_of(argument: Any, _schema: Dict[str, Any], place: Around, ground: Ground) -> Verdict:
    return every(exact(part, place, ground) for part in argument)


def _any_of(argument: Any, _schema: Dict[str, Any], place: Around, ground: Ground) -> Verdict:
    return some(exact(part, place, ground) for part in argument)


def _one_of(argument: Any, _schema: Dict[str, Any], place: Around, ground: Ground) -> Verdict:
    return number_of(exact(part, place, ground) for part in argument) == 1


def _not(argument: Any, _schema: Dict[str, Any], place: Around, ground: Ground) -> Verdict:
    return negated(exact(argument, place, ground))


def _if(argument: Any, schema: Dict[str, Any], place: Around, ground: Ground) -> Verdict:
    condition = exact(argument, place, ground)
    then, other = (exact(schema.get(word, True), place, ground) for word in ("then", "else"))
    return both(either(negated(condition), then), either(condition, other))


def _ref(argument: Any, _schema: Dict[str, Any], place: Around, ground: Ground) -> Verdict:
    alone = {"$ref": argument}
    target = followed(alone, ground.root)
    return None if target is alone else exact(target, place, ground)


COMBINED: dict[str, Callable[[Any, Dict[str, Any], Around, Ground], Verdict]] = {
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "if": _if,
    "$ref": _ref,
}


def applying(word: str, name: str, schema: Dict[str, Any]) -> list[Any]:
    """The schemas under `word` for a member of an object that is called `name`."""
    if word == "properties":
        return [schema[word][name]] if name in schema[word] else []
    matching = [
        part for pattern, part in schema.get("patternProperties", {}).items() if re.search(pattern, name)
    ]
    if word == "patternProperties":
        return matching
    return [] if name in schema.get("properties", {}) or matching else [schema[word]]


def _members(word: str, schema: Dict[str, Any], node: Object, ground: Ground) -> Verdict:
    parts = ((child, part) for name, child in node.members.items() for part in applying(word, name, schema))
    return every(either(negated(inside(child)), exact(part, child, ground)) for child, part in parts)


def has(node: Object, name: str) -> Verdict:
    return inside(node.members[name]) if name in node.members else False


def _required(word: str, schema: Dict[str, Any], node: Object, _ground: Ground) -> Verdict:
    return every(has(node, name) for name in schema[word])


def _names(word: str, schema: Dict[str, Any], node: Object, ground: Ground) -> Verdict:
    named = node.members.items()
    return every(negated(inside(child)) for name, child in named if not ground.holds(schema[word], name))


def _dependent(word: str, schema: Dict[str, Any], node: Object, ground: Ground) -> Verdict:
    def needed(part: Any) -> Verdict:
        return exact({"required": part} if word == "dependentRequired" else part, node, ground)

    return every(either(negated(has(node, name)), needed(part)) for name, part in schema[word].items())


def _counted(node: Object | Array) -> pl.Expr | int:
    found = node.members if isinstance(node, Object) else node.entries
    return number_of(inside(child) for child in found.values())


def _at_least(word: str, schema: Dict[str, Any], node: Object | Array, _ground: Ground) -> Verdict:
    return at_least(_counted(node), schema[word])


def _at_most(word: str, schema: Dict[str, Any], node: Object | Array, _ground: Ground) -> Verdict:
    return at_most(_counted(node), schema[word])


OBJECT_WORDS: dict[str, Callable[[str, Dict[str, Any], Object, Ground], Verdict]] = {
    "properties": _members,
    "patternProperties": _members,
    "additionalProperties": _members,
    "required": _required,
    "propertyNames": _names,
    "dependentRequired": _dependent,
    "dependentSchemas": _dependent,
    "minProperties": _at_least,
    "maxProperties": _at_most,
}


def _items(word: str, schema: Dict[str, Any], node: Array, ground: Ground) -> Verdict:
    if "prefixItems" in schema:
        return None
    entries = node.entries.values()
    return every(either(negated(inside(entry)), exact(schema[word], entry, ground)) for entry in entries)


def _contains(word: str, schema: Dict[str, Any], node: Array, ground: Ground) -> Verdict:
    fitting = number_of(
        both(inside(entry), exact(schema[word], entry, ground)) for entry in node.entries.values()
    )
    least, most = schema.get("minContains", 1), schema.get("maxContains")
    return both(at_least(fitting, least), True if most is None else at_most(fitting, most))


def _unique(word: str, schema: Dict[str, Any], node: Array, _ground: Ground) -> Verdict:
    """Entries of a keyed list differ by their names."""
    return True if node.named or not schema[word] else None


LIST_WORDS: dict[str, Callable[[str, Dict[str, Any], Array, Ground], Verdict]] = {
    "items": _items,
    "contains": _contains,
    "minItems": _at_least,
    "maxItems": _at_most,
    "uniqueItems": _unique,
}
APPLIES: dict[str, str] = {
    **dict.fromkeys(OF_OBJECTS, "object"),
    **dict.fromkeys(OF_LISTS, "array"),
    **{word: kind.value for word, (kind, _) in scalars.OF_KIND.items()},
}
"""Word -> the type of value that it speaks about; it holds for every other."""
