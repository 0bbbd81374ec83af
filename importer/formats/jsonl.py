"""JSON Lines: one document on each line. A line that is none is cut out; the lines around it are read."""

from collections.abc import Collection, Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from importer.formats import encodings, nested
from importer.formats.ahead import ahead
from importer.formats.content import Content
from importer.formats.frames import FRAME_ROWS, Frame, Header
from importer.formats.framing import RAW_BYTES, RECORD_LIMIT, Cut
from importer.formats.index import Index
from importer.formats.marks import is_text
from importer.formats.reading import Reading
from importer.formats.regular import Block
from importer.formats.shapes import BLANKS
from importer.formats.sorting import Batch


def header(content: Content, reading: Reading, index: Index | None = None) -> Header:
    seen = encodings.recognise(content, reading)
    return nested.header(batches(content, seen.value), reading.filled(encoding=seen.value), (seen,), index)


def frames(
    content: Content,
    head: Header,
    columns: Collection[str] | None = None,
    index: Index | None = None,
    *,
    rows: int = FRAME_ROWS,
    block: int = encodings.BLOCK,
) -> Iterator[Frame]:
    encoding = str(head.reading.encoding)
    yield from ahead(nested.frames(batches(content, encoding, block=block), head, columns, index, rows=rows))


def batches(
    content: Content, encoding: str, *, block: int = encodings.BLOCK, limit: int = RECORD_LIMIT
) -> Iterator[Batch]:
    """The lines of the file; every line is a record, the first one has number 1."""
    first, data, skipping = 0, b"", False
    for piece, last in _with_last(encodings.blocks(content, encoding, size=block)):
        data += piece
        if skipping:
            end = data.find(b"\n")
            data, skipping = (b"", True) if end < 0 else (data[end + 1 :], False)
        stop = len(data) if last else data.rfind(b"\n") + 1
        whole, data = data[:stop], data[stop:]
        if not whole and len(data) <= limit:
            continue
        batch = _batch(first, whole, limit)
        if len(data) > limit:
            number = first + batch.count + 1
            cut = Cut(number, number, "too_large", data[:RAW_BYTES])
            batch = replace(batch, count=batch.count + 1, cut=[*batch.cut, cut])
            data, skipping = b"", True
        if batch.count:
            yield batch
            first += batch.count


def _lines(whole: bytes) -> pl.Series:
    """The lines as text; as bytes when some are no text."""
    if not whole:
        return pl.Series(dtype=pl.String)
    try:
        return (
            pl.Series([whole.removesuffix(b"\n")], dtype=pl.Binary).cast(pl.String).str.split("\n").explode()
        )
    except pl.exceptions.ComputeError:
        return pl.Series(whole.removesuffix(b"\n").split(b"\n"), dtype=pl.Binary)


def _only_ends(whole: bytes) -> bool:
    """Whether there are no control characters but the ends of lines."""
    return int((np.frombuffer(whole, dtype=np.uint8) < ord(" ")).sum()) == whole.count(b"\n")


def _with_last(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    for block in blocks:
        yield block, False
    yield b"", True


def _batch(first: int, whole: bytes, limit: int) -> Batch:
    plain = _only_ends(whole)
    block = Block(whole if whole.endswith(b"\n") else whole + b"\n")
    if not (plain and whole and _documents(block, limit)):
        return _looked_at(first, _lines(whole), limit, plain=plain)
    numbers = np.arange(first + 1, first + block.ends.size + 1)
    return Batch(
        first=first,
        count=numbers.size,
        rows=numbers,
        lines=numbers,
        source=lambda: _lines(whole),
        cut=[],
        plain=True,
        block=block,
    )


def _documents(block: Block, limit: int) -> bool:
    """Whether every line may be one: it begins like one, is not too long, and all are text."""
    return bool(
        (block.codes[block.starts] == ord("{")).all()
        and (block.ends - block.starts).max() <= limit
        and is_text(block.text, 0, len(block.text))
    )


def _looked_at(first: int, raw: pl.Series, limit: int, *, plain: bool) -> Batch:
    texts = raw if raw.dtype == pl.String else pl.Series(list(map(_text, raw)), dtype=pl.String)
    if not plain:
        texts = texts.str.strip_suffix("\r")
    large = texts.str.len_bytes() > limit if texts.dtype == raw.dtype else raw.bin.size("b") > limit
    blank = (texts.str.strip_chars(BLANKS) == "") & ~large
    rows = np.arange(first + 1, first + raw.len() + 1, dtype=np.int64)
    bad = {"encoding": texts.is_null() & ~large, "blank": blank.fill_null(value=False), "too_large": large}
    cut: list[Cut] = []
    for kind, those in bad.items():
        cut += [
            Cut(first + n + 1, first + n + 1, kind, _beginning(raw[n])) for n in those.arg_true().to_list()
        ]
    good = ~pl.DataFrame(bad).select(pl.any_horizontal(pl.all())).to_series()
    numbers = rows[good.to_numpy()]
    return Batch(
        first=first,
        count=raw.len(),
        rows=numbers,
        lines=numbers,
        source=lambda: texts.filter(good),
        cut=cut,
        plain=plain,
    )


def _text(line: bytes) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None


def _beginning(line: str | bytes) -> bytes:
    return line[:RAW_BYTES].encode() if isinstance(line, str) else line[:RAW_BYTES]
