"""A list of documents inside one JSON document, read piece by piece: the list itself, or one that a path leads to.

A document that is JSON but cannot be a row is cut out like any other record. Where the text stops to be JSON nobody
can say what follows, so the file is refused with the line, before anything of it is sent.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from importer.domain.errors import FileDamaged
from importer.formats import encodings, jsonl, nested
from importer.formats.ahead import ahead
from importer.formats.content import Content
from importer.formats.cursor import Cursor
from importer.formats.documents import Unreadable, parse
from importer.formats.encodings import BAD_BYTE
from importer.formats.frames import FRAME_ROWS, Frame, Header
from importer.formats.framing import RAW_BYTES, Cut
from importer.formats.index import Index
from importer.formats.reading import Evidence, Reading
from importer.formats.sorting import Batch

BATCH_CHARACTERS = 8 << 20
BATCH_DOCUMENTS = 5_000


def header(content: Content, reading: Reading, index: Index | None = None) -> Header:
    seen = encodings.recognise(content, reading)
    encoding = seen.value
    if reading.path is None and _is_lines(content, encoding):
        found = jsonl.header(content, replace(reading, format="jsonl"), index)
        lines = Evidence("format", "jsonl", "every line is a document of its own")
        return Header(
            names=found.names,
            raw=found.raw,
            reading=found.reading,
            evidence=(lines, *found.evidence),
            literal=found.literal,
            mended=found.mended,
        )
    path, reason = (reading.path, reading.why("path")) if reading.said("path") else _path(content, encoding)
    filled = reading.filled(encoding=encoding, path=path)
    evidence = (seen, Evidence("path", path or "none", reason))
    return nested.header(batches(content, filled), filled, evidence, index)


def frames(
    content: Content,
    head: Header,
    columns: Collection[str] | None = None,
    index: Index | None = None,
    *,
    rows: int = FRAME_ROWS,
    block: int = encodings.BLOCK,
) -> Iterator[Frame]:
    yield from ahead(
        nested.frames(batches(content, head.reading, block=block), head, columns, index, rows=rows)
    )


def batches(content: Content, reading: Reading, *, block: int = encodings.BLOCK) -> Iterator[Batch]:
    cursor = Cursor(encodings.blocks(content, str(reading.encoding), size=block))
    names = [name for name in str(reading.path or "").split(".") if name]
    first, size = 0, 0
    elements: list[tuple[int, str]] = []
    for line, text in cursor.elements(names):
        elements.append((line, text))
        size += len(text)
        if size >= BATCH_CHARACTERS or len(elements) >= BATCH_DOCUMENTS:
            yield _batch(first, elements)
            first, size, elements = first + len(elements), 0, []
    if elements:
        yield _batch(first, elements)


def _batch(first: int, elements: list[tuple[int, str]]) -> Batch:
    good = [(n, line, text) for n, (line, text) in enumerate(elements, first + 1) if BAD_BYTE not in text]
    return Batch(
        first=first,
        count=len(elements),
        rows=np.array([row for row, _, _ in good], dtype=np.int64),
        lines=np.array([line for _, line, _ in good], dtype=np.int64),
        source=lambda: pl.Series([text for _, _, text in good], dtype=pl.String),
        cut=[
            Cut(n, line, "encoding", text[:RAW_BYTES].encode("utf-8", "replace"))
            for n, (line, text) in enumerate(elements, first + 1)
            if BAD_BYTE in text
        ],
        plain=True,  # the cursor takes no control character inside a string
    )


def _is_lines(content: Content, encoding: str) -> bool:
    """Whether the first line is a document and another one begins behind it."""
    text = next(encodings.blocks(content, encoding), b"").decode("utf-8", "replace").lstrip()
    line, _, rest = text.partition("\n")
    if not line.startswith("{") or not rest.lstrip().startswith("{"):
        return False
    try:
        parse(line)
    except Unreadable:
        return False
    return True


def _path(content: Content, encoding: str) -> tuple[str, str]:
    cursor = Cursor(encodings.blocks(content, encoding))
    try:
        start = cursor.peek()
        if start == "[":
            return "", "the document is a list"
        found = cursor.find_list() if start == "{" else None
    except json.JSONDecodeError as error:
        raise cursor.damaged(error) from None
    if found is None:
        raise FileDamaged(
            "The document holds no list of objects; write the records as a list, [{...}, {...}], "
            "or one on each line.",
            code="file.path",
        )
    return ".".join(found), "the first list of objects in the document"
