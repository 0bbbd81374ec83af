"""Cutting operations into batches loses nothing, repeats nothing and keeps the order."""

import json

import polars as pl
from hypothesis import given, strategies as st

from importer.domain.rows import LINE, ROW
from importer.transform.cells import KEY
from importer.transform.cutting import cut
from importer.transform.plan import PAYLOAD

PAYLOADS = st.lists(st.integers(0, 300).map(lambda n: json.dumps("x" * n)), max_size=60)


def operations(payloads: list[str]) -> pl.DataFrame:
    rows = list(range(1, len(payloads) + 1))
    return pl.DataFrame(
        {ROW: rows, LINE: [row + 1 for row in rows], KEY: [f"k{row}" for row in rows], PAYLOAD: payloads},
        schema={ROW: pl.Int64, LINE: pl.Int64, KEY: pl.String, PAYLOAD: pl.String},
    )


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
