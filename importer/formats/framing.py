"""Where records of delimited text begin and end: exactly, block by block, with NumPy instead of a loop over bytes.

The grammar is RFC 4180, strict: a quote opens a cell only at its beginning and closes it only before a delimiter or
the end of the record. A record that breaks it is cut out up to the first end of line at or after its culprit (the
opening quote of a badly closed cell), so that a damaged record never swallows its neighbours.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from importer.formats.marks import (
    Dialect,
    Illegal,
    Places,
    Scanned,
    blank,
    holding,
    is_text,
    not_text,
    scan,
    within,
)

RECORD_LIMIT = 16 << 20
"""Bytes of one record; more is a quote that was never closed, or no delimited text at all."""
RAW_BYTES = 400
"""Of a cut record, kept to show it."""
NARROW = 64 << 10
"""Bytes looked at right behind a damaged record: where one is damaged the next may be as well."""


@dataclass(frozen=True)
class Cut:
    """A record that is cut out: its number, first line, kind, first bytes; cells or a detail where there is one."""

    row: int
    line: int
    kind: str
    raw: bytes
    cells: int = 0
    detail: str = ""


@dataclass
class Framed:
    """`count` records after the `first`: `clean` holds the good ones, each with its end; `rows` and `lines` say which
    they are, `runs` in which stretches of the whole text they lie."""

    clean: bytes
    rows: Places
    lines: Places
    first: int
    count: int
    cut: list[Cut] = field(default_factory=list)
    runs: list[tuple[int, int]] = field(default_factory=list)


def records(
    blocks: Iterator[bytes],
    dialect: Dialect,
    *,
    width: int | None,
    first_line: int = 1,
    limit: int = RECORD_LIMIT,
) -> Iterator[Framed]:
    """All records, one `Framed` for each block that ends one. A `width` of None takes any number of cells."""
    framer = _Framer(dialect, width, limit, first_line)
    for block in blocks:
        framer.data += block
        yield from framer.frame(final=False)
    yield from framer.frame(final=True)


BLANK, ENCODING, TOO_SHORT, TOO_LONG, NUL = 1, 2, 3, 4, 5
KINDS = {BLANK: "blank", ENCODING: "encoding", TOO_SHORT: "too_short", TOO_LONG: "too_long", NUL: "nul"}


class _Framer:
    """Carries from block to block what has no end yet."""

    def __init__(self, dialect: Dialect, width: int | None, limit: int, line: int) -> None:
        self.data = b""
        self._offset = 0  # of the data in the whole text
        self._dialect = dialect
        self._end = dialect.end.encode()
        self._width = width
        self._limit = limit
        self._row = 1
        self._line = line
        self._skipping = False  # inside a cut record whose end has not come yet

    def frame(self, *, final: bool) -> Iterator[Framed]:
        if not self._skip():
            return
        if final and self.data and not self.data.endswith(self._end):
            self.data += self._end
        good: list[tuple[Places, Places, Places]] = []  # starts, stops, lines
        cut: list[Cut] = []
        first, start = self._row, 0
        window = len(self.data)
        numbers: list[Places] = []
        while start < len(self.data) and window:
            stop = min(start + window, len(self.data))
            found = scan(self.data, start, stop, self._dialect, final=final and stop == len(self.data))
            illegal, ends = within(found, start, self._limit)
            rows, lines, starts, stops, bad = self._judge(found, start, ends)
            good.append((starts, stops, lines))
            numbers.append(rows)
            cut += bad
            start = int(ends[-1]) + 1 if ends.size else start
            if illegal is None:
                if stop == len(self.data):
                    break
                window *= 4
                continue
            start = self._cut_out(illegal, start, cut)
            window = NARROW
        if self._row > first:
            yield self._framed(good, numbers, cut, first)
        self._drop(start)

    def _drop(self, size: int) -> None:
        self.data = self.data[size:]
        self._offset += size

    def _skip(self) -> bool:
        """Drop the rest of a cut record; False when all of the data belongs to it."""
        if self._skipping:
            end = self.data.find(self._end)
            if end < 0:
                self._drop(len(self.data))
                return False
            self._drop(end + 1)
            self._line += 1
            self._skipping = False
        return True

    def _judge(
        self, found: Scanned, start: int, ends: Places
    ) -> tuple[Places, Places, Places, Places, list[Cut]]:
        """Number the records that end at `ends`; those that are blank or of the wrong width are cut."""
        starts = np.concatenate(([start], ends[:-1] + 1)) if ends.size else ends
        rows = np.arange(self._row, self._row + ends.size, dtype=np.int64)
        lines = self._line + np.searchsorted(found.line_ends, starts)
        kinds = np.zeros(ends.size, dtype=np.int8)
        cells = found.cells(ends) if ends.size else ends
        if self._width is not None:
            kinds[cells < self._width] = TOO_SHORT
            kinds[cells > self._width] = TOO_LONG
        if ends.size and self.data.find(0, start, int(ends[-1])) >= 0:
            kinds[holding(found.bytes, 0, start, ends)] = NUL
        kinds[blank(found.bytes, starts, ends)] = BLANK
        if ends.size and not is_text(self.data, start, int(ends[-1])):
            kinds[not_text(self.data, starts, ends) & (kinds != BLANK)] = ENCODING
        cut = [
            Cut(
                row=int(rows[i]),
                line=int(lines[i]),
                kind=KINDS[kinds[i]],
                raw=self._raw(int(starts[i]), int(ends[i]) + 1),
                cells=int(cells[i]),
            )
            for i in np.flatnonzero(kinds)
        ]
        self._row += int(ends.size)
        self._line += int(np.searchsorted(found.line_ends, ends[-1] + 1)) if ends.size else 0
        fine = kinds == 0
        return rows[fine], lines[fine], starts[fine], ends[fine] + 1, cut

    def _cut_out(self, illegal: Illegal, start: int, cut: list[Cut]) -> int:
        """Record the cut and give the offset of the next record."""
        end = self.data.find(self._end, illegal.culprit)
        stop = end + 1 if end >= 0 else len(self.data)
        cut.append(Cut(self._row, self._line, illegal.kind, self._raw(start, stop)))
        self._row += 1
        self._line += self.data.count(self._end, start, stop)
        self._skipping = end < 0
        return stop

    def _raw(self, start: int, stop: int) -> bytes:
        return self.data[start : min(stop, start + RAW_BYTES)]

    def _framed(
        self,
        good: list[tuple[Places, Places, Places]],
        numbers: list[Places],
        cut: list[Cut],
        first: int,
    ) -> Framed:
        starts, stops, lines = (np.concatenate(part) for part in zip(*good, strict=True))
        runs: list[tuple[int, int]] = []
        if starts.size:
            breaks = np.flatnonzero(starts[1:] != stops[:-1])
            begun, ended = starts[np.append(0, breaks + 1)], stops[np.append(breaks, -1)]
            runs = list(zip(begun.tolist(), ended.tolist(), strict=True))
        view = memoryview(self.data)
        clean = b"".join([view[start:stop] for start, stop in runs])
        cut.sort(key=lambda one: one.row)
        places = [(self._offset + start, self._offset + stop) for start, stop in runs]
        count = self._row - first
        return Framed(clean, np.concatenate(numbers), lines, first - 1, count, cut, places)
