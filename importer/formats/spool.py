"""Documents as they were sorted: the raw values of those of one shape, and the texts of the others.

So they are kept in the index of their file: as Arrow IPC, of which single columns can be read.
"""

from collections.abc import Callable, Collection
from dataclasses import astuple, dataclass
from io import BytesIO
from typing import Any

import numpy as np
import polars as pl

from importer.formats.framing import Cut
from importer.formats.marks import Places
from importer.formats.shapes import Raw


@dataclass(frozen=True, kw_only=True)
class Part:
    """Documents of one shape: the `paths` of their values, their record numbers and lines."""

    paths: tuple[str, ...]
    rows: Places
    lines: Places
    raw: Raw

    def only(self, rows: pl.Series) -> "Part":
        kept = rows.to_numpy()
        return Part(paths=self.paths, rows=self.rows[kept], lines=self.lines[kept], raw=self.raw.filter(rows))


@dataclass(frozen=True, kw_only=True)
class Sorted:
    """`count` records after the `first`. `rest`: record number, line and text of the documents that have no shape.

    `text` gives that of a record; documents out of an index need it no more.
    """

    first: int
    count: int
    parts: list[Part]
    rest: list[tuple[int, int, str]]
    cut: list[Cut]
    text: Callable[[int], str] = str

    def texts(self, part: Part, rows: pl.Series) -> list[tuple[int, int, str]]:
        """Some documents of a part as `rest`."""
        places = rows.arg_true().to_numpy()
        numbered = zip(part.rows[places].tolist(), part.lines[places].tolist(), strict=True)
        return [(row, line, self.text(row)) for row, line in numbered]


def entry(found: Sorted) -> tuple[Any, ...]:
    parts = [
        (
            (part.paths, list(part.raw.bare), list(part.raw.plain)),
            (part.rows.tobytes(), part.lines.tobytes()),
            _table(part.raw.values),
        )
        for part in found.parts
        if part.rows.size
    ]
    return found.first, found.count, parts, found.rest, [astuple(one) for one in found.cut]


def kept(entry_: tuple[Any, ...], wanted: Collection[str]) -> Sorted:
    """Of the parts the `wanted` paths alone."""
    first, count, parts, rest, cut = entry_
    return Sorted(
        first=first,
        count=count,
        parts=[_part(named, numbered, table, wanted) for named, numbered, table in parts],
        rest=rest,
        cut=[Cut(*one) for one in cut],
    )


Named = tuple[tuple[str, ...], list[str], list[str]]


def _part(named: Named, numbered: tuple[bytes, bytes], table: bytes, wanted: Collection[str]) -> Part:
    paths, bare, plain = named
    names = [str(place) for place, path in enumerate(paths) if path in wanted]
    values = pl.read_ipc(BytesIO(table), columns=names) if names else pl.DataFrame()
    rows, lines = (np.frombuffer(numbers, dtype=np.int64) for numbers in numbered)
    return Part(
        paths=tuple(paths[int(name)] for name in names),
        rows=rows,
        lines=lines,
        raw=Raw(
            values.select(names),
            frozenset(bare).intersection(names),
            frozenset(plain).intersection(names),
        ),
    )


def _table(values: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    values.write_ipc(buffer, compression="lz4")
    return buffer.getvalue()
