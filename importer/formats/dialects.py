"""Which delimiter and quote delimited text has: the pair that fits most records of its beginning, with the evidence."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice

from importer.domain.errors import FileDamaged
from importer.domain.sentences import visible
from importer.formats.content import Content
from importer.formats.framing import RECORD_LIMIT, Framed, records
from importer.formats.marks import Dialect
from importer.formats.reading import Evidence, Reading

DELIMITERS = (",", ";", "\t", "|")
QUOTES = ('"', "'", "")
SAMPLE = 256 << 10


@dataclass(frozen=True)
class Fit:
    """How well a dialect fits the beginning of a file: records of the header's width, of all.

    `quoted`: cells are enclosed in the quote; `stray`: the quote stands where it may not.
    """

    dialect: Dialect
    width: int
    fitting: int
    records: int
    quoted: bool
    stray: bool

    def rank(self) -> tuple[float, int]:
        """More than one column and every record fitting is best; of equals the one with more columns."""
        return (self.fitting / self.records if self.width > 1 and self.records else 0.0, self.width)


def candidates(
    sample: bytes, content: Content, reading: Reading, announced: str | None = None
) -> list[Dialect]:
    """Those that a person leaves open, by the first line; `announced`: the file says its delimiter. Raises FileDamaged for marks that no dialect has."""
    end = "\r" if b"\n" not in sample and b"\r" in sample else "\n"
    by_name = "\t" if content.name.lower().endswith((".tsv", ".tab")) else None
    said = reading.delimiter if reading.delimiter is not None else announced or by_name
    first = sample[: sample.find(end.encode()) + 1] or sample
    possible = [mark for mark in DELIMITERS if mark.encode() in first] or DELIMITERS[:1]
    for name, mark in (("delimiter", reading.delimiter), ("quote", reading.quote or None)):
        if mark is not None and (len(mark) != 1 or not mark.isascii() or mark in "\r\n"):
            raise FileDamaged(
                f"The {name} must be one ASCII character, not `{visible(mark)}`.", code="file.dialect"
            )
    quotes = QUOTES if reading.quote is None else (reading.quote,)
    return [Dialect(d, q, end) for q in quotes for d in ((said,) if said else possible)]


def best_fit(sample: bytes, tried: list[Dialect]) -> Fit:
    """Raises FileDamaged when the header cannot be read.

    Double quotes, unless they never enclose a cell: then single ones if they explain more, else none.
    """

    def best(quote: str) -> Fit | None:
        fits = (_fit(sample, dialect) for dialect in tried if dialect.quote == quote)
        return max((fit for fit in fits if fit is not None), key=Fit.rank, default=None)

    double = best('"')
    if double is not None and double.quoted:
        return double
    single = best("'") if b"'" in sample else None
    if double is not None and not double.stray and single is None:
        return double
    none = best("")
    if single is not None and single.quoted and single.fitting > (none or single).fitting:
        return single
    if double is not None and not double.stray:
        return double
    found = none or double or single or best("'")
    if found is None:
        raise _no_header(sample)
    return found


def _no_header(sample: bytes) -> FileDamaged:
    if not sample.strip():
        return FileDamaged("The file holds only empty lines.", code="file.empty")
    first = sample.splitlines()[0].strip()
    told = (
        "the header cannot be read; check its quotes and that the file is text."
        if first
        else "it is empty, and the header must stand there; remove the empty lines before it."
    )
    return FileDamaged(f"Line 1: {told}", code="file.header")


def _fit(sample: bytes, dialect: Dialect) -> Fit | None:
    """None when not even the first record can be read."""
    first = next(iter(records(iter([sample]), dialect, width=None)), None)
    if first is None or not first.rows.size or first.rows[0] != 1:
        return None
    width = len(parsed(first.clean, dialect))
    if len(sample) >= SAMPLE:  # the last record is cut off: one block without an end gives whole records only
        framed = list(islice(records(chain([sample], [b""]), dialect, width=width), 1))
    else:
        framed = list(records(iter([sample]), dialect, width=width))
    blank = sum(cut.kind == "blank" for frame in framed for cut in frame.cut)
    good = sum(int(frame.rows.size) for frame in framed)
    return Fit(
        dialect,
        width,
        good,
        sum(frame.count for frame in framed) - blank,
        quoted=bool(dialect.quote) and any(_begins_quoted(frame, dialect) for frame in framed),
        stray=any(cut.kind == "quoting" for frame in framed for cut in frame.cut),
    )


def _begins_quoted(framed: Framed, dialect: Dialect) -> bool:
    """Whether a cell begins with the quote: in good records every quote does or is doubled inside one that does."""
    quote, behind = dialect.quote.encode(), (dialect.delimiter + dialect.quote).encode()
    return quote in framed.clean or any(cut.raw.startswith(quote) or behind in cut.raw for cut in framed.cut)


def parsed(clean_: bytes, dialect: Dialect) -> list[str]:
    """The cells of the first record."""
    csv.field_size_limit(RECORD_LIMIT)
    text = clean_.decode("utf-8")
    lines = (line + dialect.end for line in text.split(dialect.end))
    if not dialect.quote:
        return next(csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE), [])
    return next(csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote), [])


NAMES = {",": "comma", ";": "semicolon", "|": "pipe", ":": "colon", " ": "blank"}
OTHERS = ("~", ":", "^", "\x1f", " ")
"""Delimiters that are looked for only where there is one column and a person misses others."""


def advice(sample: bytes, best: Fit, reading: Reading) -> str:
    """For a person who misses columns in a file of one column."""
    if best.width != 1 or reading.delimiter is not None:
        return ""
    tried = [replace(best.dialect, delimiter=mark) for mark in OTHERS if mark != best.dialect.quote]
    fits = [fit for fit in (_fit(sample, dialect) for dialect in tried) if fit is not None and fit.width > 1]
    one = "Only one column was found"
    if not fits:
        return f"{one}: if something else than a comma, semicolon, tab or pipe stands between the cells, say it with `--delimiter`."
    found = max(fits, key=Fit.rank)
    mark = found.dialect.delimiter
    return f"{one}; with {_shown(mark)} between cells there are {found.width}: say so with `--delimiter {_typed(mark)}`."


def _typed(mark: str) -> str:
    """As a shell takes it."""
    return f"'{mark}'" if mark.isprintable() else f"$'{visible(mark)}'"


def _shown(mark: str) -> str:
    """A mark that a reader can tell from the sentence around it."""
    if mark in ("", "\t"):
        return "tab" if mark else "none"
    enclosed = f"'{mark}'" if mark == '"' else f'"{visible(mark)}"'
    return f"{enclosed} ({NAMES[mark]})" if mark in NAMES else enclosed


def evidence(best: Fit, reading: Reading, announced: str | None = None) -> Iterator[Evidence]:
    fits = f"fits {best.fitting:,} of {best.records:,} records at the beginning"
    mark, quote = best.dialect.delimiter, best.dialect.quote
    by_file = (
        f"as the line `sep={visible(announced)}` at the beginning says; it {fits}" if announced else fits
    )
    said = f"{reading.why('delimiter')}; it {fits}" if reading.delimiter else by_file
    yield Evidence("delimiter", _shown(mark), said)
    yield Evidence("quote character", _shown(quote), reading.why("quote") if reading.said("quote") else fits)
    if reading.header is False:
        yield Evidence(
            "header", "no", f"{reading.why('header')}; the columns are column_1 to column_{best.width}"
        )
    else:
        yield Evidence("header", "yes", f"the first record names {best.width} columns")
