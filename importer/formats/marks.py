"""What stands where in a stretch of delimited text, and the first place that breaks the grammar of RFC 4180."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

LF, CR = 10, 13

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Dialect:
    """`quote` is one character, or empty when cells are never quoted; `end` is a line feed or a carriage return."""

    delimiter: str
    quote: str = '"'
    end: str = "\n"


class Illegal(NamedTuple):
    kind: str
    noticed: int
    culprit: int


@dataclass
class Scanned:
    """What stands where in a stretch of data; offsets are those of the whole data."""

    bytes: NDArray[np.uint8]
    ends: Places  # of records
    line_ends: Places  # of lines, those inside quotes too
    delimiters: Places  # those inside quotes too
    quotes: Places
    illegal: Illegal | None

    def cells(self, ends: Places) -> Places:
        """How many cells the records have that end at `ends`."""
        before = np.searchsorted(self.delimiters, ends)
        if self.quotes.size:
            opening, closing = self.quotes[0 : self.quotes.size // 2 * 2 : 2], self.quotes[1::2]
            inside = np.searchsorted(self.delimiters, closing) - np.searchsorted(self.delimiters, opening)
            before -= np.append(0, np.cumsum(inside))[np.searchsorted(closing, ends)]
        return np.diff(before, prepend=0) + 1


def scan(data: bytes, start: int, stop: int, dialect: Dialect, *, final: bool) -> Scanned:
    """`start` is the beginning of a record. Offsets beyond `stop` are not looked at."""
    whole = np.frombuffer(data, dtype=np.uint8)
    view = whole[start:stop]
    end = ord(dialect.end)
    other = LF + CR - end  # the line end that must not stand alone
    lines, delimiters = _places(view, end, start), _places(view, ord(dialect.delimiter), start)
    others = quotes = lines[:0]
    ends, illegal = lines, None
    if data.find(other, start, stop) >= 0:
        others = _places(view, other, start)
    if dialect.quote and data.find(dialect.quote.encode(), start, stop) >= 0:
        quotes = _places(view, ord(dialect.quote), start)
        ends, others = _outside(lines, quotes), _outside(others, quotes)
        illegal = _bad_quote(whole, quotes, start, stop, dialect, final=final)
    alone = _alone(whole, others, stop, end)
    if alone is not None and (illegal is None or alone < illegal.noticed):
        illegal = Illegal("line_break", alone, alone)
    return Scanned(
        bytes=whole, ends=ends, line_ends=lines, delimiters=delimiters, quotes=quotes, illegal=illegal
    )


def _places(view: NDArray[np.uint8], mark: int, start: int) -> Places:
    """Where it stands; a look for each mark is faster than one for all that tells them apart afterwards."""
    return np.flatnonzero(view == mark) + start


def _outside(places: Places, quotes: Places) -> Places:
    """Those that an even number of quotes stands before."""
    found: Places = places[np.searchsorted(quotes, places) & 1 == 0]
    return found


def _bad_quote(
    data: NDArray[np.uint8], quotes: Places, start: int, stop: int, dialect: Dialect, *, final: bool
) -> Illegal | None:
    """The first quote that stands where none may stand, or the last one when it opens and nothing closes it."""
    end, delimiter, quote = ord(dialect.end), ord(dialect.delimiter), ord(dialect.quote)
    opening, closing = quotes[0::2], quotes[1::2]
    before = data[np.maximum(opening - 1, start)]
    bare = (opening > start) & (before != delimiter) & (before != end) & (before != quote)
    after = data[np.minimum(closing + 1, stop - 1)]
    ended = (after == delimiter) | (after == end) | (after == quote) | (closing + 1 >= stop)
    if end == LF:
        second = data[np.minimum(closing + 2, stop - 1)]
        ended |= (after == CR) & ((second == LF) | (closing + 2 >= stop))
    first_bare = int(np.argmax(bare)) if bare.any() else None
    first_open = int(np.argmin(ended)) if not ended.all() else None
    if first_bare is not None and (first_open is None or opening[first_bare] < closing[first_open]):
        return Illegal("quoting", int(opening[first_bare]), int(opening[first_bare]))
    if first_open is not None:
        return Illegal("quoting", int(closing[first_open]), _opening(quotes, 2 * first_open))
    if final and quotes.size % 2:
        return Illegal("quoting", stop, _opening(quotes, quotes.size - 1))
    return None


def _opening(quotes: Places, index: int) -> int:
    """The quote that opens the cell in which `quotes[index]` (an even index) stands: back over doubled quotes."""
    while index >= 2 and quotes[index] - 1 == quotes[index - 1]:
        index -= 2
    return int(quotes[index])


def _alone(data: NDArray[np.uint8], others: Places, stop: int, end: int) -> int | None:
    """The first carriage return without its line feed outside quotes (or, where lines end with CR, any line feed)."""
    if end == LF and others.size:
        others = others[(others + 1 < stop) & (data[np.minimum(others + 1, stop - 1)] != LF)]
    return int(others[0]) if others.size else None


def within(found: Scanned, start: int, limit: int) -> tuple[Illegal | None, Places]:
    """The records before the first illegal or oversized one, and what is wrong with that one."""
    illegal, ends = found.illegal, found.ends
    if illegal is not None:
        ends = ends[: np.searchsorted(ends, illegal.noticed)]
    lengths = np.diff(ends, prepend=start - 1) - 1
    if ends.size and lengths.max() > limit:
        place = int(np.argmax(lengths > limit))
        ends = ends[:place]
        return _too_large(found, int(ends[-1]) + 1 if place else start, limit), ends
    tail = int(ends[-1]) + 1 if ends.size else start
    reached = illegal.noticed if illegal is not None else len(found.bytes)
    if reached - tail > limit or (illegal is not None and reached - tail >= limit):
        return _too_large(found, tail, limit), ends
    return illegal, ends


def _too_large(found: Scanned, start: int, limit: int) -> Illegal:
    late = start + limit
    first = int(np.searchsorted(found.quotes, start))
    last = int(np.searchsorted(found.quotes, late))
    inside = (last - first) % 2 == 1
    doubled = (
        last > first and last < found.quotes.size and found.quotes[last] == late == found.quotes[last - 1] + 1
    )
    if inside or doubled:
        index = last - 1 if inside else last - 2
        return Illegal("too_large", late, max(start, _opening(found.quotes[first:], index - first)))
    return Illegal("too_large", late, late)


def blank(data: NDArray[np.uint8], starts: Places, ends: Places) -> NDArray[np.bool_]:
    lengths = ends - starts
    blank: NDArray[np.bool_] = lengths == 0
    for place in np.flatnonzero(lengths == 1):
        blank[place] = data[starts[place]] == CR and data[ends[place]] == LF
    return blank


def holding(data: NDArray[np.uint8], mark: int, start: int, ends: Places) -> Places:
    """Which of the records that end at `ends`, the first one beginning at `start`, hold the byte."""
    found = _places(data[start : int(ends[-1])], mark, start)
    return np.unique(np.searchsorted(ends, found))


def is_text(data: bytes, start: int, stop: int) -> bool:
    """Whether the bytes are UTF-8. Polars looks at them eight times as fast as Python makes a text of them."""
    try:
        pl.Series([data[start:stop]], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.ComputeError:
        return False
    return True


def not_text(data: bytes, starts: Places, ends: Places) -> NDArray[np.bool_]:
    pairs = zip(starts.tolist(), ends.tolist(), strict=True)
    return np.array([not is_text(data, start, end) for start, end in pairs], dtype=np.bool_)
