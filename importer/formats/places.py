"""Where the records of delimited text lie, as a first reading has found them: a second one need not look for them again.

An entry of the index is what one `Framed` says, without its text.
"""

from collections.abc import Iterator
from dataclasses import astuple
from typing import Any

import numpy as np

from importer.domain.errors import FileDamaged
from importer.formats.framing import Cut, Framed
from importer.formats.index import Index
from importer.formats.marks import Places


def noted(found: Iterator[Framed], index: Index) -> Iterator[Framed]:
    """The same; when all of them were taken the index is complete."""
    index.begin()
    for framed in found:
        index.add(_entry(framed))
        yield framed
    index.end()


def again(blocks: Iterator[bytes], index: Index, end: bytes) -> Iterator[Framed]:
    """The records of the same text, read again. Raises FileDamaged when it is not as long as it was."""
    text = _Text(blocks, end)
    for entry in index.entries():
        yield _framed(entry, text)


class _Text:
    """Stretches of a text that comes in blocks, taken one after the other."""

    def __init__(self, blocks: Iterator[bytes], end: bytes) -> None:
        self._blocks = blocks
        self._end = end
        self._data = b""
        self._start = 0

    def take(self, start: int, stop: int) -> bytes:
        """The last record may lack its `end` in the file."""
        while self._start + len(self._data) < stop:
            block = next(self._blocks, None)
            if block is None:
                break
            kept = max(0, start - self._start)
            self._start += min(kept, len(self._data))
            self._data = self._data[kept:] + block
        found = self._data[start - self._start : stop - self._start]
        if len(found) == stop - start:
            return found
        if len(found) + len(self._end) == stop - start:
            return found + self._end
        raise FileDamaged(
            "The file is shorter than when its records were counted; upload it again.", code="file.changed"
        )


def _entry(framed: Framed) -> tuple[Any, ...]:
    cut = [astuple(one) for one in framed.cut]
    consecutive = framed.rows.size == framed.count
    rows = None if consecutive else _packed(framed.rows, framed.first)
    return framed.first, framed.count, framed.runs, rows, _packed(framed.lines, 0), cut


def _framed(entry: tuple[Any, ...], text: _Text) -> Framed:
    first, count, runs, rows, lines, cut = entry
    return Framed(
        clean=b"".join(text.take(start, stop) for start, stop in runs),
        rows=np.arange(first + 1, first + count + 1) if rows is None else _unpacked(*rows),
        lines=_unpacked(*lines),
        first=first,
        count=count,
        cut=[Cut(*one) for one in cut],
        runs=runs,
    )


def _packed(numbers: Places, before: int) -> tuple[int, str, bytes]:
    """Ascending numbers as the steps between them, mostly a byte each."""
    first = int(numbers[0]) if numbers.size else before
    steps = np.diff(numbers, prepend=first)
    kind = np.min_scalar_type(int(steps.max(initial=0)))
    return first, kind.str, steps.astype(kind).tobytes()


def _unpacked(first: int, kind: str, steps: bytes) -> Places:
    return first + np.cumsum(np.frombuffer(steps, dtype=kind), dtype=np.int64)
