"""Files of JSON documents as frames: the columns of all documents first, then batch by batch their cells.

The columns are the union over the whole file: it is walked through once for them, so that none is lost and every
frame has the same. Memory holds one batch and the names.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from importer.domain.errors import FileDamaged
from importer.domain.rows import LINE, ROW, Outcome, RowError
from importer.formats import documents, shapes
from importer.formats.columns import MOST, clean
from importer.formats.documents import Cell, Unreadable, json_of, text_of
from importer.formats.frames import FRAME_ROWS, REPORT_COLUMNS, Frame, Header
from importer.formats.framing import RAW_BYTES, RECORD_LIMIT, Cut
from importer.formats.marks import Places
from importer.formats.reading import Evidence, Reading
from importer.formats.shapes import Shape


@dataclass(frozen=True, kw_only=True)
class Batch:
    """`count` records after the `first`: `texts` of the documents with their numbers and lines; `cut`: the others.

    `plain`: control characters stand between values at most, so that any text may have a shape.
    """

    first: int
    count: int
    rows: Places
    lines: Places
    texts: pl.Series
    cut: list[Cut]
    plain: bool = False


MOST_SHAPES = 8
WORTH = 4
"""A shape is kept when it fits one in so many of the documents that it was tried on."""
FEW = 50
"""So few documents are read one by one rather than searched for a shape."""


@dataclass
class Sorted:
    """`fitting`: by shape, the places in the batch and the raw values; `rest`: the places of the others."""

    fitting: list[tuple[Shape, Places, pl.DataFrame]] = field(default_factory=list)
    rest: Places = field(default_factory=lambda: np.empty(0, dtype=np.int64))


class Shapes:
    """The shapes of a file as they are found."""

    def __init__(self) -> None:
        self._known: list[Shape] = []

    def sort(self, batch: Batch) -> Sorted:
        found = Sorted()
        places = np.arange(batch.texts.len())
        if not batch.plain:
            plain = ~batch.texts.str.contains(r"[\x00-\x1f]").to_numpy()
            found.rest, places = places[~plain], places[plain]
        for known in list(self._known):
            places = self._try(known, batch, places, found)
        while places.size > FEW and len(self._known) < MOST_SHAPES:
            fresh = _shape(batch.texts[int(places[0])])
            if fresh is None or fresh in self._known:
                break
            self._known.append(fresh)
            places = self._try(fresh, batch, places, found)
            if fresh not in self._known:
                break  # a file of many shapes
        found.rest = np.sort(np.concatenate([found.rest, places]))
        return found

    def _try(self, one: Shape, batch: Batch, places: Places, found: Sorted) -> Places:
        """Those of `places` that do not fit."""
        if places.size <= FEW:
            return places
        values, fits = shapes.split(batch.texts.gather(places), one)
        fitting = fits.to_numpy()
        if fitting.any():
            found.fitting.append((one, places[fitting], values.filter(fits)))
        if fitting.sum() * WORTH < places.size:
            self._known.remove(one)
        rest: Places = places[~fitting]
        return rest


def _shape(text: str) -> Shape | None:
    try:
        documents.row(text)
    except Unreadable:
        return None
    return shapes.shape(text)


@dataclass
class Columns:
    """What all documents together have: path -> whether its cells are JSON text. `filled`: those with a value."""

    literal: dict[str, bool] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)
    documents: int = 0

    def add(self, path: str, *, literal: bool, filled: bool) -> None:
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
        """Without those that are null wherever they are no object."""
        outer = {path[:place] for path in self.literal for place, mark in enumerate(path) if mark == "."}
        return {p: literal for p, literal in self.literal.items() if p in self.filled or p not in outer}


def header(batches: Iterator[Batch], reading: Reading, evidence: tuple[Evidence, ...]) -> Header:
    columns, shapes_ = Columns(), Shapes()
    for batch in batches:
        found = shapes_.sort(batch)
        rest = [found.rest]
        for shape, places, values in found.fitting:
            kinds = shapes.kinds(values)
            good = kinds.good.to_numpy()
            rest.append(places[~good])
            columns.documents += int(good.sum())
            for path, wide, filled in zip(
                shape.paths if good.any() else (), kinds.wide, kinds.filled, strict=False
            ):
                columns.add(path, literal="." in path or wide, filled=filled)
        for _, row in _slowly(batch, np.sort(np.concatenate(rest))):
            if not isinstance(row, Unreadable):
                columns.documents += 1
                for path, cell in row.items():
                    columns.add(path, literal=cell.literal, filled=cell.value is not None)
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


def frames(batches: Iterator[Batch], head: Header, *, rows: int = FRAME_ROWS) -> Iterator[Frame]:
    literal = {raw: name in head.literal for raw, name in zip(head.raw, head.names, strict=True)}
    found = Shapes()
    for batch in batches:
        table, cut = _table(batch, found.sort(batch), literal)
        table.columns = [ROW, LINE, *head.names]
        if head.mended:
            table = table.drop(REPORT_COLUMNS)
        malformed = [malformed_of(one) for one in sorted([*batch.cut, *cut], key=lambda one: one.row)]
        whole = Frame(start=batch.first, rows=batch.count, cells=table, malformed=malformed)
        yield from whole.pieces(rows)


def _table(batch: Batch, found: Sorted, literal: dict[str, bool]) -> tuple[pl.DataFrame, list[Cut]]:
    """The cells of all columns in the order of the records, and the documents that cannot be read."""
    tables, rest = [], [found.rest]
    for shape, places, values in found.fitting:
        cells, good = shapes.decoded(values, [literal.get(path, False) for path in shape.paths])
        cells.columns = list(shape.paths)
        fine = good.to_numpy()
        rest.append(places[~fine])
        tables.append(_numbered(batch, places[fine], cells.filter(good)))
    cut: list[Cut] = []
    slow: dict[int, dict[str, Cell]] = {}
    for place, row in _slowly(batch, np.sort(np.concatenate(rest))):
        if isinstance(row, Unreadable):
            cut.append(_cut(batch, place, row))
        else:
            slow[place] = row
    tables.append(
        _numbered(batch, np.array(list(slow), dtype=np.int64), _cells(list(slow.values()), literal))
    )
    filled = [table for table in tables if table.height] or tables[-1:]
    table = pl.concat([_of_all(one, literal) for one in filled])
    return (table.sort(ROW) if len(filled) > 1 else table), cut


def _of_all(table: pl.DataFrame, literal: dict[str, bool]) -> pl.DataFrame:
    """With the columns of the whole file; names are taken as they are, whatever characters they have."""
    absent = pl.Series([None], dtype=pl.String).new_from_index(0, table.height)
    there = set(table.columns)
    columns = [table.get_column(name) if name in there else absent.alias(name) for name in literal]
    return pl.DataFrame([table.get_column(ROW), table.get_column(LINE), *columns])


def _numbered(batch: Batch, places: Places, cells: pl.DataFrame) -> pl.DataFrame:
    return cells.with_columns(pl.Series(ROW, batch.rows[places]), pl.Series(LINE, batch.lines[places]))


def _cells(rows: list[dict[str, Cell]], literal: dict[str, bool]) -> pl.DataFrame:
    columns = []
    for path, as_json in literal.items():
        shown: Callable[..., str] = json_of if as_json else text_of
        values = [row[path].value if path in row else None for row in rows]
        texts = [None if value is None else shown(value) for value in values]
        columns.append(pl.Series(path, texts, dtype=pl.String))
    return pl.DataFrame(columns)


def _slowly(batch: Batch, places: Places) -> Iterator[tuple[int, dict[str, Cell] | Unreadable]]:
    for place in places.tolist():
        try:
            yield place, documents.row(batch.texts[place])
        except Unreadable as error:
            yield place, error


def _cut(batch: Batch, place: int, error: Unreadable) -> Cut:
    raw = batch.texts[place][:RAW_BYTES].encode()
    return Cut(int(batch.rows[place]), int(batch.lines[place]), error.kind, raw, detail=error.detail)


TEXTS = {
    "json": "The record is no JSON: {detail}.",
    "no_object": "The record is JSON, but no object with named values.",
    "twice": "The record names `{detail}` twice in one object; only one value can be meant.",
    "encoding": "The record has bytes that are no text in the file's encoding.",
    "too_large": f"The record has more than {RECORD_LIMIT >> 20} MiB.",
}
FIXES = {
    "json": "Write it again with the program that made the file; one record is one line.",
    "no_object": 'Write every record as {"name": value, ...}.',
    "twice": "Remove one of the two.",
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
