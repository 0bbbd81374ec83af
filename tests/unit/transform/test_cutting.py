"""Cutting operations into batches loses nothing, repeats nothing and keeps the order."""

import json

import polars as pl
from hypothesis import given, strategies as st

from importer.domain.rows import LINE, ROW
from importer.transform.cells import KEY
from importer.transform.cutting import cut
from importer.transform.plan import PAYLOAD
from importer.transform.stages import MORE, ONE_STAGE, PHASE, PREFACE, SCOPE

PAYLOADS = st.lists(st.integers(0, 300).map(lambda n: json.dumps("x" * n)), max_size=60)


def operations(payloads: list[str]) -> pl.DataFrame:
    rows = list(range(1, len(payloads) + 1))
    return pl.DataFrame(
        {ROW: rows, LINE: [row + 1 for row in rows], KEY: [f"k{row}" for row in rows], PAYLOAD: payloads},
        schema={ROW: pl.Int64, LINE: pl.Int64, KEY: pl.String, PAYLOAD: pl.String},
    ).with_columns(pl.lit(0, dtype=pl.Int64).alias(PHASE), pl.lit("").alias(SCOPE), *ONE_STAGE)


@given(PAYLOADS, st.integers(1, 10), st.integers(1, 2000))
def test_cut_keeps_every_operation_in_order_and_within_the_limits(
    payloads: list[str], size: int, max_bytes: int
) -> None:
    batches = list(cut(operations(payloads), size=size, max_bytes=max_bytes))

    rows = [row for batch in batches for row in batch.rows]
    assert rows == list(range(1, len(payloads) + 1))
    assert [line for batch in batches for line in batch.lines] == [row + 1 for row in rows]
    assert [key for batch in batches for key in batch.keys] == [f"k{row}" for row in rows]
    assert [text for batch in batches for text in batch.payloads.decode().split("\n")] == payloads
    for batch in batches:
        assert 1 <= len(batch.rows) <= size
        assert len(batch.rows) == 1 or len(batch.payloads) + 2 <= max_bytes + 2


def test_a_batch_is_of_one_phase_and_one_scope_and_knows_what_its_operations_need() -> None:
    bag = '{"product":{"sku":"k4","links":[{"$id":"k1"},{"$key":"k2"},{"$key":""}]}}'
    table = operations(['{"a":1}', '{"a":2}', '{"a":3}', bag]).with_columns(
        pl.Series(PHASE, [0, 2, 0, 1]), pl.Series(SCOPE, ["", "german", "", ""])
    )
    batches = [(one.rows, one.phase, one.scope, one.needs) for one in cut(table, size=10, max_bytes=1000)]

    assert batches == [
        ([1, 3], 0, "", {}),
        ([2], 2, "german", {0: ["k2"]}),
        ([4], 1, "", {0: ["k1", "k2"]}),
    ]


def test_a_row_of_another_scope_needs_its_own_one_and_what_it_refers_to() -> None:
    table = operations(['{"a":{"$id":"x"}}']).with_columns(pl.lit("german").alias(SCOPE))
    [one] = cut(table, size=10, max_bytes=1000)

    assert one.needs == {0: ["k1", "x"]}


def test_a_batch_knows_which_rows_have_a_later_operation_and_that_its_own_are_such() -> None:
    table = operations(["1", "2", "3", "4"]).with_columns(
        pl.Series(PHASE, [0, 0, 0, 2]),
        pl.Series(MORE, [False, True, True, False]),
        pl.Series(PREFACE, ["", "", "", "x"]),
    )
    batches = [(one.rows, one.more, one.preface) for one in cut(table, size=2, max_bytes=1000)]

    assert batches == [([1, 2], [1], ""), ([3], [0], ""), ([4], [], "x")]
