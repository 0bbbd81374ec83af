"""Reading delimited text: every record with its number and its line, and nothing bent to fit."""

import csv
import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from importer import formats
from importer.domain.errors import FileDamaged, RequestError
from importer.domain.rows import LINE, ROW
from importer.formats import delimited
from importer.formats.content import Content
from importer.formats.frames import REPORT_COLUMNS, Frame, Header
from importer.formats.guard import guard, unguard
from importer.formats.reading import Reading


def head(path: Path, **said: Any) -> Header:
    return formats.header(path, path.name, Reading(**said))


def read(path: Path, text: str | bytes, **said: Any) -> list[Frame]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(formats.frames(path, path.name, head(path, **said)))


def seen(path: Path, subject: str, **said: Any) -> tuple[str, str]:
    return next((e.value, e.reason) for e in head(path, **said).evidence if e.subject == subject)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.csv"


def test_records_know_their_number_and_physical_line(path: Path) -> None:
    [frame] = read(path, 'sku,text\na,"one\ntwo"\nb,x\n')

    assert frame.cells.rows() == [(1, 2, "a", "one\ntwo"), (2, 4, "b", "x")]


def test_ragged_records_are_cut_out_with_number_line_and_beginning(path: Path) -> None:
    [frame] = read(path, "sku,name\na,A\nb\nc,C,CC\nd,D\n")

    assert frame.cells.get_column("sku").to_list() == ["a", "d"]
    assert [(e.row, e.line, e.code, e.value) for e in frame.malformed] == [
        (2, 3, "record.too_short", "b"),
        (3, 4, "record.too_long", "c,C,CC"),
    ]
    assert frame.rows == 4


def test_text_after_a_closing_quote_damages_its_record_only(path: Path) -> None:
    [frame] = read(path, 'sku,name\na,"A"x\nb,B\n')

    assert frame.cells.rows() == [(2, 3, "b", "B")]
    assert (frame.malformed[0].code, frame.malformed[0].value) == ("record.quoting", 'a,"A"x')


def test_a_quote_never_closed_is_one_damaged_record(path: Path) -> None:
    [frame] = read(path, 'sku,name\na,A\nb,"B\nc,C\nd,"D"\n')

    assert frame.cells.rows() == [(1, 2, "a", "A"), (3, 4, "c", "C"), (4, 5, "d", "D")]
    assert [(e.row, e.line, e.value) for e in frame.malformed] == [(2, 3, 'b,"B')]
    assert "never closed" in frame.malformed[0].text


def test_a_blank_line_is_a_skipped_record(path: Path) -> None:
    [frame] = read(path, "sku,name\na,A\n\nb,B\n")

    assert [(e.row, e.line, e.outcome.value) for e in frame.malformed] == [(2, 3, "skipped")]
    assert frame.cells.get_column(ROW).to_list() == [1, 3]
    assert frame.cells.get_column(LINE).to_list() == [2, 4]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(path: Path, mark: str) -> None:
    [frame] = read(path, f'sku{mark}name\na{mark}"A{mark}A"\n')

    assert seen(path, "delimiter")[1] == "fits 2 of 2 records at the beginning"

    assert frame.cells.rows() == [(1, 2, "a", f"A{mark}A")]


def test_byte_order_mark_and_invisible_characters_leave_the_header(path: Path) -> None:
    [frame] = read(path, "\ufeffsku\u200b, name\u00a0\na,A\n")

    assert frame.cells.columns[2:] == ["sku", "name"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty"),
        (b"sku,sku\n", "names sku more than once"),
        (b"sku,,name\n", "no name for column 2"),
        (b"\n", "holds only empty lines"),
        (b"\n\nsku,name\n", "Line 1: it is empty, and the header must stand there"),
        (b"," * 6000 + b"\n", "6,001 columns"),
    ],
)
def test_a_file_that_cannot_be_read_gets_one_sentence(path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(FileDamaged, match=sentence):
        read(path, content)


def test_an_unknown_extension_is_refused_with_what_there_is(path: Path) -> None:
    with pytest.raises(FileDamaged, match=r"`.pdf` are not read; save it as one of .csv, .tsv, .tab, .txt"):
        formats.header(path, "a.pdf")


@pytest.mark.magento_data
def test_the_luma_catalogue_is_read_whole(data: Path) -> None:
    path = data / "luma_configurable_products.csv"
    with path.open(newline="", encoding="utf-8") as file:
        expected = list(csv.DictReader(file))

    frames = list(formats.frames(path, path.name, formats.header(path, path.name)))

    assert sum(frame.rows for frame in frames) == len(expected) == 1994
    assert [
        row for frame in frames for row in frame.cells.drop(ROW, LINE).fill_null("").to_dicts()
    ] == expected


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=8)


@given(st.lists(st.tuples(CELLS, CELLS.filter(bool)), max_size=20), st.integers(1, 7))
def test_what_was_written_is_read_at_any_frame_size(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], size: int
) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([("one", "two"), *rows])

    content = Content(path=path, name="a.csv")
    header = delimited.header(content, Reading(format="csv", encoding="utf-8", delimiter=",", quote='"'))
    frames = list(delimited.frames(content, header, rows=size))

    assert [row[2:] for frame in frames for row in frame.cells.fill_null("").rows()] == rows
    assert [row[0] for frame in frames for row in frame.cells.rows()] == list(range(1, len(rows) + 1))
    assert [frame.start for frame in frames] == list(range(0, len(rows), size))


@given(st.text(max_size=20))
def test_the_formula_guard_is_undone_exactly(cell: str) -> None:
    assert unguard(guard(cell)) == cell


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "'=1+1"])
def test_no_guarded_cell_begins_like_a_formula(cell: str) -> None:
    assert guard(cell) == f"'{cell}"


def test_only_a_mended_report_loses_the_guard(path: Path) -> None:
    header = ",".join(["sku", *REPORT_COLUMNS])
    [mended] = read(path, f"{header}\n'-1,1,2,invalid,x,y\n")
    [other] = read(path, "sku,name\n'-1,A\n")

    assert mended.cells.columns == [ROW, LINE, "sku"]
    assert mended.cells.get_column("sku").to_list() == ["-1"]
    assert other.cells.get_column("sku").to_list() == ["'-1"]


def test_windows_text_is_recognised_and_shown(path: Path) -> None:
    [frame] = read(path, "sku,name\na,Größe\nb,Müller\n".encode("cp1252"))

    assert frame.cells.get_column("name").to_list() == ["Größe", "Müller"]
    assert seen(path, "encoding") == (
        "cp1252",
        "the bytes beyond ASCII are no UTF-8 and read as Western European letters",
    )


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("sku,name\na,Привет мир добрый день\n", "cp1251"),
        ("sku,name\na,Łódź żółć gęślą jaźń\n", "cp1250"),
        ("sku,name\na,Größe\n", "utf-16"),
        ("sku,name\na,Größe\n", "utf-16-le"),
        ("sku,name\na,Größe\n", "utf-16-be"),
        ("sku,name\na,Größe\n", "utf-8-sig"),
    ],
)
def test_encodings_are_recognised(path: Path, text: str, encoding: str) -> None:
    [frame] = read(path, text.encode(encoding))

    assert [row[2:] for row in frame.cells.rows()] == [tuple(text.splitlines()[1].split(","))]


def test_an_encoding_that_was_said_is_believed(path: Path) -> None:
    [frame] = read(path, "sku,name\na,Łódź\n".encode("iso-8859-2"), encoding="iso-8859-2")

    assert frame.cells.get_column("name").to_list() == ["Łódź"]
    assert seen(path, "encoding", encoding="latin2") == ("iso8859-2", "as you said")
    with pytest.raises(FileDamaged, match="`klingon` is no known encoding"):
        head(path, encoding="klingon")


def test_one_bad_byte_costs_one_record(path: Path) -> None:
    lines = b"sku,name\n" + "".join(f"a{n},Größe {n}\n" for n in range(40)).encode()
    [frame] = read(path, lines + b"bad,Gr\xf6\xdfe\nlast,z\n")

    assert [(e.row, e.line, e.code) for e in frame.malformed] == [(41, 42, "record.encoding")]
    assert frame.cells.height == 41


def test_a_byte_that_the_code_page_does_not_know_costs_one_record(path: Path) -> None:
    [frame] = read(path, b"sku,name\na,Gr\xf6\xdfe\nb,x\x81y\nc,z\n", encoding="cp1252")

    assert [(e.row, e.code) for e in frame.malformed] == [(2, "record.encoding")]
    assert frame.cells.get_column("sku").to_list() == ["a", "c"]


def test_empty_and_quoted_empty_are_not_the_same(path: Path) -> None:
    [frame] = read(path, 'sku,name,x\na,"",\n')

    assert frame.cells.rows() == [(1, 2, "a", "", None)]


def test_old_macintosh_lines(path: Path) -> None:
    [frame] = read(path, b'sku,name\ra,"x\ry"\rb,B\r')

    assert frame.cells.rows() == [(1, 2, "a", "x\ry"), (2, 4, "b", "B")]


def test_inch_marks_are_no_quotes_when_nothing_is_enclosed(path: Path) -> None:
    [frame] = read(path, 'sku;name\na;Monitor 27" flat\nb;Monitor 32"\n')

    assert frame.cells.get_column("name").to_list() == ['Monitor 27" flat', 'Monitor 32"']
    assert seen(path, "quote character") == ("none", "fits 3 of 3 records at the beginning")


def test_single_quotes_are_found_when_they_explain_more(path: Path) -> None:
    [frame] = read(path, "sku,name\na,'one, two'\nb,'three, four'\n")

    assert frame.cells.get_column("name").to_list() == ["one, two", "three, four"]


def test_a_damaged_record_does_not_change_how_the_file_is_read(path: Path) -> None:
    [frame] = read(path, '"sku","name"\n"a","A"\n"b,"B"\n"c","C"\n')

    assert frame.cells.get_column("name").to_list() == ["A", "C"]
    assert [e.row for e in frame.malformed] == [2]


def test_a_file_without_a_header_gets_numbered_columns(path: Path) -> None:
    [frame] = read(path, "a,A\nb,B\n", header=False)

    assert frame.cells.columns == [ROW, LINE, "column_1", "column_2"]
    assert frame.cells.rows() == [(1, 1, "a", "A"), (2, 2, "b", "B")]


@pytest.mark.parametrize("mark", ["ab", "é", "\n"])
def test_a_delimiter_is_one_ascii_character(path: Path, mark: str) -> None:
    path.write_text("a,b\n")
    with pytest.raises(FileDamaged, match="one ASCII character"):
        head(path, delimiter=mark)


def test_any_delimiter_can_be_said(path: Path) -> None:
    [frame] = read(path, "sku~name\na~A\n", delimiter="~")

    assert frame.cells.rows() == [(1, 2, "a", "A")]
    assert seen(path, "delimiter", delimiter="~")[1] == "as you said; it fits 2 of 2 records at the beginning"


def test_utf_16_may_be_said_with_and_without_a_mark(path: Path) -> None:
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        [frame] = read(path, "sku,name\na,Größe\n".encode(encoding), encoding="utf-16")
        assert frame.cells.rows() == [(1, 2, "a", "Größe")]
    with pytest.raises(FileDamaged, match="`hex` is no known encoding"):
        head(path, encoding="hex")


PLANTED: dict[str, list[bytes]] = {
    "too_short": [b"x,y\n", b"x\n", b'"x"\n'],
    "too_long": [b"x,y,z,4\n", b'x,"y\n2",z,\n'],
    "blank": [b"\n", b"\r\n"],
    "encoding": [b"x,\xfc,z\n", b"x,y,\xc3\n"],
    "quoting": [b'x,"y,z\n', b'x,"y"y,z\n', b'x,y"y,z\n', b'"x"",y,z\n', b'x,"two\nlines","z"z\n'],
    "line_break": [b"x,y\ry,z\n", b"x\r,y,z\n"],
}
"""By kind: records of three cells that are none."""


def test_five_hundred_planted_records_of_every_kind_are_found_and_nothing_else(path: Path) -> None:
    dice = random.Random(7)
    planted = set(dice.sample(range(100, 100_001), 500))
    bad = [(kind, raw) for kind, raws in PLANTED.items() for raw in raws]
    good = [b"a,b,c\n", b'"a","b, b",""\n', "ä,ö,€\n".encode(), b'a,"b\nb\r\nb",c\n', b'"""a""",b,c\r\n']
    records, expected, line = [b"one,two,three\n"], [], 2
    for row in range(1, 100_001):
        kind, raw = dice.choice(bad) if row in planted else (None, dice.choice(good))
        if kind is not None:
            expected.append((row, line, f"record.{kind}"))
        records.append(raw)
        line += raw.count(b"\n")

    frames = read(path, b"".join(records))

    assert [(e.row, e.line, e.code) for f in frames for e in f.malformed] == expected
    assert sum(f.rows for f in frames) == 100_000
    assert [row for f in frames for row in f.cells.get_column(ROW)] == [
        row for row in range(1, 100_001) if row not in planted
    ]


def test_an_encoding_has_one_name_however_it_was_said(path: Path) -> None:
    [frame] = read(path, "\ufeffsku,name\na,Größe\n".encode(), encoding="UTF8")

    assert frame.cells.rows() == [(1, 2, "a", "Größe")]
    assert head(path, encoding="UTF8").reading.encoding == "utf-8"
    assert head(path, encoding="UTF8").raw[0] == "sku"


def test_a_nul_costs_its_record_and_no_other(path: Path) -> None:
    [frame] = read(path, 'sku,name\nA\0 1,a\nB,"b\0\nb"\nC,c\n\0\nD,d\n')

    assert [(one.row, one.line, one.code) for one in frame.malformed] == [
        (1, 2, "record.nul"),
        (2, 3, "record.nul"),
        (4, 6, "record.nul"),
    ]
    assert frame.cells.rows() == [(3, 5, "C", "c"), (5, 7, "D", "d")]


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"'])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_may_say_its_delimiter_in_a_first_line(path: Path, first: str, end: str) -> None:
    lines_ = [first, "sku;a,b", "A;1,5", "B", "C;2,5", ""]
    [frame] = read(path, end.join(lines_))

    assert frame.cells.columns == [ROW, LINE, "sku", "a,b"]
    assert frame.cells.rows() == [(1, 3, "A", "1,5"), (3, 5, "C", "2,5")]
    assert [(one.row, one.line, one.code) for one in frame.malformed] == [(2, 4, "record.too_short")]
    assert seen(path, "delimiter") == (
        '";" (semicolon)',
        "as the line `sep=;` at the beginning says; it fits 3 of 4 records at the beginning",
    )


def test_the_line_that_says_the_delimiter_is_no_record_in_any_reading(path: Path) -> None:
    text = "sep=|\nA|1\nB|2\n"
    [named] = read(path, text)
    [numbered] = read(path, text, header=False)
    [said] = read(path, text, delimiter=";")

    assert named.cells.rows() == [(1, 3, "B", "2")]
    assert numbered.cells.rows() == [(1, 2, "A", "1"), (2, 3, "B", "2")]
    assert said.cells.rows() == [(1, 3, "B|2")]


@pytest.mark.parametrize("block", [1, 2, 7, 100])
def test_that_line_is_left_out_at_any_block_size(path: Path, block: int) -> None:
    path.write_bytes(b"sep=;\nsku;name\nA;a\nB;b\n")
    content = Content(path=path, name="a.csv")
    found = list(delimited.frames(content, delimited.header(content, Reading(format="csv")), block=block))

    assert [row for frame in found for row in frame.cells.rows()] == [(1, 3, "A", "a"), (2, 4, "B", "b")]


@pytest.mark.parametrize(
    ("mark", "told"),
    [
        ("~", """with "~" between cells there are 3: say so with `--delimiter '~'`."""),
        (":", """with ":" (colon) between cells there are 3: say so with `--delimiter ':'`."""),
        ("^", """with "^" between cells there are 3: say so with `--delimiter '^'`."""),
        (" ", """with " " (blank) between cells there are 3: say so with `--delimiter ' '`."""),
        ("\x1f", r"""with "\x1f" between cells there are 3: say so with `--delimiter $'\x1f'`."""),
        ("§", "if something else than a comma, semicolon, tab or pipe stands between the cells, say it with"),
    ],
)
def test_one_column_where_others_are_missed_names_the_delimiter(path: Path, mark: str, told: str) -> None:
    path.write_text("sku,name,price\nA,Tea,1.5\nB,Salt,2\n".replace(",", mark), encoding="utf-8")
    [hint] = head(path).hints

    assert hint.startswith("Only one column was found")
    assert told in hint


def test_several_columns_need_no_advice(path: Path) -> None:
    path.write_text("sku,name\nA,a:b\n")

    assert head(path).hints == []


@pytest.mark.parametrize(
    ("name", "word", "value", "purpose"),
    [
        ("a.csv", "sheet", "x", "is for workbooks (xlsx), and a.csv is read as csv"),
        ("a.csv", "path", "a.b", "is for JSON documents (json), and a.csv is read as csv"),
        ("a.csv", "member", "x", "is for zip archives"),
        ("a.jsonl", "delimiter", ";", "is for delimited text (csv), and a.jsonl is read as jsonl"),
        ("a.jsonl", "header", True, "is for delimited text and workbooks (csv, xlsx)"),
        ("a.jsonl", "path", "a.b", "is for JSON documents (json)"),
        ("a.xlsx", "encoding", "utf-8", "is for texts, and a.xlsx is read as xlsx"),
    ],
)
def test_what_means_nothing_for_the_file_is_refused(
    tmp_path: Path, name: str, word: str, value: Any, purpose: str
) -> None:
    file = tmp_path / name
    file.write_text("sku,name\nA,a\n" if name == "a.csv" else '{"sku":"A"}\n')

    with pytest.raises(RequestError, match=re.escape(f"`{word}` {purpose}")):
        formats.header(file, name, Reading(**{word: value}))


def test_what_a_mapping_says_of_other_files_is_left_out(path: Path) -> None:
    path.write_text("sku,name\nA,a\n")
    usual = Reading(sheet="Products", delimiter=",")
    found = formats.header(path, "a.csv", Reading().over(usual))

    assert found.reading.kept() == {
        "format": "csv", "encoding": "utf-8", "delimiter": ",", "quote": '"', "header": True
    }  # fmt: skip
