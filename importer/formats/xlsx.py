"""Sheets of XLSX and XLSM workbooks. A row of the sheet below the header is a record; its line is the row's number.

Text stays text, numbers and dates are what the sheet shows (`shown`), a formula is its last result. What a spreadsheet
program is known to spoil is read as it stands and reported with the cell's address.
"""

import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import BinaryIO

from importer.domain.errors import FileDamaged
from importer.formats.ahead import ahead
from importer.formats.columns import clean
from importer.formats.content import Content
from importer.formats.frames import JSON_CELLS, REPORT_COLUMNS, Frame, Header
from importer.formats.guard import unguard
from importer.formats.index import Index
from importer.formats.literal import refused
from importer.formats.reading import Evidence, Reading
from importer.formats.sheet_records import Records, raw, text_of
from importer.formats.workbook import Row, Sheet, Workbook

SHEET_ROWS = 5_000
"""Records of a frame: cells of a workbook are Python objects until they are in it."""
HEADER_ROWS = 50
"""Among so many rows the header is looked for: the first one that fills half as many cells as the fullest."""


def header(content: Content, reading: Reading, _index: Index | None = None) -> Header:
    with _workbook(content) as book:
        sheet, why = _sheet(book, reading, content.name)
        first = list(islice(book.rows(sheet), HEADER_ROWS))
        top = _top(book, first, reading)
        names_ = tuple(_texts(book, top)) if reading.header is not False else ()
    if not names_:
        width = max((value.column for row in first for value in row.values), default=0)
        names_ = tuple(f"column_{place}" for place in range(1, width + 1))
    if not names_:
        raise FileDamaged(f"{content.name}: the sheet {sheet.name} is empty.", code="file.empty")
    found = clean(names_, line=top.number)
    mended = set(REPORT_COLUMNS) <= set(found)
    names = clean(
        [unguard(name).removesuffix(JSON_CELLS) if mended else name for name in found], line=top.number
    )
    place = (
        f"{reading.why('header')}: none"
        if reading.header is False
        else f"the first row that names most of the {len(names)} columns"
    )
    return Header(
        names=names,
        raw=names_,
        reading=reading.filled(sheet=sheet.name, header=True),
        evidence=(Evidence("sheet", sheet.name, why), Evidence("header", f"row {top.number}", place)),
        mended=mended,
        literal=frozenset(
            part for part, name in zip(names, found, strict=True) if mended and name.endswith(JSON_CELLS)
        ),
    )


def frames(
    content: Content,
    head: Header,
    _columns: Collection[str] | None = None,
    _index: Index | None = None,
    *,
    rows: int = SHEET_ROWS,
) -> Iterator[Frame]:
    for frame in ahead(_frames(content, head, rows)):
        cells, wrong = refused(frame.cells, head.literal)
        yield replace(frame, cells=cells, malformed=[*frame.malformed, *wrong]) if wrong else frame


def _frames(content: Content, head: Header, rows: int) -> Iterator[Frame]:
    with _workbook(content) as book:
        sheet, _ = _sheet(book, head.reading, content.name)
        reader = Records(book, head)
        source = book.rows(sheet)
        first = list(islice(source, HEADER_ROWS))
        top = _top(book, first, head.reading)
        reader.before = top.number if head.reading.header else top.number - 1
        for part in (first, source):
            for row in part:
                reader.add(row)
                while reader.waiting >= rows:
                    yield reader.frame(rows)
        if (last := reader.frame(rows, merged=book.merged)).rows:
            yield last


@contextmanager
def _workbook(content: Content) -> Iterator[Workbook]:
    """A workbook inside an archive is unpacked to the disk first: its parts are not read in their order."""
    with content.open() as file:
        if content.packing is None:
            yield Workbook(file, content.name)
            return
        with tempfile.TemporaryFile() as unpacked:
            shutil.copyfileobj(file, unpacked)
            unpacked.seek(0)
            yield Workbook(_as_binary(unpacked), content.name)


def _as_binary(file: object) -> BinaryIO:
    return file  # type: ignore[return-value]


def _sheet(book: Workbook, reading: Reading, name: str) -> tuple[Sheet, str]:
    wanted = reading.sheet
    shown_ = [sheet.name for sheet in book.sheets]
    if wanted is not None:
        found = next(
            (sheet for sheet in book.sheets if sheet.name.strip().lower() == wanted.strip().lower()), None
        )
        if found is None:
            raise FileDamaged(f"{name}: no sheet {wanted}; it has: {', '.join(shown_)}.", code="file.sheet")
        return found, reading.why("sheet")
    found = next((sheet for sheet in book.sheets if not sheet.hidden), book.sheets[0])
    others = [other for other in shown_ if other != found.name]
    return found, f"the first of {len(shown_)}; not read: {', '.join(others)}" if others else "the only one"


def _top(book: Workbook, rows: list[Row], reading: Reading) -> Row:
    """The row of the header, or the first record when there is none."""
    filled = [(row, sum(1 for value in row.values if raw(book, value).strip())) for row in rows]
    most = max((count for _, count in filled), default=0)
    wanted = 1 if reading.header is False else max(1, (most + 1) // 2)
    return next((row for row, count in filled if count >= wanted), Row(1, hidden=False))


def _texts(book: Workbook, row: Row) -> list[str]:
    texts = {value.column: text_of(book, value) for value in row.values}
    last = max((column for column, text in texts.items() if text.strip()), default=0)
    return [texts.get(column, "") for column in range(1, last + 1)]
