"""Reading delimited text: every record with its number and its line, and nothing bent to fit."""

import csv
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from importer import formats
from importer.domain.errors import FileDamaged
from importer.domain.rows import LINE, ROW
from importer.formats import delimited
from importer.formats.frames import REPORT_COLUMNS, Frame
from importer.formats.guard import guard, unguard


def read(path: Path, text: str | bytes, *, rows: int = 5000) -> list[Frame]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(delimited.frames(path, delimited.header(path), rows=rows))


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
    assert frame.malformed[0].text == "The record cannot be read: text follows a closing quote."


def test_a_quote_never_closed_is_one_damaged_record(path: Path) -> None:
    [frame] = read(path, 'sku,name\na,A\nb,"B\nc,C\n')

    assert frame.cells.rows() == [(1, 2, "a", "A")]
    assert [(e.row, e.line) for e in frame.malformed] == [(2, 3)]
    assert "never closed" in frame.malformed[0].text


def test_a_blank_line_is_a_skipped_record(path: Path) -> None:
    [frame] = read(path, "sku,name\na,A\n\nb,B\n")

    assert [(e.row, e.line, e.outcome.value) for e in frame.malformed] == [(2, 3, "skipped")]
    assert frame.cells.get_column(ROW).to_list() == [1, 3]
    assert frame.cells.get_column(LINE).to_list() == [2, 4]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(path: Path, mark: str) -> None:
    [frame] = read(path, f'sku{mark}name\na{mark}"A{mark}A"\n')

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
        (b"\n", "no column names"),
        (b"sku,name\na,caf\xe9\n", "Line 2: the byte 0xE9 at position 6 is not UTF-8"),
        ("sku,name\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_a_file_that_cannot_be_read_gets_one_sentence(path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(FileDamaged, match=sentence):
        read(path, content)


def test_an_unknown_extension_is_refused_with_what_there_is(path: Path) -> None:
    with pytest.raises(FileDamaged, match=r"`.xlsx` are not read yet; save it as one of .csv, .tsv, .txt"):
        formats.header(path, "a.xlsx")


@pytest.mark.magento_data
def test_the_luma_catalogue_is_read_whole(data: Path) -> None:
    path = data / "luma_configurable_products.csv"
    with path.open(newline="", encoding="utf-8") as file:
        expected = list(csv.DictReader(file))

    frames = list(formats.frames(path, path.name, formats.header(path, path.name)))

    assert sum(frame.rows for frame in frames) == len(expected) == 1994
    assert [row for frame in frames for row in frame.cells.drop(ROW, LINE).to_dicts()] == expected


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=8)


@given(st.lists(st.tuples(CELLS, CELLS.filter(bool)), max_size=20), st.integers(1, 7))
def test_what_was_written_is_read_at_any_frame_size(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], size: int
) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([("one", "two"), *rows])

    frames = list(delimited.frames(path, delimited.header(path), rows=size))

    assert [row[2:] for frame in frames for row in frame.cells.rows()] == rows
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
