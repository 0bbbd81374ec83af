"""The fast reader of delimited text against the slow one: same records, numbers, lines and verdicts."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from importer.domain.rows import LINE, ROW
from importer.formats import delimited
from importer.formats.content import Content
from importer.formats.framing import records
from importer.formats.index import Index
from importer.formats.marks import Dialect
from importer.formats.reading import Reading

_spec = importlib.util.spec_from_file_location("reference", Path(__file__).with_name("reference.py"))
assert _spec is not None
assert _spec.loader is not None
reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reference)

EXAMPLES = int(os.environ.get("IMPORTER_TEST_EXAMPLES", "150"))
DELIMITERS = [",", ";", "\t", "|", "~"]
QUOTES = ['"', "'", ""]
ENDS = ["\n", "\r"]


@st.composite
def tables(draw: st.DrawFn) -> tuple[bytes, Dialect, int]:
    """Mostly good records, in a dialect, with damage put anywhere."""
    dialect = Dialect(
        draw(st.sampled_from(DELIMITERS)), draw(st.sampled_from(QUOTES)), draw(st.sampled_from(ENDS))
    )
    width = draw(st.integers(1, 4))
    mark, quote, end = dialect.delimiter.encode(), dialect.quote.encode(), dialect.end.encode()
    atoms = [
        b"a",
        b"b ",
        "ä".encode(),
        b" ",
        b"0",
        mark,
        end,
        b"\r\n",
        b"\n",
        b"\r",
        quote,
        b"\xff",
        b"\x00",
        b"'",
        b'"',
    ]
    enclosed = st.lists(st.sampled_from([b"a", "€".encode(), mark, end, b"\r\n", quote * 2]), max_size=4).map(
        lambda parts: quote + b"".join(parts) + quote
    )
    simple = st.sampled_from([b"", b"x", "ö1".encode(), b"12.50", b" y "])
    cell = st.one_of(simple, enclosed) if quote else simple
    ending = st.sampled_from([end, b"\r\n"]) if end == b"\n" else st.just(end)
    good = st.tuples(st.lists(cell, min_size=width, max_size=width), ending).map(
        lambda p: mark.join(p[0]) + p[1]
    )
    noise = st.lists(st.sampled_from(atoms), max_size=8).map(b"".join)
    data = b"".join(draw(st.lists(st.one_of(good, good, good, noise), max_size=8)))
    if draw(st.booleans()) and data:
        place = draw(st.integers(0, len(data)))
        data = data[:place] + draw(st.sampled_from(atoms)) + data[place + draw(st.integers(0, 1)) :]
    return data, dialect, width


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[place : place + size] for place in range(0, len(data), size))


@given(tables(), st.integers(1, 40))
@settings(max_examples=EXAMPLES)
def test_both_readers_say_the_same_of_every_record(table: tuple[bytes, Dialect, int], size: int) -> None:
    data, dialect, width = table
    slow = reference.read(
        data, dialect.delimiter.encode(), dialect.quote.encode(), dialect.end.encode(), width
    )
    names = [f"c{n}" for n in range(width)]
    good, bad = [], []
    for framed in records(pieces(data, size), dialect, width=width):
        rows = delimited.cells(framed, dialect, names).to_dicts()
        good += [(row[ROW], row[LINE], [row[name] for name in names]) for row in rows]
        bad += [(cut.row, cut.line, cut.kind, cut.raw) for cut in framed.cut]

    assert good == slow.good
    assert [one[:3] for one in bad] == [one[:3] for one in slow.bad]
    for (*_, raw), (*_, whole) in zip(bad, slow.bad, strict=True):
        assert whole.startswith(raw)


@given(
    tables(),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"]),
    st.sampled_from([3, 64, 1 << 20]),
)
@settings(max_examples=EXAMPLES // 3)
def test_both_readers_say_the_same_of_files_in_any_encoding(
    tmp_path_factory: pytest.TempPathFactory, table: tuple[bytes, Dialect, int], encoding: str, block: int
) -> None:
    data, dialect, width = table
    text = data.decode(errors="ignore")  # every other encoding of the same text
    names = dialect.delimiter.join(f"c{n}" for n in range(width)) + dialect.end
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes((names + text).encode(encoding))
    said = Reading(format="csv", encoding=encoding, delimiter=dialect.delimiter, quote=dialect.quote)
    content = Content(path=path, name="a.csv")
    end = "\r" if "\n" not in names + text else "\n"
    slow = reference.read(
        (names + text).encode(), dialect.delimiter.encode(), dialect.quote.encode(), end.encode(), width
    )
    if not slow.good or slow.good[0][0] != 1:
        return  # the header cannot be read in the line ends that were found
    frames = list(delimited.frames(content, delimited.header(content, said), rows=3, block=block))

    assert [
        (row[0] + 1, row[1], list(row[2:])) for frame in frames for row in frame.cells.rows()
    ] == slow.good[1:]
    assert [
        (e.row + 1, e.line, e.code.removeprefix("record.")) for frame in frames for e in frame.malformed
    ] == [one[:3] for one in slow.bad]

    index = Index()
    first = list(delimited.frames(content, delimited.header(content, said), None, index, rows=3, block=block))
    second = list(delimited.frames(content, delimited.header(content, said), None, index, rows=3, block=17))
    assert index.complete
    for read in (first, second):  # the second one does not look for the records, it knows where they lie
        assert [row for frame in read for row in frame.cells.rows()] == [
            row for frame in frames for row in frame.cells.rows()
        ]
        assert [e for frame in read for e in frame.malformed] == [e for f in frames for e in f.malformed]
        assert sum(frame.rows for frame in read) == sum(frame.rows for frame in frames)
