"""JSON Lines: one document on each line. A line that is none is cut out; the lines around it are read."""

from collections.abc import Collection, Iterator

import numpy as np
import polars as pl

from importer.formats import encodings, nested
from importer.formats.ahead import ahead
from importer.formats.content import Content
from importer.formats.frames import FRAME_ROWS, Frame, Header
from importer.formats.framing import RAW_BYTES, RECORD_LIMIT, Cut
from importer.formats.nested import Batch
from importer.formats.reading import Reading
from importer.formats.shapes import BLANKS


def header(content: Content, reading: Reading) -> Header:
    encoding = encodings.recognise(content, reading)
    return nested.header(
        batches(content, encoding.value), reading.filled(encoding=encoding.value), (encoding,)
    )


def frames(
    content: Content,
    head: Header,
    _columns: Collection[str] | None = None,
    *,
    rows: int = FRAME_ROWS,
    block: int = encodings.BLOCK,
) -> Iterator[Frame]:
    encoding = str(head.reading.encoding)
    yield from ahead(nested.frames(batches(content, encoding, block=block), head, rows=rows))


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
        texts = _lines(whole)
        records, cut = texts.len(), []
        if len(data) > limit:
            number = first + records + 1
            cut.append(Cut(number, number, "too_large", data[:RAW_BYTES]))
            data, skipping = b"", True
        if records or cut:
            yield _batch(first, texts, cut, limit, plain=_only_ends(whole))
            first += records + len(cut)


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


def _batch(first: int, raw: pl.Series, cut: list[Cut], limit: int, *, plain: bool) -> Batch:
    texts = raw if raw.dtype == pl.String else pl.Series(list(map(_text, raw)), dtype=pl.String)
    if not plain:
        texts = texts.str.strip_suffix("\r")
    large = texts.str.len_bytes() > limit if texts.dtype == raw.dtype else raw.bin.size("b") > limit
    blank = (texts.str.strip_chars(BLANKS) == "") & ~large
    rows = np.arange(first + 1, first + raw.len() + 1, dtype=np.int64)
    bad = {"encoding": texts.is_null() & ~large, "blank": blank.fill_null(value=False), "too_large": large}
    for kind, those in bad.items():
        cut += [
            Cut(first + n + 1, first + n + 1, kind, _beginning(raw[n])) for n in those.arg_true().to_list()
        ]
    good = ~pl.DataFrame(bad).select(pl.any_horizontal(pl.all())).to_series()
    numbers = rows[good.to_numpy()]
    return Batch(
        first=first,
        count=raw.len() + sum(one.row > first + raw.len() for one in cut),
        rows=numbers,
        lines=numbers,
        texts=texts.filter(good),
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
