"""A mapping with every kind of place, rows for it, JSON Schemas for its payloads, and the payloads built the slow way."""

import json
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import strategies as st

from importer.domain.mapping import CLEAR_MARKER, Column, KeyedList, Mapping, Request, RuleCall
from importer.domain.rows import LINE, ROW
from importer.transform import Transform, Transformed
from importer.transform.binding import Binding
from importer.transform.plan import Plan

Schema = dict[str, Any] | bool

NUMBER, BOOLEAN, SPLIT = (
    RuleCall(name="number"),
    RuleCall(name="boolean"),
    RuleCall(name="split", argument=";"),
)
ENTRIES = RuleCall(name="entries", argument={"field": "id", "with": {"at": 0}})
COLUMNS: dict[str, tuple[str, tuple[RuleCall, ...], str]] = {
    "sku": ("p.sku", (), "text"),
    "name": ("p.name", (), "text"),
    "price": ("p.price", (NUMBER,), "number"),
    "qty": ("p.stock.qty", (NUMBER,), "number"),
    "active": ("p.stock.active", (BOOLEAN,), "boolean"),
    "note": ("p.stock.note", (), "text"),
    "color": ("p.attrs[color]", (), "text"),
    "cost": ("p.attrs[cost]", (NUMBER,), "number"),
    "tier": ("p.tiers[0].price", (NUMBER,), "number"),
    "tier2": ("p.tiers[1].price", (NUMBER,), "number"),
    "tags": ("p.tags", (SPLIT,), "texts"),
    "ids": ("p.ids", (SPLIT, ENTRIES), "entries"),
    "raw": ("p.raw", (), "json"),
}
"""Column -> place in the payload, rules, what its cells are."""

TEXTS = [
    "",
    " ",
    "a",
    "ab",
    "abc",
    "A-1",
    "é",
    "naïve ab",
    "two\nlines",
    "true",
    "12",
    '"q"',
    "back\\slash",
    "12\n",
]
NUMBERS = [
    "0", "-0", "1", "1.0", "1.50", "0.3", "19.99", "-2.5", "5", "10", "100", "1000000", "0.00001", "0.05", "7.25",
    "12345678901234567890", "0.1234567890123456789", "1.00000000000000000001", "999999999999999", "+3", ".5", "",
]  # fmt: skip
CELLS: dict[str, list[str]] = {
    "text": TEXTS,
    "number": NUMBERS,
    "boolean": ["1", "0", "yes", "no", ""],
    "texts": ["a", "a;b", "b;a;ab", "", "é;a", "a;a"],
    "entries": ["1", "1;2", "", "a;b;c"],
    "json": [
        '"a"',
        '"é"',
        '"a\\"b"',
        "1",
        "1.5",
        "-0",
        "1e2",
        "true",
        "null",
        '{"a":1}',
        "[1,2]",
        '"12"',
        "",
    ],
}

CLEARED: dict[str, Any] = {
    "text": "",
    "number": None,
    "boolean": None,
    "texts": "",
    "entries": [],
    "json": None,
}

ATTRS = ("object", {"code": ("text", {}), "value": ("any", {})})
SHAPE: Any = (
    "object",
    {
        "p": (
            "object",
            {
                "sku": ("text", {}),
                "name": ("text", {}),
                "price": ("number", {}),
                "kind": ("text", {}),
                "stock": ("object", {"qty": ("number", {}), "active": ("boolean", {}), "note": ("text", {})}),
                "attrs": ("array", ATTRS),
                "tiers": ("array", ("object", {"price": ("number", {})})),
                "tags": ("array", ("text", {})),
                "ids": ("array", ("object", {"id": ("text", {}), "at": ("number", {})})),
                "raw": ("any", {}),
            },
        )
    },
)
"""(type, members of an object or shape of a list's entries)."""

PATTERNS = [
    "^a",
    "b$",
    "^[a-z]+$",
    "\\d",
    "^\\w+$",
    ".",
    "^$",
    "a|1",
    "^(?:a|ab)$",
    "\\s",
    "é",
    "^[^a]*$",
    "-",
    "a{1,2}b?",
    "\\bab",
]
STEPS = [1, 0.01, 0.1, 0.05, 0.25, 5, 10, 0.0001, 1e-05, 3, 0.3, 1000, 2.5]
LIMITS = [0, 1, -2.5, 0.3, 19.99, 5, 100, 1e6, 12345678901234567890, 0.00001]
CONSTANTS = [
    "a",
    "ab",
    "",
    "é",
    "color",
    "cost",
    "simple",
    0,
    1,
    1.0,
    1.5,
    0.3,
    0.00001,
    True,
    False,
    None,
    [],
    {},
]
TYPES = ["string", "number", "integer", "boolean", "null", "array", "object"]


def mapping(schema: Schema, names: list[str]) -> Mapping:
    columns = {
        name: Column(name=name, to=COLUMNS[name][0], rules=COLUMNS[name][1])
        for name in names
        if COLUMNS[name][2] != "json"
    }
    return Mapping(
        name="any",
        title="",
        entity="product",
        request=Request(method="POST", path="/V1/products", idempotent=True),
        keys=("sku",),
        columns=columns,
        constants={"p.kind": "simple"},
        lists={"p.attrs": KeyedList(key="code", value="value")},
        schema=schema,  # type: ignore[arg-type]
    )


def transformed(
    schema: Schema, names: list[str], rows: list[dict[str, str]], seen: list[Plan] | None = None
) -> Transformed:
    """The product's way; `seen` gets the plans that it made."""
    frame = pl.DataFrame(
        [(number, number + 1, *(row[name] or None for name in names)) for number, row in enumerate(rows, 1)],
        schema={ROW: pl.Int64, LINE: pl.Int64, **{_column(name): pl.String for name in names}},
        orient="row",
    )
    literal = {"p.raw": "p.raw"} if "raw" in names else {}
    own = {name: name for name in names if name != "raw"}
    transform = Transform(mapping(schema, names), Binding(own, (), (), literal), {})
    done = transform(frame)
    if seen is not None:
        seen.extend(transform._plans.values())
    return done


def _column(name: str) -> str:
    return "p.raw" if name == "raw" else name


def payload(row: dict[str, str]) -> str:
    """The JSON that the row has to become."""
    product: dict[str, Any] = {"kind": "simple"}
    for name, cell in row.items():
        path, _, kind = COLUMNS[name]
        if cell.strip() == "":
            continue
        value = CLEARED[kind] if cell == CLEAR_MARKER else VALUES[kind](cell)
        _put(product, path.removeprefix("p."), value)
    return _json({"p": product})


def _put(product: dict[str, Any], path: str, value: Any) -> None:
    if path.startswith("attrs"):
        entry = {"code": path[6:-1], "value": value}
        product.setdefault("attrs", []).append(entry)
    elif path.startswith("tiers"):
        product.setdefault("tiers", []).append({"price": value})
    elif path.startswith("stock."):
        product.setdefault("stock", {})[path[6:]] = value
    else:
        product[path] = value


VALUES: dict[str, Any] = {
    "text": str,
    "number": Decimal,
    "boolean": lambda cell: cell in ("1", "yes"),
    "texts": lambda cell: cell.split(";"),
    "entries": lambda cell: [{"id": one, "at": 0} for one in cell.split(";")],
    "json": lambda cell: json.loads(cell, parse_float=Decimal, parse_int=Decimal),
}


def _json(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{_json(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    return format(value, "f") if isinstance(value, Decimal) else json.dumps(value)


@st.composite
def rows(draw: st.DrawFn, names: list[str]) -> dict[str, str]:
    found = {name: draw(st.sampled_from([*CELLS[COLUMNS[name][2]], ""])) for name in names}
    for name in names:
        if name not in ("sku", "raw") and draw(st.integers(0, 9)) == 0:
            found[name] = CLEAR_MARKER
    return {**found, "sku": draw(st.sampled_from(["a", "ab", "A-1", "é"]))}


@st.composite
def schemas(draw: st.DrawFn, shape: Any = SHAPE, depth: int = 0) -> Schema:
    """Mostly about what is there, now and then about what is not."""
    if depth and draw(st.integers(0, 11)) == 0:
        return draw(st.booleans())
    kind, inner = shape
    words = draw(st.lists(st.sampled_from(WORDS[kind] + OF_ANY), min_size=1, max_size=3, unique=True))
    schema: dict[str, Any] = {}
    for word in words:
        if word not in NESTED or depth < MOST_DEEP:
            schema |= ARGUMENTS[word](draw, shape, inner, depth + 1)
    return schema


MOST_DEEP = 5
OF_ANY = ["type", "enum", "const", "allOf", "anyOf", "oneOf", "not", "if", "$ref"]
OF_OBJECT = [
    "properties", "properties", "properties", "patternProperties", "additionalProperties", "required",
    "dependentRequired", "dependentSchemas", "propertyNames", "minProperties", "maxProperties",
    "unevaluatedProperties",
]  # fmt: skip
OF_ARRAY = [
    "items",
    "items",
    "prefixItems",
    "contains",
    "minItems",
    "maxItems",
    "uniqueItems",
    "unevaluatedItems",
]
OF_NUMBER = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "multipleOf"]
OF_TEXT = ["minLength", "maxLength", "pattern", "pattern"]
WORDS: dict[str, list[str]] = {
    "object": OF_OBJECT,
    "array": OF_ARRAY,
    "number": OF_NUMBER,
    "text": OF_TEXT,
    "boolean": ["type"],
    "any": [*OF_TEXT, *OF_NUMBER, "minItems", "required"],
}
NESTED = {"allOf", "anyOf", "oneOf", "not", "if", "items", "contains", "prefixItems", "properties", "patternProperties",
          "additionalProperties", "dependentSchemas", "unevaluatedProperties", "unevaluatedItems"}  # fmt: skip
COUNTS = st.integers(0, 4)


def _names(inner: Any) -> Any:
    return st.sampled_from([*inner, "other"]) if isinstance(inner, dict) and inner else st.just("other")


def _member(inner: Any, name: str) -> Any:
    return inner.get(name, ("any", {})) if isinstance(inner, dict) else ("any", {})


def _entry(inner: Any) -> Any:
    return inner if isinstance(inner, tuple) else ("any", {})


def _several(word: str) -> Any:
    def make(draw: st.DrawFn, shape: Any, _inner: Any, depth: int) -> dict[str, Any]:
        return {word: draw(st.lists(schemas(shape, depth), min_size=1, max_size=3))}

    return make


def _if(draw: st.DrawFn, shape: Any, _inner: Any, depth: int) -> dict[str, Any]:
    words = draw(st.sets(st.sampled_from(["then", "else"])))
    return {word: draw(schemas(shape, depth)) for word in ["if", *sorted(words)]}


def _properties(draw: st.DrawFn, _shape: Any, inner: Any, depth: int) -> dict[str, Any]:
    names = draw(st.lists(_names(inner), min_size=1, max_size=4, unique=True))
    return {"properties": {name: draw(schemas(_member(inner, name), depth)) for name in names}}


def _matching(draw: st.DrawFn, _shape: Any, inner: Any, depth: int) -> dict[str, Any]:
    pattern = draw(st.sampled_from(["^p", "e", "^s", "k$", "^code$", "."]))
    return {"patternProperties": {pattern: draw(schemas(("any", {}), depth))}}


def _dependent(word: str) -> Any:
    def make(draw: st.DrawFn, shape: Any, inner: Any, depth: int) -> dict[str, Any]:
        needs = st.lists(_names(inner), max_size=2, unique=True)
        part = needs if word == "dependentRequired" else schemas(shape, depth)
        return {word: {draw(_names(inner)): draw(part)}}

    return make


def _contains(draw: st.DrawFn, _shape: Any, inner: Any, depth: int) -> dict[str, Any]:
    found = {"contains": draw(schemas(_entry(inner), depth))}
    for word in ("minContains", "maxContains"):
        if draw(st.booleans()):
            found[word] = draw(st.integers(0, 2))
    return found


def _plain(word: str, values: Any) -> Any:
    return lambda draw, _shape, _inner, _depth: {word: draw(values)}


def _one_of(word: str, inside: Any) -> Any:
    return lambda draw, shape, inner, depth: {word: draw(schemas(inside(shape, inner), depth))}


ARGUMENTS: dict[str, Any] = {
    "type": _plain(
        "type", st.one_of(st.sampled_from(TYPES), st.lists(st.sampled_from(TYPES), min_size=1, unique=True))
    ),
    "enum": _plain("enum", st.lists(st.sampled_from(CONSTANTS), min_size=1, max_size=4)),
    "const": _plain("const", st.sampled_from(CONSTANTS)),
    "allOf": _several("allOf"),
    "anyOf": _several("anyOf"),
    "oneOf": _several("oneOf"),
    "not": _one_of("not", lambda shape, _inner: shape),
    "if": _if,
    "$ref": _plain("$ref", st.sampled_from(["#/$defs/text", "#/$defs/number", "#/$defs/a~1b"])),
    "properties": _properties,
    "patternProperties": _matching,
    "additionalProperties": _one_of("additionalProperties", lambda _shape, _inner: ("any", {})),
    "unevaluatedProperties": _one_of("unevaluatedProperties", lambda _shape, _inner: ("any", {})),
    "unevaluatedItems": _one_of("unevaluatedItems", lambda _shape, _inner: ("any", {})),
    "required": lambda draw, _s, inner, _d: {
        "required": draw(st.lists(_names(inner), max_size=3, unique=True))
    },
    "dependentRequired": _dependent("dependentRequired"),
    "dependentSchemas": _dependent("dependentSchemas"),
    "propertyNames": _plain(
        "propertyNames",
        st.sampled_from([{"maxLength": 4}, {"pattern": "^[a-p]"}, {"enum": ["p", "sku", "kind"]}, False]),
    ),
    "minProperties": _plain("minProperties", COUNTS),
    "maxProperties": _plain("maxProperties", COUNTS),
    "items": _one_of("items", lambda _shape, inner: _entry(inner)),
    "prefixItems": lambda draw, _s, inner, depth: {"prefixItems": [draw(schemas(_entry(inner), depth))]},
    "contains": _contains,
    "minItems": _plain("minItems", COUNTS),
    "maxItems": _plain("maxItems", COUNTS),
    "uniqueItems": _plain("uniqueItems", st.booleans()),
    "minimum": _plain("minimum", st.sampled_from(LIMITS)),
    "maximum": _plain("maximum", st.sampled_from(LIMITS)),
    "exclusiveMinimum": _plain("exclusiveMinimum", st.sampled_from(LIMITS)),
    "exclusiveMaximum": _plain("exclusiveMaximum", st.sampled_from(LIMITS)),
    "multipleOf": _plain("multipleOf", st.sampled_from(STEPS)),
    "minLength": _plain("minLength", COUNTS),
    "maxLength": _plain("maxLength", COUNTS),
    "pattern": _plain("pattern", st.sampled_from(PATTERNS)),
}


@st.composite
def cases(draw: st.DrawFn) -> tuple[Schema, list[str], list[dict[str, str]]]:
    """A schema, the columns of a file, its rows."""
    others = draw(st.lists(st.sampled_from(sorted(set(COLUMNS) - {"sku"})), min_size=1, unique=True))
    names = [name for name in COLUMNS if name == "sku" or name in others]
    schema = draw(schemas())
    schema = {"allOf": [schema]} if isinstance(schema, bool) else schema
    schema["$defs"] = {
        "text": {"maxLength": 2},
        "number": {"type": "number"},
        "a/b": {"$ref": "#/$defs/text"},
    }
    return schema, names, draw(st.lists(rows(names), min_size=1, max_size=8))
