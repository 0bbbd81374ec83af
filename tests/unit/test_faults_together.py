"""Faults of a mapping come all at once: each is told beside any other as it is told alone."""

from collections.abc import Callable
from copy import deepcopy
from itertools import combinations
from typing import Any

import pytest

from importer.transform.judging import judge

Document = dict[str, Any]

GOOD: Document = {
    "importer": 1,
    "title": "Good",
    "entity": "product",
    "request": {"method": "POST", "path": "/V1/products", "idempotent": True},
    "key": "sku",
    "constants": {"product.type_id": "simple"},
    "lists": {"product.custom_attributes": {"key": "attribute_code", "value": "value"}},
    "scope": {"column": "store", "default": "all"},
    "skip": [{"when": {"column": "kind", "in": ["bundle"]}, "code": "type.unsupported", "text": "x"}],
    "phases": [{"name": "first", "when": {"column": "kind", "in": ["simple"]}}, {"name": "last"}],
    "reading": {"delimiter": ";"},
    "columns": {
        "sku": {"to": "product.sku"},
        "store": {},
        "kind": {"to": "product.kind"},
        "name": {"to": "product.name", "synonyms": ["title"]},
        "price": {"to": "product.price", "rules": ["number"]},
        "weight": {"to": "product.weight", "rules": ["number"], "default": 1},
        "url": {"to": "product.custom_attributes[url_key]"},
        "label": {"to": "product.label", "default": "x"},
        "loud": {"to": "product.loud", "expr": "UPPER(name)"},
        "when": {"to": "product.when", "when": {"column": "kind", "in": ["simple"]}},
        "spare": {"to": "product.spare"},
        "idle": {"to": "product.idle"},
    },
    "schema": {
        "properties": {
            "product": {
                "type": "object",
                "required": ["sku"],
                "properties": {
                    "sku": {"type": "string", "pattern": "^[A-Z]"},
                    "type_id": {"type": "string"},
                    "label": {"type": "string"},
                    "price": {"type": "number"},
                    "name": {"type": "string", "maxLength": 9},
                },
            }
        }
    },
}


def put(*place: Any) -> Callable[[Document], None]:
    """The last word is the value, the others are where it is put."""
    *way, word, value = place

    def plant(document: Document) -> None:
        inner: Any = document
        for step in way:
            inner = inner[step]
        inner[word] = deepcopy(value)

    return plant


PRODUCT = ("schema", "properties", "product")
PLANTED = {
    "a word of the document": put("titel", "x"),
    "a title that is no text": put("title", 5),
    "a method": put("request", "method", "FETCH"),
    "a key that is no column": put("key", "skuu"),
    "what becomes of repeated keys": put("repeated_keys", "latest"),
    "the clear marker": put("clear_marker", ""),
    "a word of reading": put("reading", "delimeter", ";"),
    "an encoding": put("reading", "encoding", "klingon"),
    "a list without its value": put("lists", "product.other", {"key": "code"}),
    "the column of the scope": put("scope", "column", "stor"),
    "a word of the scope": put("scope", "defalt", "x"),
    "the code of a skip": put("skip", 0, "code", "A B"),
    "the column of a skip": put("skip", 0, "when", "column", "nope"),
    "a word of a skip": put("skip", 0, "fixx", "x"),
    "the column of a phase": put("phases", 0, "when", "column", "nope"),
    "two phases of one name": put("phases", 1, "name", "first"),
    "a word of a column": put("columns", "name", "requierd", True),
    "a path": put("columns", "name", "to", "product.name["),
    "a place that is taken": put("columns", "spare", "to", "product.kind"),
    "a place around others": put("columns", "spare", {"to": "product.price.x"}),
    "a path of a constant": put("constants", "product..x", 1),
    "a list that is not declared": put("columns", "url", "to", "product.attributes[url_key]"),
    "a rule": put("columns", "price", "rules", ["numbr"]),
    "an argument of a rule": put("columns", "kind", "rules", [{"regex": {"find": "(a", "replace": "b"}}]),
    "a rule that is no rule": put("columns", "sku", "rules", [5]),
    "a synonym that is taken": put("columns", "kind", "synonyms", ["title"]),
    "a default of another kind": put("columns", "weight", "default", "heavy"),
    "a default that the schema refuses": put("columns", "label", "default", 3),
    "a constant that the schema refuses": put("constants", "product.type_id", 3),
    "an expression": put("columns", "loud", "expr", "UPPER(nam)"),
    "a condition of a column": put("columns", "when", "when", {"column": "kind", "in": ["a"], "not_in": ["b"]}),
    "a column that goes nowhere": put("columns", "idle", {}),
    "a type of the schema": put(*PRODUCT, "properties", "price", "type", "numbr"),
    "a word of the schema": put(*PRODUCT, "requird", ["sku"]),
    "a pattern of the schema": put(*PRODUCT, "properties", "sku", "pattern", "(a"),
    "an $id in the schema": put(*PRODUCT, "properties", "x", {"$id": "foo"}),
    "a reference in the schema": put(*PRODUCT, "properties", "y", {"$ref": "#/$defs/nope"}),
    "a reference out of the schema": put(*PRODUCT, "properties", "z", {"$ref": "http://shop/x.json"}),
}  # fmt: skip
CLASH = {("a place that is taken", "a place around others")}
"""Both are of the same column."""


def told(*names: str) -> set[tuple[Any, ...]]:
    document = deepcopy(GOOD)
    for name in names:
        PLANTED[name](document)
    return set(judge("m", document, trusted=True)[1])


def test_the_document_they_are_planted_in_is_good() -> None:
    assert told() == set()


@pytest.mark.parametrize("name", PLANTED)
def test_each_is_a_fault(name: str) -> None:
    assert told(name)


@pytest.mark.parametrize("name", PLANTED)
def test_it_is_told_beside_any_other_as_it_is_told_alone(name: str) -> None:
    alone = {one: told(one) for one in PLANTED}
    pairs = [pair for pair in combinations(PLANTED, 2) if name == pair[0] and pair not in CLASH]

    assert {pair: told(*pair) for pair in pairs} == {(a, b): alone[a] | alone[b] for a, b in pairs}
