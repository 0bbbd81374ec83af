"""Operations are cut into batches by count and bytes; rows are counted, never looked at one by one."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from importer.domain.rows import LINE, ROW
from importer.transform.cells import KEY
from importer.transform.plan import PAYLOAD


@dataclass(frozen=True)
class Cut:
    """One batch: for each operation its record number, line and key; `payloads` holds their JSON, a line each."""

    rows: list[int]
    lines: list[int]
    keys: list[str]
    payloads: bytes


def cut(operations: pl.DataFrame, *, size: int, max_bytes: int) -> Iterator[Cut]:
    """At most `size` operations and `max_bytes` of request each; an oversized operation travels alone."""
    weights = operations.get_column(PAYLOAD).str.len_bytes().to_numpy() + 1  # each with its comma
    ends = np.cumsum(weights)
    start = 0
    while start < operations.height:
        before = int(ends[start - 1]) if start else 0
        fitting = int(np.searchsorted(ends, before + max_bytes, side="right"))
        stop = min(max(fitting, start + 1), start + size)
        yield _cut(operations[start:stop])
        start = stop


def _cut(part: pl.DataFrame) -> Cut:
    payloads = part.select(pl.col(PAYLOAD).str.join("\n").cast(pl.Binary)).item()
    return Cut(
        rows=part.get_column(ROW).to_list(),
        lines=part.get_column(LINE).to_list(),
        keys=part.get_column(KEY).to_list(),
        payloads=payloads,
    )
