"""Named conversions of one column. Each is a Polars expression; null in, null out.

A value that goes in and does not come out is a fault of the row: then `code` names it and `explain` tells what is
wrong and what to do. Adding a rule is one function and one line in `RULES`.
"""

from collections.abc import Callable, Iterable, Mapping as Dict
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from jsonschema import Draft202012Validator

from importer.domain.mapping import RuleCall
from importer.ports import Tables
from importer.transform import dates, links, lists, look_ups, numbers, records, texts, variations
from importer.transform.kinds import Kind
from importer.transform.sentences import quoted

Apply = Callable[[pl.Expr, Any, Tables], pl.Expr]
Explain = Callable[[Any, Any, Tables], tuple[str, str]]
Kinds = Callable[[Kind, Any, Tables], Kind]

TEXT, MANY, ANY = frozenset({Kind.TEXT}), frozenset({Kind.TEXTS, Kind.NUMBERS, Kind.JSONS}), frozenset(Kind)
NOTHING: Dict[str, Any] = {"type": "null"}
WORD: Dict[str, Any] = {"type": "string", "minLength": 1}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`explain` gets the value that went in (a text, or a list after `split`): (what is wrong, what to do).

    `takes` says which kinds may come in, `kind` what goes out, `argument` is the JSON Schema of what may stand behind
    the rule's name; `faults` says what is wrong with an argument that fits it. A `rendered` rule wants the elements of
    a list as JSON texts.
    """

    apply: Apply
    says: str
    argument: Dict[str, Any] = field(default_factory=lambda: NOTHING)
    takes: frozenset[Kind] = TEXT
    rendered: bool = False
    kind: Kinds = lambda kind, _argument, _tables: kind
    faults: Callable[[Any], Iterable[str]] = lambda _argument: ()
    code: str = ""
    explain: Explain = lambda value, _argument, _tables: (f"{quoted(value)} cannot be converted.", "")

    @property
    def needs_argument(self) -> bool:
        return not Draft202012Validator(self.argument).is_valid(None)


def becomes(kind: Kind) -> Kinds:
    return lambda _kind, _argument, _tables: kind


LOOK_UP: Dict[str, Any] = {
    "description": "a table of the shop: " + ", ".join(look_ups.TABLES) + ", or option:<attribute code>",
    "type": "string",
    "anyOf": [{"enum": list(look_ups.TABLES)}, {"pattern": "^option:[a-z][a-z0-9_]*$"}],
}
NUMBER: Dict[str, Any] = {
    "type": ["object", "null"],
    "additionalProperties": False,
    "properties": {
        "decimal": {"enum": [".", ","]},
        "thousands": {"enum": [".", ",", "'", " "]},
        "units": {"type": "array", "items": WORD},
    },
}
SCALAR: Dict[str, Any] = {"type": ["string", "number", "boolean"]}

RULES: dict[str, Rule] = {
    "trim": Rule(apply=texts.trim, says="removes outer blanks"),
    "squeeze": Rule(
        apply=texts.squeeze, says="one blank for every run of blanks and line breaks, none outside"
    ),
    "lower": Rule(apply=texts.lower, says="makes lower case"),
    "upper": Rule(apply=texts.upper, says="makes upper case"),
    "slug": Rule(apply=texts.slug, says="makes a web address part: `Grün & Blau` becomes `grun-blau`"),
    "prefix": Rule(apply=texts.prefix, argument=WORD, says="puts a text before"),
    "suffix": Rule(apply=texts.suffix, argument=WORD, says="puts a text behind"),
    "replace": Rule(
        apply=texts.replace,
        argument={
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"minLength": 1},
            "additionalProperties": {"type": "string"},
        },
        says="`{old: new, other: new}`: replaces every occurrence, as written",
    ),
    "regex": Rule(
        apply=texts.regex,
        faults=texts.regex_faults,
        argument={
            "type": "object",
            "required": ["find", "replace"],
            "additionalProperties": False,
            "properties": {"find": {**WORD, "maxLength": 200}, "replace": {"type": "string"}},
        },
        says="`{find: '(\\d+)cm', replace: '$1'}`: replaces every match (Rust's regular expressions)",
    ),
    "extract": Rule(
        apply=texts.extract,
        faults=texts.extract_faults,
        argument={**WORD, "maxLength": 200},
        code="extract",
        explain=texts.explain_extract,
        says="`'([0-9]+)'`: keeps the first group of the first match; no match is an error",
    ),
    "number": Rule(
        apply=numbers.number,
        faults=numbers.number_faults,
        argument=NUMBER,
        kind=becomes(Kind.NUMBER),
        code="number",
        explain=numbers.explain_number,
        says='`{decimal: ",", thousands: ".", units: [EUR, €]}`; without an argument the decimal mark is a point',
    ),
    "integer": Rule(
        apply=numbers.integer,
        faults=numbers.number_faults,
        argument=NUMBER,
        kind=becomes(Kind.NUMBER),
        code="integer",
        explain=numbers.explain_integer,
        says="the same for whole numbers",
    ),
    "boolean": Rule(
        apply=numbers.boolean,
        faults=numbers.boolean_faults,
        argument={
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": {
                "true": {"type": "array", "items": SCALAR},
                "false": {"type": "array", "items": SCALAR},
            },
        },
        kind=becomes(Kind.BOOLEAN),
        code="boolean",
        explain=numbers.explain_boolean,
        says="1, yes, true, y / 0, no, false, n; or your own words: `{true: [ja], false: [nein]}`",
    ),
    "date": Rule(
        apply=dates.date,
        faults=dates.date_faults,
        argument={
            "type": "object",
            "required": ["format"],
            "additionalProperties": False,
            "properties": {"format": WORD, "to": WORD},
        },
        code="date",
        explain=dates.explain_date,
        says="`{format: '%d.%m.%Y'}` into `2024-03-01` (with a time of day when the format has one); `to:` another form",
    ),
    "values": Rule(
        apply=look_ups.values,
        faults=look_ups.values_faults,
        argument={
            "type": "object",
            "required": ["map"],
            "additionalProperties": False,
            "properties": {
                "map": {"type": "object", "minProperties": 1, "additionalProperties": SCALAR},
                "otherwise": SCALAR,
            },
        },
        kind=look_ups.values_kind,
        code="values.unknown",
        explain=look_ups.explain_values,
        says="`{map: {yes: 1, no: 2}, otherwise: 2}`; without `otherwise` an unknown word is an error",
    ),
    "split": Rule(
        apply=lists.split,
        argument={"anyOf": [NOTHING, WORD]},
        kind=becomes(Kind.TEXTS),
        says="a text into a list at a separator (`,`); empty parts are left out",
    ),
    "join": Rule(
        apply=lists.join,
        argument={"anyOf": [NOTHING, {"type": "string"}]},
        takes=MANY,
        kind=becomes(Kind.TEXT),
        says="a list into a text, with a separator (`,`)",
    ),
    "entries": Rule(
        apply=lists.entries,
        faults=lists.entries_faults,
        argument={
            "type": "object",
            "required": ["field"],
            "additionalProperties": False,
            "properties": {"field": WORD, "with": {"type": "object"}},
        },
        takes=MANY,
        rendered=True,
        kind=becomes(Kind.JSONS),
        says="a list of values into a list of objects: `{field: category_id, with: {position: 0}}`",
    ),
    "pairs": Rule(
        apply=lists.pairs,
        faults=lists.pairs_faults,
        argument={
            "type": "object",
            "required": ["key", "value"],
            "additionalProperties": False,
            "properties": {"key": WORD, "value": WORD, "equals": WORD, "separator": WORD},
        },
        kind=becomes(Kind.JSONS),
        code="pairs",
        explain=lists.explain_pairs,
        says="`size=M|colour=red` into a list of objects: `{key: name, value: label, separator: '|', equals: '='}`",
    ),
    "records": Rule(
        apply=records.records,
        faults=records.faults,
        argument=records.ARGUMENT,
        kind=becomes(Kind.JSONS),
        code="records",
        explain=records.explain,
        says="`name=A,qty=2|name=B,qty=1` into a list of objects: `{fields: {name: title, qty: {to: qty, type: number}}}`",
    ),
    "variation_options": Rule(
        apply=variations.options,
        kind=becomes(Kind.JSONS),
        code="variations",
        explain=variations.explain,
        says="Magento's `sku=A,color=Red|sku=B,color=Blue` into the options of a configurable product",
    ),
    "variation_children": Rule(
        apply=variations.children,
        kind=becomes(Kind.JSONS),
        code="variations",
        explain=variations.explain,
        says="the same into the list of its children, which are confirmed by the shop before it is sent",
    ),
    "links": Rule(
        apply=links.links,
        argument={"description": "a kind of link", "enum": list(links.KINDS)},
        kind=becomes(Kind.JSONS),
        code="links",
        explain=links.explain,
        says="`A,B|2,1` (SKUs, behind the bar their positions) into links of the product to those: `{links: related}`",
    ),
    "look_up": Rule(
        apply=look_ups.look_up,
        argument=LOOK_UP,
        kind=look_ups.kind,
        code="look_up.unknown",
        explain=look_ups.explain,
        says="a name into the shop's id: `attribute_set`, `website`, `store_view`, `tax_class`, `category`, `customer_group`, `option:<code>`",
    ),
    "look_up_each": Rule(
        apply=look_ups.look_up_each,
        argument=LOOK_UP,
        takes=frozenset({Kind.TEXTS}),
        kind=lambda kind, argument, tables: look_ups.kind(kind, argument, tables).each,
        code="look_up.unknown",
        explain=look_ups.explain_each,
        says="the same for every name of a list",
    ),
}


def kind_after(name: str, kind: Kind, argument: Any, tables: Tables) -> Kind:
    return LITERAL if name == LITERAL_RULE else RULES[name].kind(kind, argument, tables)


LITERAL_RULE, LITERAL = "literal", Kind.JSON
LITERAL_CALL = RuleCall(name=LITERAL_RULE)
"""The rule of a column that carries a part of the payload itself; nobody writes it into a mapping."""
