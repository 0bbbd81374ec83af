"""Lines of one shape in a block of JSON Lines, cut into their raw values without looking at them one by one.

In each line the marks `":` are found. Where there are as many as the shape has, each part of the shape has to stand,
byte by byte, at its mark: then the line consists of exactly these parts with a value between each two (see `shapes`).
What stands beside the values becomes a separator, and Polars reads them as columns.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from importer.formats.marks import LF, Places
from importer.formats.shapes import Raw, Shape

Fits = NDArray[np.bool_]

SEPARATOR = 0x1E
"""JSON text has it nowhere."""
MARK, QUOTE, BACKSLASH = b'":', ord('"'), ord("\\")
WORD = 8
"""Bytes compared at once."""


@dataclass(frozen=True)
class Block:
    """Whole lines of UTF-8, each with its end, without other control characters."""

    text: bytes

    @cached_property
    def codes(self) -> NDArray[np.uint8]:
        return np.frombuffer(self.text, dtype=np.uint8)

    @cached_property
    def ends(self) -> Places:
        return np.flatnonzero(self.codes == LF)

    @cached_property
    def starts(self) -> Places:
        return np.append(0, self.ends[:-1] + 1)

    @cached_property
    def marks(self) -> Places:
        """Where `":` stands; one behind a backslash belongs to a value."""
        found = np.flatnonzero((self.codes[:-1] == MARK[0]) & (self.codes[1:] == MARK[1]))
        outside: Places = found[self.codes[np.maximum(found - 1, 0)] != BACKSLASH]
        return outside

    @cached_property
    def words(self) -> NDArray[np.uint64]:
        """The eight bytes that begin at each place."""
        return np.ndarray(max(0, self.codes.size - WORD + 1), np.dtype("<u8"), self.text, 0, (1,))

    def stands(self, part: bytes, places: Places) -> Fits:
        """Whether `part` stands at the places; of a place too near to the end of the text nothing is said."""
        found = np.ones(places.size, dtype=bool)
        if len(part) < WORD or not self.words.size:
            for offset, byte in enumerate(part):
                found &= self.codes[np.minimum(places + offset, self.codes.size - 1)] == byte
            return found
        for offset in (*range(0, len(part) - WORD, WORD), len(part) - WORD):
            word = np.frombuffer(part, dtype="<u8", count=1, offset=offset)[0]
            found &= self.words[np.minimum(places + offset, self.words.size - 1)] == word
        return found

    def line(self, place: int) -> str:
        return self.text[int(self.starts[place]) : int(self.ends[place])].decode()


def split(block: Block, one: Shape) -> tuple[Raw, Fits]:
    """The raw values of the lines that fit, and for every line whether it does."""
    parts, end = [part.encode() for part in one.parts], one.end.encode()
    fits, begins, behind = _values(block, parts, end)
    nothing = Raw(pl.DataFrame(schema={str(n): pl.String for n in range(len(parts))}))
    if not fits.any():
        return nothing, fits
    quoted = _quoted(block, begins, behind)
    cut = bytearray(block.text)
    codes = np.frombuffer(cut, dtype=np.uint8)
    codes[(begins - 1 + quoted).ravel()] = SEPARATOR
    codes[(behind - quoted).ravel()] = SEPARATOR
    fields = [str(n // 2) if n % 2 else f"part {n // 2}" for n in range(2 * len(parts) + 1)]
    values = pl.read_csv(
        bytes(cut) if fits.all() else _only(block, cut, fits),
        has_header=False,
        schema=dict.fromkeys(fields, pl.String),
        columns=list(range(1, 2 * len(parts), 2)),
        separator=chr(SEPARATOR),
        quote_char=None,
        empty_string_is_null=False,
    )
    if values.height != int(fits.sum()):
        return nothing, np.zeros_like(fits)
    return Raw(values, frozenset(map(str, np.flatnonzero(quoted).tolist()))), fits


def _quoted(block: Block, begins: Places, behind: Places) -> Fits:
    """By value: whether it is in quotes in every line; then the separators take the place of the quotes."""
    long = behind - begins > 1
    first, last = block.codes[begins] == QUOTE, block.codes[behind - 1] == QUOTE
    found: Fits = (long & first & last).all(axis=0)
    return found


def _values(block: Block, parts: list[bytes], end: bytes) -> tuple[Fits, Places, Places]:
    """Which lines fit, and where in these each value begins and what stands behind it begins."""
    in_part = [part.count(MARK) for part in parts]
    none = np.empty((0, 0), dtype=np.int64)
    if not all(in_part):
        return np.zeros(block.ends.size, dtype=bool), none, none
    counts = np.diff(np.searchsorted(block.marks, block.ends), prepend=0)
    fits = counts == sum(in_part)
    marks = block.marks[np.repeat(fits, counts)].reshape(-1, sum(in_part))
    starts, ends = block.starts[fits], block.ends[fits]
    good = np.ones(starts.size, dtype=bool)
    begins, behind = [starts], []
    for number, (part, mark) in enumerate(zip(parts, np.cumsum(in_part) - 1, strict=True)):
        place = marks[:, mark] - part.rfind(MARK)
        good &= place == starts if number == 0 else place > begins[-1]
        good &= block.stands(part, np.where(good, place, starts))
        begins.append(place + len(part))
        behind.append(place)
    tail = ends - len(end)
    good &= tail > begins[-1]
    good &= block.stands(end, np.where(good, tail, starts))
    fits[fits] = good
    return fits, np.stack(begins[1:], axis=1)[good], np.stack([*behind[1:], tail], axis=1)[good]


def _only(block: Block, cut: bytearray, fits: Fits) -> bytes:
    """The lines that fit."""
    changes = np.flatnonzero(np.diff(fits.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    view = memoryview(cut)
    return b"".join(
        view[int(block.starts[first]) : int(block.ends[last - 1]) + 1] for first, last in changes.tolist()
    )
