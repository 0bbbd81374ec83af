"""The schema of a mapping: what is refused when it is loaded, exact numbers, and what a row is told."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, strategies as st

from importer.transform import schema
from importer.transform.plan import Plan
from tests.unit.transform import judged


@pytest.mark.parametrize(
    ("document", "path", "said"),
    [
        ({"properties": {"a": {"minLenght": 3}}}, "properties.a.minLenght", "is no word of JSON Schema"),
        ({"properties": {"a": {"pattern": "("}}}, "properties.a.pattern", "is not a 'regex'"),
        ({"properties": {"a": {"pattern": "\\p{L}"}}}, "properties.a.pattern", "is not a 'regex'"),
        ({"patternProperties": {"[": {}}}, "patternProperties", "is not a 'regex'"),
        ({"properties": {"a": {"$ref": "https://example.com/s"}}}, "properties.a.$ref", "is elsewhere"),
        ({"properties": {"a": {"$ref": "#/$defs/prize"}}}, "properties.a.$ref", "there is nothing at"),
        ({"properties": {"a": {"$id": "https://example.com/s"}}}, "properties.a.$id", "cannot have an `$id`"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "$schema", "of draft 2020-12"),
        ({"properties": {"a": {"maximum": float("inf")}}}, "properties.a.maximum", "has no end"),
        ({"properties": {"a": {"minLength": -1}}}, "properties.a.minLength", "less than the minimum"),
        ({"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}}}, "$defs.a", "refers to itself"),
        ({"allOf": [{"$ref": "#"}]}, "", "refers to itself"),
    ],
)
def test_a_schema_that_could_never_judge_is_refused_when_it_is_loaded(
    document: dict[str, Any], path: str, said: str
) -> None:
    fault = schema.fault(document)

    assert fault is not None
    assert fault[0] == path
    assert said in fault[1]


def test_a_schema_may_refer_to_itself_where_it_goes_deeper() -> None:
    tree = {
        "properties": {"inner": {"$ref": "#"}, "list": {"items": {"$ref": "#/$defs/a"}}},
        "$defs": {"a": {}},
    }

    assert schema.fault(tree) is None


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=8)
LIMITS = st.one_of(st.integers(-(10**20), 10**20), st.decimals(-1000, 1000, places=4).map(float))


def whole(text: str | float) -> Fraction:
    return Fraction(Decimal(repr(text) if isinstance(text, float) else text))


@given(NUMBERS, LIMITS)
def test_numbers_are_compared_as_they_are_written(number: Decimal, limit: float) -> None:
    text = format(number, "f")
    value, exact, bound = schema.load(text), whole(text), whole(limit)
    holds = {
        "minimum": exact >= bound,
        "maximum": exact <= bound,
        "exclusiveMinimum": exact > bound,
        "exclusiveMaximum": exact < bound,
    }
    if limit > 0:
        holds["multipleOf"] = exact % bound == 0

    assert {word: schema.Validator({word: limit}).is_valid(value) for word in holds} == holds


def test_numbers_beyond_all_measure_end_in_a_verdict() -> None:
    for text in ("-1e999999", "1e-400"):
        assert not schema.Validator({"multipleOf": 0.01}).is_valid(schema.load(text))
    assert schema.Validator({"type": "integer"}).is_valid(schema.load("1e400"))
    assert schema.Validator({"multipleOf": 0.01}).is_valid(schema.load("1e400"))


def told(document: dict[str, Any], **cells: str) -> list[tuple[str, str, str, str]]:
    row = {"sku": "a", **cells}
    done = judged.transformed(document, list(row), [row])
    return [(str(error.column), error.code, str(error.value), error.text) for error in done.errors]


def product(**members: Any) -> dict[str, Any]:
    return {"properties": {"p": {"properties": members}}}


def test_several_faults_of_one_cell_are_all_told() -> None:
    found = told(
        product(name={"allOf": [{"pattern": "^a"}, {"pattern": "z$"}, {"maxLength": 2}]}), name="bcd"
    )

    assert [(column, code, value) for column, code, value, _ in found] == [
        ("name", "text.pattern", "bcd"),
        ("name", "text.pattern", "bcd"),
        ("name", "text.too_long", "bcd"),
    ]


def test_a_value_that_another_one_needs_is_named_by_its_column() -> None:
    found = told({"properties": {"p": {"dependentRequired": {"name": ["price"]}}}}, name="x", price="")

    assert [(column, code) for column, code, _, _ in found] == [("price", "schema.dependentRequired")]


def test_of_several_forms_each_is_told_with_its_reason() -> None:
    [(column, code, value, text)] = told(
        product(name={"anyOf": [{"maxLength": 2}, {"pattern": "^A-"}]}), name="abc"
    )

    assert (column, code, value) == ("name", "schema.anyOf", "abc")
    assert text == (
        "The value has none of the allowed forms: The text must have at most 2 characters. "
        "Or: The text must look like ^A-."
    )


def test_what_is_allowed_is_told_in_plain_words() -> None:
    found = told(
        product(name={"enum": ["S", "M", "L"]}, price={"type": ["string", "null"]}), name="XL", price="3"
    )

    assert [text for _, _, _, text in found] == [
        "The value must be one of 'S', 'M', 'L'.",
        "The value must be of the type string or null.",
    ]


def test_a_condition_on_a_lists_entry_looks_at_its_name() -> None:
    only_color = {
        "if": {"properties": {"code": {"const": "color"}}, "required": ["code"]},
        "then": {"properties": {"value": {"maxLength": 2}}},
        "else": {"properties": {"value": {"type": "number"}}},
    }
    document = product(attrs={"items": only_color})

    assert told(document, color="ab", cost="12345") == []
    assert [column for column, _, _, _ in told(document, color="abc", cost="1")] == ["color"]


def test_a_good_row_is_accepted_without_a_look_at_it() -> None:
    """Every word that has an expression is written out once; what has none would be remembered as looked at."""
    text = {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^[a-z]+$", "enum": ["ab", "cd"]}
    number = {"type": "number", "minimum": 1, "exclusiveMaximum": 9, "multipleOf": 0.05}
    entry = {"if": {"properties": {"code": {"const": "color"}}}, "then": {"properties": {"value": text}}}
    document = {
        "type": "object",
        "required": ["p"],
        "$defs": {"number": number},
        "properties": {
            "p": {
                "properties": {
                    "name": {"oneOf": [text, {"const": "zz"}]},
                    "price": {"$ref": "#/$defs/number"},
                    "attrs": {"items": entry, "contains": {"properties": {"code": {"const": "color"}}},
                              "minItems": 1, "maxItems": 5, "uniqueItems": True},
                    "tags": {"items": {"maxLength": 3}, "maxItems": 2},
                    "raw": {"anyOf": [{"type": "number"}, {"maxLength": 3}]},
                    "stock": {"minProperties": 1, "maxProperties": 2, "propertyNames": {"maxLength": 6},
                              "additionalProperties": {"type": "boolean"}, "patternProperties": {"^q": number}},
                },
                "dependentRequired": {"price": ["name"]},
                "dependentSchemas": {"name": {"required": ["price"]}},
                "if": {"properties": {"price": {"minimum": 2}}},
                "then": {"not": {"required": ["tiers"]}},
            }
        },
    }  # fmt: skip
    row = {
        "sku": "a",
        "name": "ab",
        "price": "2.55",
        "qty": "5",
        "active": "yes",
        "color": "cd",
        "tags": "a;b",
        "raw": '"x"',
    }
    plans: list[Plan] = []

    done = judged.transformed(document, list(row), [row], seen=plans)

    assert done.errors == []
    assert [looked.known for plan in plans for looked in plan._looked if looked.known] == []
    assert len(plans[0]._looked) > 10
