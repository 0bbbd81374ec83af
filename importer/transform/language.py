"""The mapping language as a JSON Schema: it judges every document, and editors complete documents with it.

`mappings/mapping.schema.json` is this schema as a file; a test holds both together.
"""

from collections.abc import Mapping as Dict
from typing import Any

from importer.domain.documents import LANGUAGE, METHODS
from importer.domain.mapping import CLEAR_MARKER, EmptyCell, RepeatedKeys, UnknownColumns
from importer.transform.rules import RULES, SCALAR, WORD

Schema = Dict[str, Any]


def table(says: str, properties: Schema, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """A table with these words and no others."""
    found: dict[str, Any] = {
        "description": says,
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }
    return found | ({"required": list(required)} if required else {})


def text(says: str, **words: Any) -> dict[str, Any]:
    return {"description": says, **WORD, **words}


def choice(says: str, words: Any, default: str | None = None) -> dict[str, Any]:
    return {"description": says, "enum": [str(word) for word in words]} | (
        {"default": default} if default else {}
    )


def flag(says: str) -> dict[str, Any]:
    return {"description": says, "type": "boolean", "default": False}


def listed(says: str, items: Schema, least: int = 1) -> dict[str, Any]:
    return {"description": says, "type": "array", "minItems": least, "items": items}


def mark(says: str, *words: str) -> dict[str, Any]:
    """One character, or a word for one that is hard to type."""
    return {
        "description": says,
        "anyOf": [{"enum": list(words)}, {"type": "string", "pattern": "^[\\t -~]$"}],
    }


CONDITION = {
    **table(
        'a condition is `{column: name, in: [...]}` or `{column: name, not_in: [...]}`; an empty cell is `""`',
        {
            "column": text("a column of this mapping"),
            "in": listed("true for a cell with one of these words, in upper or lower case", SCALAR),
            "not_in": listed("true for a cell with none of these words", SCALAR),
        },
        ("column",),
    ),
    "oneOf": [{"required": ["in"]}, {"required": ["not_in"]}],
}

COLUMN = table(
    "a column is a table: `{to: path.in.payload, rules: [...]}`",
    {
        "to": text("where the value goes: `product.price`, `prices[0].qty`, or `list[name]` of a list under `lists:`"),
        "synonyms": listed("other names that a file may use, in upper or lower case", WORD, 0),
        "required": flag("the file must have the column"),
        "rules": listed("conversions, applied in order", {"$ref": "#/$defs/rule"}, 0),
        "empty": choice("overrides the document's `empty` for this column", EmptyCell),
        "default": {"description": "the value of an empty cell or an absent column, as it stands in the payload"},
        "when": {**CONDITION, "description": "only for rows where the condition holds: " + CONDITION["description"]},
        "inherit": table(
            "`{word: Use Config, flag: other column}`: this word in the cell sets the flag and leaves the value out",
            {"word": text("the word in the cell"), "flag": text("the column that it sets to 1")},
            ("word", "flag"),
        ),
        "expand": table(
            "`{attributes: \",\"}`: the cell holds `code=value,code2=value2`, each an attribute of the shop",
            {"attributes": text("what separates the attributes", maxLength=8)},
            ("attributes",),
        ),
        "expr": text("a Polars SQL expression over the row's cells, in place of the cell", maxLength=1000),
        "unique": flag("a value may stand in one row only"),
    },
)  # fmt: skip

REQUEST = table(
    "the shop's ordinary route that takes one row: `{method: POST, path: /V1/products}`",
    {
        "method": choice("the method of the route", METHODS, "POST"),
        "path": text("an ordinary route such as /V1/products", pattern="^/V[0-9]"),
        "idempotent": flag("sending the same twice does no harm"),
    },
    ("path",),
)

WORDS: dict[str, Any] = {
    "importer": {"description": "the version of this language", "const": LANGUAGE},
    "title": text("what the mapping is for, in a few words"),
    "entity": text("what a row is: product, customer and so on"),
    "request": REQUEST,
    "key": {
        "description": "the column that identifies a row, or a list of columns that do so together",
        "anyOf": [WORD, {"type": "array", "minItems": 2, "uniqueItems": True, "items": WORD}],
    },
    "columns": {
        "description": "the file's columns by name",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": COLUMN,
    },
    "constants": {"description": "path in the payload: the same value in every row", "type": "object"},
    "lists": {
        "description": "lists of `{key, value}` objects whose entries have names: `path[name]`",
        "type": "object",
        "additionalProperties": table(
            "a list is `{key: attribute_code, value: value}`",
            {"key": text("the field that holds the name"), "value": text("the field that holds the value")},
            ("key", "value"),
        ),
    },
    "skip": listed(
        "rows that are not this mapping's business",
        table(
            "a skip needs `when`, `code` and `text`",
            {
                "when": CONDITION,
                "code": text("the stable code in the report", pattern=r"^[a-z_]+(\.[a-z_]+)*$"),
                "text": text("the sentence in the report; {value} is the cell"),
                "fix": text("what to do about it"),
            },
            ("when", "code", "text"),
        ),
        0,
    ),
    "ignore": {
        "description": "columns that are known and left out, each with its reason",
        "type": "object",
        "additionalProperties": {"description": "the reason in the report", "type": ["string", "null"]},
    },
    "empty": choice(
        "an empty cell: keep the shop's value, clear it, or refuse the row", EmptyCell, EmptyCell.KEEP
    ),
    "clear_marker": {
        **text("a cell with this word empties the value in the shop"),
        "default": CLEAR_MARKER,
    },
    "unknown_columns": choice(
        "columns that are not named here: ignore (named in the report), reject the file, or take them as attributes",
        UnknownColumns, UnknownColumns.IGNORE,
    ),
    "attribute_path": text("the list that attributes belong to"),
    "repeated_keys": choice(
        "of rows with one key the last or the first wins and the others are skipped; or all are an error",
        RepeatedKeys, RepeatedKeys.LAST,
    ),
    "scope": table(
        "`{column: store_view_code, default: all}`: which column says for which of the shop's scopes a row is",
        {"column": text("a column of this mapping"), "default": text("the scope of an empty cell")},
        ("column",),
    ),
    "phases": listed(
        "operations of a phase are confirmed before the next one begins; the last phase takes all rows that are left",
        table(
            "a phase is `{name: simples, when: {column: product_type, in: [simple]}}`",
            {
                "name": text("what the report calls it"),
                "when": CONDITION,
                "request": {
                    **REQUEST,
                    "description": "a second request for a row, once its first one succeeded; it takes `payload`",
                },
                "payload": listed("the top parts of the payload that go in this phase: `[items]`", WORD),
            },
            ("name",),
        ),
    ),
    "schema": {"description": "JSON Schema (draft 2020-12) of the payload", "type": "object"},
    "reading": table(
        "how files of this mapping are read where nobody says otherwise: `{delimiter: \";\", encoding: cp1252}`",
        {
            "format": choice("what the file is, whatever its name", ("csv", "jsonl", "json", "xlsx")),
            "encoding": text("such as utf-8, cp1252 or utf-16"),
            "delimiter": mark("between cells: one ASCII character, or tab", "tab", "comma", "semicolon", "pipe"),
            "quote": mark("around cells: one ASCII character, or none", "none"),
            "header": {"description": "`false` where the first record is data; its columns are then column_1, column_2 and so on",
                       "type": "boolean", "default": True},
            "sheet": text("of a workbook"),
            "path": text("to the list in a JSON document: `data.products`"),
            "member": text("the file inside a zip archive"),
        },
    ),
}  # fmt: skip


def rule(name: str) -> Schema:
    """How a call of the rule may be written: its name alone, its name with an argument, or both."""
    declared = RULES[name]
    with_argument = {
        "description": declared.says,
        "type": "object",
        "additionalProperties": False,
        "required": [name],
        "properties": {name: {"description": declared.says, **declared.argument}},
    }
    return with_argument if declared.needs_argument else {
        "anyOf": [{"description": declared.says, "const": name}, with_argument]
    }  # fmt: skip


def published() -> dict[str, Any]:
    """The whole language, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Mapping document of importer",
        **table(
            "how the columns of a file become payloads for a shop",
            WORDS,
            ("importer", "entity", "request", "key", "columns"),
        ),
        "$defs": {
            "rule": {"description": "a named conversion", "anyOf": [rule(name) for name in sorted(RULES)]}
        },
    }


def judging() -> dict[str, Any]:
    """The same without the rules, which are judged one by one for the sake of better sentences."""
    return published() | {"$defs": {"rule": {"type": ["string", "object"]}}}
