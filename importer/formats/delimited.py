"""Delimited text (RFC 4180 and its relatives): UTF-8, any of four delimiters, quotes doubled, cells of many lines.

A record that cannot be read is cut out and reported with number, line and kind; none is padded, cut short or merged.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from importer.domain.errors import FileDamaged
from importer.domain.rows import LINE, ROW, Outcome, RowError
from importer.formats.frames import FRAME_ROWS, REPORT_COLUMNS, Frame, Header
from importer.formats.guard import unguard

DELIMITERS = (",", ";", "\t", "|")
CELL_LIMIT = 10_000_000
"""Characters in one cell; more is taken for a quote that was opened and never closed."""

INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060"), None) | {0xA0: " "}

Record = tuple[int, int, list[str] | csv.Error]
"""Record number, physical first line, cells or what is wrong."""


def header(path: Path) -> Header:
    """The first record. The delimiter is the one that gives most columns."""
    first = next(_lines(path), None)
    if first is None:
        raise FileDamaged("The file is empty: it has not even a header line.", code="file.empty")
    delimiter = max(DELIMITERS, key=lambda mark: len(next(csv.reader([first], delimiter=mark), [])))
    _, _, raw = next(_records(path, delimiter), (1, 1, []))
    if isinstance(raw, csv.Error):
        raise FileDamaged(f"Line 1: the header cannot be read ({raw}).", code="file.header")
    names = tuple(name.translate(INVISIBLE).strip() for name in raw)
    _check_names(names)
    mended = set(REPORT_COLUMNS) <= set(names)
    return Header(names=names, raw=tuple(raw), delimiter=delimiter, mended=mended)


def _check_names(names: Sequence[str]) -> None:
    if not any(names):
        raise FileDamaged("Line 1: the header has no column names.", code="file.header")
    empty = [str(place) for place, name in enumerate(names, 1) if not name]
    if empty:
        raise FileDamaged(
            f"Line 1: the header has no name for column {', '.join(empty)}; name it or remove it.",
            code="file.header",
        )
    taken = [name for name in names if name in (ROW, LINE)]
    if taken:
        raise FileDamaged(
            f"Line 1: the column name {taken[0]} is importer's own; rename the column.",
            code="file.header",
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FileDamaged(
            f"Line 1: the header names {', '.join(twice)} more than once; every column needs its own name.",
            code="file.header",
        )


def frames(path: Path, head: Header, *, rows: int = FRAME_ROWS) -> Iterator[Frame]:
    """All records after the header, `rows` at a time."""
    records = _records(path, head.delimiter)
    next(records, None)
    start = 0
    while chunk := [record for _, record in zip(range(rows), records, strict=False)]:
        yield _frame(start, chunk, head)
        start += len(chunk)


def _frame(start: int, chunk: list[Record], head: Header) -> Frame:
    malformed, good = [], []
    for number, line, record in chunk:
        error = _wrong(number - 1, line, record, head)
        if error is not None:
            malformed.append(error)
        elif not isinstance(record, csv.Error):
            good.append([str(number - 1), str(line), *record])
    schema = dict.fromkeys((ROW, LINE, *head.names), pl.String)
    cells = pl.DataFrame(good, schema=schema, orient="row").select(
        pl.col(ROW, LINE).cast(pl.Int64),
        *(_own(name, head) for name in head.own),
    )
    return Frame(start=start, rows=len(chunk), cells=cells, malformed=malformed)


def _own(name: str, head: Header) -> pl.Expr:
    """A column of the file; in a report that came back mended, without the guard against formulas."""
    column = pl.col(name)
    return column.map_elements(unguard, return_dtype=pl.String) if head.mended else column


def _wrong(row: int, line: int, cells: list[str] | csv.Error, head: Header) -> RowError | None:
    width = len(head.names)
    if isinstance(cells, csv.Error):
        return _malformed(row, line, "record.quoting", f"the record cannot be read: {_quoting(cells)}.", None)
    if not cells:
        return RowError(
            row=row,
            line=line,
            outcome=Outcome.SKIPPED,
            code="record.blank",
            text="The line is empty.",
        )
    if len(cells) == width:
        return None
    kind = "short" if len(cells) < width else "long"
    text = f"the record has {len(cells)} cells, the header has {width}."
    return _malformed(row, line, f"record.too_{kind}", text, head.delimiter.join(cells)[:200])


def _malformed(row: int, line: int, code: str, text: str, value: str | None) -> RowError:
    return RowError(
        row=row,
        line=line,
        outcome=Outcome.INVALID,
        code=code,
        text=text[0].upper() + text[1:],
        fix="Check the delimiters and quotes of this record; a quote inside a cell is written twice.",
        value=value,
    )


def _quoting(error: csv.Error) -> str:
    """The csv module's words, in words of the person who wrote the file."""
    if "field larger" in str(error) or "end of data" in str(error):
        return "a quote is opened and never closed"
    if "expected after" in str(error):
        return "text follows a closing quote"
    return str(error)


def _records(path: Path, delimiter: str) -> Iterator[Record]:
    """Every record, the header being number 1; an unreadable one is given as its error, and reading goes on."""
    csv.field_size_limit(CELL_LIMIT)
    reader = csv.reader(_lines(path), delimiter=delimiter, strict=True)
    number = 0
    while True:
        line = reader.line_num + 1
        number += 1
        try:
            cells: list[str] | csv.Error = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            cells = error
        yield number, line, cells


def _lines(path: Path) -> Iterator[str]:
    """Decoded physical lines. Raises FileDamaged at the first byte that is not UTF-8."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if number == 1:
                raw = _without_mark(raw)
            try:
                yield raw.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = raw[error.start]
                raise FileDamaged(
                    f"Line {number}: the byte 0x{byte:02X} at position {error.start + 1} is not UTF-8. "
                    "Save the file with the encoding UTF-8 (in Excel: CSV UTF-8) and import it again.",
                    code="file.encoding",
                ) from None


def _without_mark(raw: bytes) -> bytes:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileDamaged(
            "Line 1: the file is UTF-16. Save it with the encoding UTF-8 (in Excel: CSV UTF-8) and import it again.",
            code="file.encoding",
        )
    return raw.removeprefix(b"\xef\xbb\xbf")
