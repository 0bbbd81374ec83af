"""`expr:`: what passes the gate looks at one row only and fails by Polars' own errors alone; the rest is refused."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from importer.domain.errors import MappingInvalid
from importer.domain.rows import LINE, ROW
from importer.sources.mappings import MappingFolders
from importer.transform import Transform, Transformed, expressions, gate
from importer.transform.binding import bind
from importer.transform.plan import PAYLOAD

COLUMNS = ("sku", "price", "brand", "shown in")
CELLS = {
    "sku": ["a-1", "B-2", "", None, "c 3"],
    "price": ["1.50", "0", "", "x", None],
    "brand": ["Acme", None, "acme", "", "ÄÖ"],
    "shown in": ["x", "y", "", None, "z"],
}

HONEST = [
    "UPPER(TRIM(brand)) || '-' || sku",
    "CASE WHEN brand = 'Acme' THEN 'own' WHEN brand IS NULL THEN 'none' ELSE brand END",
    "ROUND(TRY_CAST(price AS DOUBLE) * 1.19, 2)",
    "TRY_CAST(price AS DECIMAL(12,4))",
    "COALESCE(NULLIF(brand, ''), \"shown in\", 'it''s')",
    "CONCAT_WS(' ', brand, sku)",
    "LPAD(sku, 8, '0')",
    "SPLIT_PART(sku, '-', 1)",
    "REGEXP_REPLACE(sku, '[0-9]+', '#')",
    "IF(brand IN ('Acme', 'acme'), '1', '0')",
    "sku LIKE 'a%' AND NOT price = '0'",
    "STARTS_WITH(sku, 'a') OR LENGTH(brand) > 3",
]

HOSTILE = {
    "SELECT sku": "`SELECT` is neither",
    "(SELECT sku FROM self)": "`SELECT` is neither",
    "sku FROM read_csv('/etc/passwd')": "is neither",
    "read_csv('/etc/passwd')": "`read_csv` is neither",
    "SUM(price)": "`SUM` is neither",
    "COUNT(*)": "`COUNT` is neither",
    "ROW_NUMBER() OVER (ORDER BY sku)": "is neither",
    "LAG(sku)": "`LAG` is neither",
    "UNNEST(STRING_TO_ARRAY(sku, '-'))": "is neither",
    "*": "not allowed",
    "COLUMNS('.*')": "is neither",
    "sku; sku": "`;` has no place",
    "sku -- comment": "`--` has no place",
    "sku /* x */": "`/*` has no place",
    "$1": "`$` has no place",
    "'\\'": "has no place",
    "'a\\' || sku || '": "has no place",
    "sku AS brand": "is not allowed",
    "self.sku": "`self` is neither",
    "brand.sku": "is not a column",
    "skuu": "`skuu` is neither",
    '"skuu"': "is not a column",
    "CAST(price AS DOUBLE)": "write TRY_CAST",
    "STRPTIME(price, '%Y')": "the rule `date`",
    "LPAD(sku, 100000000, 'x')": "up to 256",
    "LPAD(sku, TRY_CAST(price AS DOUBLE), 'x')": "up to 256",
    "REGEXP_LIKE(sku, '(')": "no regular expression",
    "REGEXP_LIKE(sku, brand)": "a text in quotes",
    "REPLACE(REPLACE(REPLACE(REPLACE(sku,'a','bb'),'b','cc'),'c','dd'),'d','ee')": "3 times at most",
    "(" * 40 + "sku" + ")" * 40: "levels",
    "||".join(["1"] * 160): "parts",
    "'" + "x" * 1100 + "'": "longer than",
    "brand = 1": "All cells are texts",
    "UPPER(1)": "All cells are texts",
    "UPPER(": "no expression",
    "": "is empty",
    "sku,price": "expression",
}


@pytest.mark.parametrize("text", HONEST)
def test_an_honest_expression_passes(text: str) -> None:
    assert expressions.fault(text, COLUMNS) is None


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_or_wrong_expression_is_refused_with_a_sentence(text: str) -> None:
    told = expressions.fault(text, COLUMNS)

    assert told is not None
    assert HOSTILE[text] in told


TOKENS = st.sampled_from(
    [
        *["sku", "price", "brand", '"shown', 'in"', "'a'", "''", "'x", "y'", "'[0-9]+'", "'%'", "1", "0", "2.5", "NULL", "TRUE", "(", ")", ",", "+", "-", "*", "/", "%", "||", "=", "<>", "<", ">=", ""],
        *(f"{word.upper()}(" for word in sorted(gate.FUNCTIONS)),
        *(word.upper() for word in sorted(gate.KEYWORDS - gate.FUNCTIONS)),
        *["SELECT", "FROM", "SUM(", "OVER", "UNNEST(", "FIRST(", "COUNT(", "*", ";", "--", "[", "]", ".", "::", "EXPLODE(", "CROSS", "JOIN"],
    ]
)  # fmt: skip
VALUES = st.sampled_from(["sku", "price", '"shown in"', "'a'", "''", "1", "2.5", "NULL", "TRUE"])
CALLS = st.recursive(
    VALUES,
    lambda inner: (
        st.tuples(st.sampled_from(sorted(gate.FUNCTIONS)), st.lists(inner, min_size=1, max_size=3)).map(
            lambda call: f"{call[0]}({', '.join(call[1])})"
        )
        | st.tuples(
            inner,
            st.sampled_from(["||", "+", "-", "*", "/", "%", "=", "<>", "<", ">", "AND", "OR", "LIKE"]),
            inner,
        ).map(" ".join)
        | inner.map(lambda one: f"TRY_CAST({one} AS DOUBLE)")
        | st.tuples(inner, inner, inner).map(lambda c: f"CASE WHEN {c[0]} THEN {c[1]} ELSE {c[2]} END")
    ),
    max_leaves=8,
)


@settings(max_examples=600)
@given(text=CALLS | st.lists(TOKENS, min_size=1, max_size=9).map(" ".join))
def test_what_passes_keeps_the_rows_apart_and_fails_only_by_polars_errors(text: str) -> None:
    """Every row alone gives what it gives among others: no expression sees its neighbours."""
    if expressions.fault(text, COLUMNS) is not None:
        return
    cells = pl.DataFrame(CELLS, schema=dict.fromkeys(COLUMNS, pl.String))
    whole = expressions.compute(cells, {"out": text})
    alone = [expressions.compute(cells[n : n + 1], {"out": text}).item(0, "out") for n in range(cells.height)]

    assert whole.height == cells.height
    assert whole.get_column("out").to_list() == alone


MAPPING = """\
importer: 1
entity: x
request: {path: /V1/x}
key: sku
columns:
  sku: {to: sku}
  price: {to: price, rules: [number], expr: "ROUND(TRY_CAST(price AS DOUBLE) * 2, 2)"}
  label: {to: label, expr: "UPPER(brand) || ' ' || price"}
  brand: {}
"""


def run(cells: dict[str, list[Any]], text: str = MAPPING) -> Transformed:
    mapping = MappingFolders([]).parse("mine", text)
    height = len(next(iter(cells.values())))
    frame = pl.DataFrame({ROW: range(1, height + 1), LINE: range(2, height + 2), **cells})
    return Transform(mapping, bind(mapping, list(cells)), {})(frame)


def test_an_expression_stands_in_place_of_the_cell_and_sees_the_cells_as_the_file_has_them() -> None:
    done = run({"sku": ["a", "b"], "price": ["1.25", "9"], "brand": ["acme", None]})

    assert done.operations.get_column(PAYLOAD).to_list() == [
        '{"sku":"a","price":2.5,"label":"ACME 1.25"}',
        '{"sku":"b","price":18}',
    ]


def test_a_column_that_the_file_lacks_is_null_in_an_expression() -> None:
    done = run({"sku": ["a"], "price": ["1"]})

    assert done.operations.get_column(PAYLOAD).to_list() == ['{"sku":"a","price":2}']


def test_a_row_for_which_an_expression_fails_is_an_error_of_that_row_alone() -> None:
    frame = pl.DataFrame({"a": ["1", "x", "3", "y"]})
    done = expressions.compute(
        frame, {"out": "CAST(a AS DOUBLE)"}
    )  # would not pass the gate: it fails by value

    assert done.get_column("out").to_list() == ["1.0", None, "3.0", None]
    assert done.get_column(expressions.failed("out")).to_list() == [False, True, False, True]


def test_a_text_that_the_operator_did_not_write_may_not_hold_an_expression() -> None:
    with pytest.raises(MappingInvalid, match="from the operator's own files only"):
        MappingFolders([]).parse("mine", MAPPING, trusted=False)
