"""Files of JSON documents as frames: the columns of all documents first, then batch by batch their cells.

The columns are the union over the whole file: it is walked through once for them, so that none is lost and every
frame has the same. Memory holds some batches and the names.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from importer.domain.errors import FileDamaged
from importer.domain.rows import LINE, ROW, Outcome, RowError
from importer.formats import documents, shapes
from importer.formats.ahead import ahead, made
from importer.formats.columns import MOST, clean
from importer.formats.documents import Cell, Unreadable, json_of, text_of
from importer.formats.frames import FRAME_ROWS, REPORT_COLUMNS, Frame, Header
from importer.formats.framing import RAW_BYTES, RECORD_LIMIT, Cut
from importer.formats.index import Index
from importer.formats.marks import Places
from importer.formats.reading import Evidence, Reading
from importer.formats.sorting import Batch, Shapes
from importer.formats.spool import Sorted, entry, kept


@dataclass
class Columns:
    """What all documents together have: path -> whether its cells are JSON text. `filled`: those with a value; `first`:
    the record that has the path first, and its place there."""

    literal: dict[str, bool] = field(default_factory=dict)
    first: dict[str, tuple[int, int]] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)
    documents: int = 0

    def add(self, path: str, at: tuple[int, int], *, literal: bool, filled: bool) -> None:
        self.first[path] = min(at, self.first.get(path, at))
        self.literal[path] = self.literal.get(path, False) or literal
        if filled:
            self.filled.add(path)
        if len(self.literal) > MOST:
            raise FileDamaged(
                f"The documents have more than {MOST:,} different fields; at most so many are read. "
                "Is the file a list of records of one kind?",
                code="file.header",
            )

    def paths(self) -> dict[str, bool]:
        """In the order of the file, without those that are null wherever they are no object."""
        outer = {path[:place] for path in self.literal for place, mark in enumerate(path) if mark == "."}
        ordered = sorted(self.literal, key=self.first.__getitem__)
        return {path: self.literal[path] for path in ordered if path in self.filled or path not in outer}


def header(
    batches: Iterator[Batch], reading: Reading, evidence: tuple[Evidence, ...], index: Index | None = None
) -> Header:
    """An `index` is filled with all that is found."""
    columns, shapes_ = Columns(), Shapes()
    if index is not None:
        index.begin()
    for batch in made(shapes_.sort, ahead(batches)):
        whole = _looked_at(batch, columns)
        if index is not None:
            index.add(entry(whole))
    if index is not None:
        index.end()
    literal = columns.paths()
    if not literal:
        raise FileDamaged("The file holds no document with a field that could be read.", code="file.empty")
    raw = tuple(literal)
    names = clean(raw)
    fields = f"the fields of all {columns.documents:,} documents"
    return Header(
        names=names,
        raw=raw,
        reading=reading,
        evidence=(*evidence, Evidence("columns", str(len(names)), fields)),
        literal=frozenset(name for name, wide in zip(names, literal.values(), strict=True) if wide),
        mended=set(REPORT_COLUMNS) <= set(names),
    )


def _looked_at(batch: Sorted, columns: Columns) -> Sorted:
    """The same with documents that are no JSON among the rest; what the others have is added to the columns."""
    parts, rest = [], list(batch.rest)
    for part in batch.parts:
        kinds = shapes.kinds(part.raw)
        rest += batch.texts(part, ~kinds.good)
        good = part.only(kinds.good)
        columns.documents += good.rows.size
        if good.rows.size:
            for place, path in enumerate(part.paths):
                literal, filled = "." in path or kinds.wide[place], kinds.filled[place]
                columns.add(path, (int(good.rows[0]), place), literal=literal, filled=filled)
        parts.append(replace(good, raw=replace(good.raw, plain=kinds.plain)))
    rest.sort()
    for (number, *_), row in _slowly(rest):
        if not isinstance(row, Unreadable):
            columns.documents += 1
            for place, (path, cell) in enumerate(row.items()):
                columns.add(path, (number, place), literal=cell.literal, filled=cell.value is not None)
    return replace(batch, parts=parts, rest=rest)


def frames(
    batches: Iterator[Batch],
    head: Header,
    wanted: Collection[str] | None = None,
    index: Index | None = None,
    *,
    rows: int = FRAME_ROWS,
) -> Iterator[Frame]:
    """Of the columns `wanted` alone when they are in a complete index, of all otherwise."""
    names = dict(zip(head.raw, head.names, strict=True))
    known = index is not None and index.complete
    asked = {name for name in head.own if wanted is None or not known or name in wanted}
    literal = {raw: name in head.literal for raw, name in names.items() if name in asked}
    if index is not None and index.complete:
        found: Iterator[Sorted] = (kept(one, literal) for one in index.entries())
    else:
        found = map(Shapes().sort, batches)
    for batch in found:
        table, cut = _table(batch, literal)
        table.columns = [ROW, LINE, *(names[path] for path in literal)]
        malformed = [malformed_of(one) for one in sorted([*batch.cut, *cut], key=lambda one: one.row)]
        whole = Frame(start=batch.first, rows=batch.count, cells=table, malformed=malformed)
        yield from whole.pieces(rows)


def _table(batch: Sorted, literal: dict[str, bool]) -> tuple[pl.DataFrame, list[Cut]]:
    """The cells of all columns in the order of the records, and the documents that cannot be read."""
    tables, rest = [], list(batch.rest)
    for part in batch.parts:
        cells, good = shapes.decoded(part.raw, [literal.get(path, False) for path in part.paths])
        cells.columns = list(part.paths)
        if not good.all():
            rest += batch.texts(part, ~good)
            cells, part = cells.filter(good), part.only(good)
        tables.append(_numbered(part.rows, part.lines, cells))
    cut: list[Cut] = []
    slow: list[tuple[int, int, dict[str, Cell]]] = []
    for (number, line, text), row in _slowly(sorted(rest)):
        if isinstance(row, Unreadable):
            cut.append(Cut(number, line, row.kind, text[:RAW_BYTES].encode(), detail=row.detail))
        else:
            slow.append((number, line, row))
    numbers, lines = (np.array([one[place] for one in slow], dtype=np.int64) for place in (0, 1))
    tables.append(_numbered(numbers, lines, _cells([row for *_, row in slow], literal)))
    filled = [table for table in tables if table.height] or tables[-1:]
    table = pl.concat([_of_all(one, literal) for one in filled])
    return (table.sort(ROW) if len(filled) > 1 else table), cut


def _of_all(table: pl.DataFrame, literal: dict[str, bool]) -> pl.DataFrame:
    """With the columns of the whole file; names are taken as they are, whatever characters they have."""
    absent = pl.Series([None], dtype=pl.String).new_from_index(0, table.height)
    there = set(table.columns)
    columns = [table.get_column(name) if name in there else absent.alias(name) for name in literal]
    return pl.DataFrame([table.get_column(ROW), table.get_column(LINE), *columns])


def _numbered(rows: Places, lines: Places, cells: pl.DataFrame) -> pl.DataFrame:
    return pl.DataFrame([pl.Series(ROW, rows), pl.Series(LINE, lines), *cells])


def _cells(rows: list[dict[str, Cell]], literal: dict[str, bool]) -> pl.DataFrame:
    columns = []
    for path, as_json in literal.items():
        shown: Callable[..., str] = json_of if as_json else text_of
        values = [row[path].value if path in row else None for row in rows]
        texts = [None if value is None else shown(value) for value in values]
        columns.append(pl.Series(path, texts, dtype=pl.String))
    return pl.DataFrame(columns)


def _slowly(
    rest: Iterable[tuple[int, int, str]],
) -> Iterator[tuple[tuple[int, int, str], dict[str, Cell] | Unreadable]]:
    for one in rest:
        try:
            yield one, documents.row(one[2])
        except Unreadable as error:
            yield one, error


TEXTS = {
    "json": "The record is no JSON: {detail}.",
    "no_object": "The record is JSON, but no object with named values.",
    "twice": "The record names `{detail}` twice in one object; only one value can be meant.",
    "nul": r"The record has a NUL character (`\u0000`), which no cell can hold.",
    "encoding": "The record has bytes that are no text in the file's encoding.",
    "too_large": f"The record has more than {RECORD_LIMIT >> 20} MiB.",
}
FIXES = {
    "json": "Write it again with the program that made the file; one record is one line.",
    "no_object": 'Write every record as {"name": value, ...}.',
    "twice": "Remove one of the two.",
    "nul": "Remove it with the program that made the file.",
    "encoding": "Save the file as UTF-8.",
    "too_large": "Write every record on a line of its own.",
}


def malformed_of(cut: Cut) -> RowError:
    if cut.kind == "blank":
        return RowError(
            row=cut.row,
            line=cut.line,
            outcome=Outcome.SKIPPED,
            code="record.blank",
            text="The line is empty.",
        )
    return RowError(
        row=cut.row,
        line=cut.line,
        outcome=Outcome.INVALID,
        code=f"record.{cut.kind}",
        text=TEXTS[cut.kind].format(detail=cut.detail),
        fix=FIXES[cut.kind],
        value=cut.raw.decode("utf-8", "replace").rstrip("\r\n")[:200],
    )
