"""Delimited text (RFC 4180 and its relatives): CSV, TSV and any other one-character delimiter.

A record that cannot be read is cut out and reported with number, line and kind; none is padded, cut short or merged.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import chain

import polars as pl

from importer.domain.errors import FileDamaged
from importer.domain.rows import LINE, ROW, Outcome, RowError
from importer.formats import encodings, places
from importer.formats.ahead import ahead
from importer.formats.columns import clean
from importer.formats.content import Content
from importer.formats.dialects import SAMPLE, advice, best_fit, candidates, evidence, parsed
from importer.formats.frames import FRAME_ROWS, JSON_CELLS, REPORT_COLUMNS, Frame, Header
from importer.formats.framing import RECORD_LIMIT, Cut, Framed, records
from importer.formats.guard import unguard, unguarded
from importer.formats.index import Index
from importer.formats.literal import refused
from importer.formats.marks import Dialect
from importer.formats.reading import Reading


def header(content: Content, reading: Reading, _index: Index | None = None) -> Header:
    """The first record, and the dialect that fits most records of the beginning."""
    seen = encodings.recognise(content, reading)
    encoding = seen.value
    announced, sample = _announced(next(encodings.blocks(content, encoding, size=SAMPLE), b""))
    if not sample:
        raise FileDamaged("The file is empty: it has not even a header line.", code="file.empty")
    best = best_fit(sample, candidates(sample, content, reading, announced))
    filled = reading.filled(
        encoding=encoding, delimiter=best.dialect.delimiter, quote=best.dialect.quote, header=True
    )
    raw = _first(content, filled)
    names = raw if filled.header else [f"column_{place}" for place in range(1, len(raw) + 1)]
    found = clean(names)
    mended = set(REPORT_COLUMNS) <= set(found)
    parts = [unguard(name).removesuffix(JSON_CELLS) if mended else name for name in found]
    return Header(
        names=clean(parts),
        raw=tuple(names),
        reading=filled,
        evidence=(seen, *evidence(best, reading, announced)),
        advice=advice(sample, best, reading),
        mended=mended,
        literal=frozenset(
            part for part, name in zip(parts, found, strict=True) if mended and name.endswith(JSON_CELLS)
        ),
    )


def frames(
    content: Content,
    head: Header,
    columns: Collection[str] | None = None,
    index: Index | None = None,
    *,
    rows: int = FRAME_ROWS,
    block: int = encodings.BLOCK,
) -> Iterator[Frame]:
    """All records after the header, at most `rows` at a time; of `columns` alone, when they are named.

    An `index` is filled, and used when it is complete.
    """
    wanted = [name for name in head.own if columns is None or name in columns]
    dialect = _dialect(content, head.reading)
    blocks, first_line = _text(content, str(head.reading.encoding), block)
    before = 1 if head.reading.header else 0  # the header is a record of its own
    if index is not None and index.complete:
        found = places.again(blocks, index, dialect.end.encode())
    else:
        found = records(blocks, dialect, width=len(head.names), first_line=first_line)
        found = ahead(places.noted(found, index) if index is not None else found)
    for framed in found:
        framed.rows -= before
        start = framed.first - before
        whole = _frame(max(start, 0), framed, dialect, head, wanted)
        yield from whole.pieces(rows)


ANNOUNCED = re.compile(rb'"?sep=([\x01-\x7f])"?(?:\r\n|\n|\r)', re.IGNORECASE)
"""A first line for Excel, which is no record: it says the delimiter."""


def _announced(beginning: bytes) -> tuple[str | None, bytes]:
    """The delimiter that the text says itself, and the text behind."""
    found = ANNOUNCED.match(beginning)
    return (found[1].decode(), beginning[found.end() :]) if found else (None, beginning)


def _text(content: Content, encoding: str, size: int) -> tuple[Iterator[bytes], int]:
    """The text in blocks, and the line of its first record."""
    blocks = encodings.blocks(content, encoding, size=size)
    beginning = b""
    while len(beginning) < MOST_ANNOUNCED and (block := next(blocks, b"")):
        beginning += block
    announced, rest = _announced(beginning)
    return chain([rest] if rest else [], blocks), 1 if announced is None else 2


MOST_ANNOUNCED = 9
"""Bytes of the longest such line."""


def _frame(start: int, framed: Framed, dialect: Dialect, head: Header, wanted: list[str]) -> Frame:
    before = 1 if head.reading.header else 0
    table = cells(framed, dialect, head.names, wanted)
    if framed.first == 0 and before:
        table = table.filter(pl.col(ROW) > 0)
    own = [unguarded(name) if head.mended else pl.col(name) for name in wanted]
    table, wrong = refused(table.select(ROW, LINE, *own), head.literal.intersection(wanted))
    malformed = [_malformed(cut, cut.row - before, dialect, len(head.names)) for cut in framed.cut]
    return Frame(
        start=start,
        rows=framed.first + framed.count - before - start,
        cells=table,
        malformed=[*malformed, *wrong],
    )


def cells(
    framed: Framed, dialect: Dialect, names: Sequence[str], wanted: Sequence[str] | None = None
) -> pl.DataFrame:
    """The good records as text columns beside their numbers and lines; an unquoted empty cell is null."""
    columns = sorted({names.index(name) for name in names if wanted is None or name in wanted} or {0})
    if framed.clean:
        table = pl.read_csv(
            framed.clean,
            has_header=False,
            schema=dict.fromkeys(names, pl.String),
            columns=columns,
            separator=dialect.delimiter,
            quote_char=dialect.quote or None,
            eol_char=dialect.end,
        )
    else:
        table = pl.DataFrame(schema={names[column]: pl.String for column in columns})
    if table.height != framed.rows.size:  # would be a defect of importer: never guess which record is which
        raise FileDamaged(
            f"{framed.rows.size} records were found and {table.height} were read from line {framed.lines[0]} on; "
            "nothing of it is imported. Please report this file.",
            code="file.reading",
        )
    return table.with_columns(pl.Series(ROW, framed.rows), pl.Series(LINE, framed.lines))


TEXTS = {
    "quoting": "The record cannot be read: a quote is opened and never closed, or stands inside a cell.",
    "line_break": "The record cannot be read: half of a line break stands in a cell without quotes.",
    "encoding": "The record has bytes that are no text in the file's encoding.",
    "nul": "The record has a NUL character (a zero byte), which no cell can hold.",
    "too_large": f"The record has more than {RECORD_LIMIT >> 20} MiB; a quote may be opened and never closed.",
    "too_short": "The record has {cells} cells, the header has {width}.",
    "too_long": "The record has {cells} cells, the header has {width}.",
}
FIXES = {
    "encoding": "Save the file as UTF-8 (in Excel: CSV UTF-8), or say which encoding it has.",
    "nul": "Export the file again; a program has damaged it, or it is no text.",
    "line_break": "Put cells with line breaks into quotes.",
}
CHECK_RECORD = "Check the delimiters and quotes of this record; a quote inside a cell is written twice."


def _malformed(cut: Cut, row: int, dialect: Dialect, width: int) -> RowError:
    if cut.kind == "blank":
        return RowError(
            row=row,
            line=cut.line,
            outcome=Outcome.SKIPPED,
            code="record.blank",
            text="The line is empty.",
        )
    return RowError(
        row=row,
        line=cut.line,
        outcome=Outcome.INVALID,
        code=f"record.{cut.kind}",
        text=TEXTS[cut.kind].format(cells=cut.cells, width=width),
        fix=FIXES.get(cut.kind, CHECK_RECORD),
        value=cut.raw.decode("utf-8", "replace").rstrip("\r\n")[:200],
    )


def _first(content: Content, reading: Reading) -> list[str]:
    dialect = _dialect(content, reading)
    blocks, first_line = _text(content, str(reading.encoding), SAMPLE)
    found = next(records(blocks, dialect, width=None, first_line=first_line), None)
    if found is None or not found.rows.size or found.rows[0] != 1:
        kind = found.cut[0].kind if found and found.cut else "quoting"
        raise FileDamaged(f"Line 1: {TEXTS.get(kind, 'The header is empty.')}", code="file.header")
    return parsed(found.clean, dialect)


def _dialect(content: Content, reading: Reading) -> Dialect:
    sample = next(encodings.blocks(content, str(reading.encoding), size=SAMPLE), b"")
    end = "\r" if b"\n" not in sample and b"\r" in sample else "\n"
    return Dialect(str(reading.delimiter), str(reading.quote), end)
