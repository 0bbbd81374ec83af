"""Which encoding a text is in, with the reason, and the text as UTF-8.

A byte that means nothing in its encoding stays in the stream as a byte that is no UTF-8 either: the record that holds
it is reported, its neighbours are read.
"""

import codecs
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from importer.domain.errors import FileDamaged
from importer.formats import pages
from importer.formats.content import Content
from importer.formats.reading import Evidence, Reading

BLOCK = 5 << 19
PROBE = 1 << 20
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""Byte order mark -> encoding; the longer of two that begin alike stands first."""
WIDE = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}
"""What is meant when there is no mark (Windows writes it so)."""
SHOWN = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    **{page: pages.shown(page) for page in pages.LANGUAGES},
}
"""Encoding -> its name in a sentence."""
ASCII = "only ASCII characters"
BAD_BYTE = "\udc80"


def _keep_bad(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return BAD_BYTE, error.end


codecs.register_error("importer.keep_bad", _keep_bad)


def recognise(content: Content, reading: Reading) -> Evidence:
    """The encoding, with a doubt when the one that was said does not fit the beginning of the file, or when nothing
    was said and the bytes do not tell which code page is meant."""
    if reading.encoding is not None:
        doubt = doubt_of(content, reading.encoding)
        return Evidence("encoding", reading.encoding, reading.why("encoding"), doubt)
    with content.open() as stream:
        first = stream.read(PROBE)
        if (found := _wide(first)) is not None:
            return Evidence("encoding", *found)
        probe = _first_beyond_ascii(stream, first)
    if probe is None:
        return Evidence("encoding", "utf-8", ASCII)
    return Evidence("encoding", *_eight_bit(probe))


def doubt_of(content: Content, said: str) -> str:
    """Empty where the file may well be in the encoding: a text in one code page is a text in any other."""
    with content.open() as stream:
        first = stream.read(PROBE)
    looks, why, *_ = _wide(first) or (("utf-8", ASCII) if first.isascii() else _eight_bit(first))
    if _family(said) == _family(looks) or (why == ASCII and _family(said) == "page"):
        return ""
    seems = f"The file is read as {said}, but it looks like {SHOWN.get(looks, looks)}: {why}."
    return f"{seems} Say that encoding, or none."


def _family(encoding: str) -> str:
    """Encodings of one family cannot be told from each other by the bytes alone."""
    return next((one for one in ("utf-8", "utf-16", "utf-32") if encoding.startswith(one)), "page")


def _wide(first: bytes) -> tuple[str, str] | None:
    """(encoding, reason) of a text whose beginning shows it."""
    if (mark := _mark(first)) is not None:
        return MARKS[mark], "by the mark at its beginning"
    if (wide := _without_mark(first)) is not None:
        return wide, "every second byte is zero"
    return None


def named(reading: Reading) -> Reading:
    """With the encoding that was said under its one name: utf-8 for UTF8. Raises FileDamaged when it is none."""
    said = reading.encoding
    if said is None:
        return reading
    try:
        b"a".decode(said, "replace")  # a codec that gives no text is no encoding
        return replace(reading, encoding=codecs.lookup(said).name)
    except LookupError:
        raise FileDamaged(
            f"`{said}` is no known encoding; say utf-8, utf-16, cp1252 (Western Windows) or another of Python's names.",
            code="file.encoding",
        ) from None


def _mark(data: bytes) -> bytes | None:
    return next((mark for mark in MARKS if data.startswith(mark)), None)


def _without_mark(data: bytes) -> str | None:
    """UTF-16 of Latin text has a zero in every second byte; nothing else that is text has."""
    sample = data[:4096]
    half = len(sample) // 2
    if half < 2:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > half * 0.7 and even < half * 0.3:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.7 and odd < half * 0.3 else None


def _first_beyond_ascii(stream: BinaryIO, block: bytes) -> bytes | None:
    while block:
        if not block.isascii():
            return block
        block = stream.read(PROBE)
    return None


def _eight_bit(probe: bytes) -> tuple[str, str, str]:
    """(encoding, reason, doubt): UTF-8 unless most bytes beyond ASCII contradict it; else the likeliest code page."""
    read = probe.decode("utf-8", errors="replace")
    bad = read.count("\ufffd")
    good = len(read) - len(read.encode("ascii", "ignore")) - bad
    if bad <= 1 + good // 10 and good:
        wrong = f", with about {bad} bytes that are not" if bad > 1 else ""
        return "utf-8", f"the bytes beyond ASCII are UTF-8{wrong}", ""
    found = pages.recognise(probe)
    why = f"the bytes beyond ASCII are no UTF-8 and read as {pages.WORDS_OF[found.page]}"
    return found.page, why, found.doubt


def blocks(content: Content, encoding: str, *, size: int = BLOCK) -> Iterator[bytes]:
    """The text in UTF-8 without its mark, about `size` bytes at a time."""
    with content.open() as stream:
        raw = stream.read(size)
        mark = _mark(raw)
        if mark is not None and MARKS[mark].startswith(encoding[:6]):
            raw, encoding = raw[len(mark) :], MARKS[mark]
        elif encoding in WIDE:
            encoding = (encoding == "utf-16" and _without_mark(raw)) or WIDE[encoding]
        if encoding == "utf-8":
            while raw:
                yield raw
                raw = stream.read(size)
            return
        decoder = codecs.getincrementaldecoder(encoding)("importer.keep_bad")
        while raw:
            yield decoder.decode(raw).encode("utf-8", "surrogateescape")
            raw = stream.read(size)
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogateescape")
