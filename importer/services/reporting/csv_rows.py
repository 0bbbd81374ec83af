"""Rows for repair as CSV: delimiter, quote, encoding, line ends and header of the file that they come from."""

import asyncio
import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from importer import formats
from importer.domain.errors import FileDamaged
from importer.formats import dialects, encodings, pages
from importer.formats.content import Content
from importer.formats.frames import JSON_CELLS, REPORT_COLUMNS, Header
from importer.formats.guard import guard
from importer.formats.reading import Reading
from importer.services.reporting.repair import Repair, ToMend

SAMPLE = 64 << 10
RECOGNISED = frozenset({"utf-8", *encodings.MARKS.values(), *pages.LANGUAGES})
"""Encodings that are recognised without being said; any other was said, and has to be said again."""


@dataclass(frozen=True)
class Dialect:
    encoding: str = "utf-8"
    mark: bytes = b""
    delimiter: str = ","
    quote: str = '"'
    end: str = "\n"
    all_quoted: bool = False

    def line(self, cells: Sequence[str]) -> str:
        buffer = io.StringIO()
        csv.writer(
            buffer,
            delimiter=self.delimiter,
            quotechar=self.quote,
            quoting=csv.QUOTE_ALL if self.all_quoted else csv.QUOTE_MINIMAL,
            lineterminator="\r\n",  # either half of it in a cell has that cell quoted
        ).writerow(cells)
        return buffer.getvalue().removesuffix("\r\n") + self.end

    def sayable(self, text: str) -> str:
        """Our words in the encoding of the file; what it lacks becomes a question mark."""
        return text.encode(self.encoding, "replace").decode(self.encoding)


async def write(repair: Repair, path: Path) -> None:
    """In the dialect of the file, if a mended file is recognised as what it is; else in the nearest that is."""
    head = await repair.header()
    own = await asyncio.to_thread(_own_dialect, repair.content, head)
    for dialect in _dialects(own):
        plain = await _write(repair.again(), head, dialect, path)
        usual = repair.usual
        if await asyncio.to_thread(_recognised, path, head, dialect, usual, plain=plain):
            return


async def _write(repair: Repair, head: Header, dialect: Dialect, path: Path) -> bool:
    """Whether it is all ASCII."""
    with path.open("wb") as file:
        plain = _add(file, dialect, [_names(head)])
        async for rows in repair.rows(head):
            plain &= await asyncio.to_thread(_add, file, dialect, _lines(rows, dialect))
    return plain


def _add(file: BinaryIO, dialect: Dialect, lines: Iterator[list[str]] | list[list[str]]) -> bool:
    text = "".join(dialect.line([guard(cell) for cell in cells]) for cells in lines)
    file.write((dialect.mark if not file.tell() else b"") + text.encode(dialect.encoding))
    return text.isascii()


def _names(head: Header) -> list[str]:
    """The header as the file has it, and the report's columns."""
    own = [
        raw + JSON_CELLS if name in head.literal and not raw.endswith(JSON_CELLS) else raw
        for raw, name in zip(head.raw, head.names, strict=True)
        if name in head.own
    ]
    return [*own, *REPORT_COLUMNS]


def _lines(rows: Sequence[ToMend], dialect: Dialect) -> Iterator[list[str]]:
    for row in rows:
        yield [*(cell or "" for cell in row.cells), *map(dialect.sayable, row.said())]


def _own_dialect(content: Content, head: Header) -> Dialect:
    if head.reading.format != "csv":
        return Dialect()
    encoding = str(head.reading.encoding)
    with content.open() as stream:
        first = stream.read(len(codecs.BOM_UTF32_LE))
    mark = next((mark for mark in encodings.MARKS if first.startswith(mark)), b"")
    for wide in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE):
        mark = mark or (wide if encodings.MARKS[wide] == encodings.WIDE.get(encoding, encoding) else b"")
    sample = b"".join(islice(encodings.blocks(content, encoding, size=SAMPLE), 1))
    ends = {b"\r\n": "\r\n", b"\n": "\n", b"\r": "\r"}
    return Dialect(
        encoding=encodings.MARKS[mark] if mark else encoding,
        mark=mark,
        delimiter=head.reading.delimiter or ",",
        quote=head.reading.quote or '"',
        end=next((end for raw, end in ends.items() if raw in sample), "\n"),
    )


def _dialects(own: Dialect) -> Iterator[Dialect]:
    """The file's own first; a byte order mark and quotes around every cell leave less to guess."""
    yield own
    yield replace(own, all_quoted=True)
    if own.encoding in RECOGNISED:
        own = replace(own, encoding="utf-8", mark=codecs.BOM_UTF8)
        yield own
        yield replace(own, all_quoted=True)
    if own.delimiter in dialects.DELIMITERS:
        yield replace(own, delimiter=",", quote='"', all_quoted=True)


def _recognised(path: Path, head: Header, dialect: Dialect, usual: Reading, *, plain: bool) -> bool:
    """Whether the file is read as it was written, with nothing said but what had to be said of the first one, and what
    its mapping says of its files (`usual`)."""
    said = Reading(
        delimiter=None if dialect.delimiter in dialects.DELIMITERS else dialect.delimiter,
        encoding=None if dialect.encoding in RECOGNISED else dialect.encoding,
    )
    try:
        found = formats.header(path, "rows.csv", said.over(usual))
    except FileDamaged:
        return False
    same_text = plain or found.reading.encoding == dialect.encoding
    same_marks = (found.reading.delimiter, found.reading.quote) == (dialect.delimiter, dialect.quote)
    return same_text and same_marks and found.mended and found.own == head.own
