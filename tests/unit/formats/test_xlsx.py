"""Reading workbooks: what the sheet shows, and a word about what a spreadsheet program has spoilt."""

import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from importer import formats
from importer.domain.errors import FileDamaged
from importer.domain.rows import LINE, ROW
from importer.formats.frames import CellWarning, Frame, Header
from importer.formats.reading import Reading
from importer.formats.shown import shown


def sheet(path: Path, rows: list[list[Any]], *, name: str = "Sheet1") -> Path:
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet(name)
        put(book, page, rows)
    return path


def put(book: Any, page: Any, rows: list[list[Any]]) -> None:
    """A pair is a value with its number format."""
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            value, code = cell if isinstance(cell, tuple) else (cell, None)
            style = book.add_format({"num_format": code}) if code else None
            if isinstance(value, (date, datetime)):
                page.write_datetime(y, x, value, style)
            elif isinstance(value, str) and not value.startswith("="):
                page.write_string(y, x, value, style)
            else:
                page.write(y, x, value, style)


def read(file: Path, **said: Any) -> tuple[Header, list[Frame]]:
    header = formats.header(file, file.name, Reading(**said))
    return header, list(formats.frames(file, file.name, header))


def cells(frames: list[Frame]) -> list[tuple[Any, ...]]:
    return [row for frame in frames for row in frame.cells.rows()]


def warnings(frames: list[Frame]) -> list[CellWarning]:
    return [warning for frame in frames for warning in frame.warnings]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.xlsx"


def test_text_stays_text_and_numbers_are_what_the_sheet_shows(path: Path) -> None:
    sheet(
        path,
        [
            ["sku", "price", "weight", "since", "on", "note"],
            ["007", (19.9, "0.00"), 0.1 + 0.2, (date(2026, 12, 31), "dd.mm.yyyy"), True, None],
            [(7, "00000"), (1299, "#,##0.00 €"), 4006381333931, (date(2026, 1, 2), "m/d/yy"), False, " x "],
        ],
    )
    header, frames = read(path)

    assert header.names == ("sku", "price", "weight", "since", "on", "note")
    assert cells(frames) == [
        (1, 2, "007", "19.90", "0.3", "31.12.2026", "TRUE", None),
        (2, 3, "00007", "1299.00", "4006381333931", "1/2/26", "FALSE", " x "),
    ]


@pytest.mark.parametrize(
    ("raw", "code", "text"),
    [
        ("1234567890123", "0.00E+00", "1.23E+12"),
        ("0.195", "0%", "20%"),
        ("0.195", "0.0%", "19.5%"),
        ("-5", "0.00;[Red]-0.00", "-5.00"),
        ("-5", "0;(0)", "-5"),
        ("5", '0" kg"', "5 kg"),
        ("12", '"SKU-"0000', "SKU-0012"),
        ("1.5", "0.###", "1.5"),
        ("2", "0.###", "2"),
        ("0.5", "#.00", "0.50"),
        ("1234567", "#,##0,", "1235"),
        ("12345678", "[$€-407]#,##0.00", "12345678.00"),
        ("46387.5", "yyyy-mm-dd hh:mm", "2026-12-31 12:00"),
        ("46387", "[$-407]d. mmmm yyyy", "31. December 2026"),
        ("46387.75", "h:mm AM/PM", "6:00 PM"),
        ("1.5", "[h]:mm", "36:00"),
        ("0.000011574", "mm:ss", "00:01"),
        ("46387", "[$-F800]dddd, mmmm dd, yyyy", "2026-12-31"),
        ("1", "yyyy-mm-dd", "1900-01-01"),
        ("0.1", "# ?/?", "0.1"),
        ("1E+21", "General", "1000000000000000000000"),
        ("1E-7", "General", "0.0000001"),
        ("-0.001", "0.00", "0.00"),
    ],
)
def test_number_formats(raw: str, code: str, text: str) -> None:
    assert shown(raw, code) == text


def test_dates_of_old_macintosh_workbooks_count_from_1904() -> None:
    assert shown("0", "yyyy-mm-dd", since_1904=True) == "1904-01-01"


def test_the_sheet_is_chosen_by_name_and_the_evidence_says_which(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        put(book, book.add_worksheet("Prices"), [["a"], ["1"]])
        put(book, book.add_worksheet("Stock"), [["b"], ["2"]])

    header, _ = read(path)
    assert header.names == ("a",)
    assert "sheet Prices: the first of 2; not read: Stock" in [str(e) for e in header.evidence]
    assert read(path, sheet="stock")[0].names == ("b",)
    with pytest.raises(FileDamaged, match="no sheet Nope; it has: Prices, Stock"):
        read(path, sheet="Nope")


def test_a_formula_is_its_last_result(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        put(book, page, [["a", "b"]])
        page.write_formula(1, 0, "=1+1", None, 2)
        page.write_formula(1, 1, '="x"&"y"', None, "xy")

    assert cells(read(path)[1]) == [(1, 2, "2", "xy")]


def test_a_header_below_a_title_is_found_and_empty_rows_are_counted(path: Path) -> None:
    sheet(
        path,
        [
            ["Price list 2026"],
            [],
            ["sku", "name", "price"],
            ["a", "A", "1"],
            [],
            ["b", "B", "2"],
            ["", " "],
            [],
        ],
    )
    header, frames = read(path)

    assert any(str(e).startswith("header row 3:") for e in header.evidence)
    assert cells(frames) == [(1, 4, "a", "A", "1"), (3, 6, "b", "B", "2")]
    assert [(e.row, e.line, e.code) for f in frames for e in f.malformed] == [(2, 5, "record.blank")]
    assert sum(f.rows for f in frames) == 3


def test_a_cell_beyond_the_header_costs_its_row(path: Path) -> None:
    sheet(path, [["a", "b"], ["1", "2", "3"], ["4", "5"]])
    _, frames = read(path)

    assert [(e.row, e.code) for f in frames for e in f.malformed] == [(1, "record.too_long")]
    assert "C2" in frames[0].malformed[0].text
    assert cells(frames) == [(2, 3, "4", "5")]


def test_spoilt_identifiers_are_read_and_reported_with_their_address(path: Path) -> None:
    rows = [["sku", "ean", "qty"], *([f"0{n}", f"{4006381333900 + n}", n] for n in range(1000, 1030))]
    rows[3] = [1234, (4006381333931, "0.00E+00"), 7]
    rows[4] = ["0777", "1.23E+12", 12345678901234567890]
    sheet(path, rows)

    assert [(w.code, w.address, w.row, w.value) for w in warnings(read(path)[1])] == [
        ("cell.exponent", "B4", 3, "4.01E+12"),
        ("cell.zeros", "A4", 3, "1234"),
        ("cell.exponent", "B5", 4, "1.23E+12"),
        ("cell.digits", "C5", 4, "12345678901234600000"),
    ]


def test_hidden_rows_and_merged_cells_are_read_and_reported(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        put(book, page, [["a", "b"], ["1", "2"], ["3", "4"]])
        page.set_row(1, None, None, {"hidden": True})
        page.merge_range("A4:A5", "both")
        page.write_string("B5", "5")

    _, frames = read(path)
    assert [row[2:] for row in cells(frames)] == [("1", "2"), ("3", "4"), ("both", None), (None, "5")]
    assert [(w.code, w.address) for w in warnings(frames)] == [("row.hidden", "A2"), ("cell.merged", "A4")]


def test_frames_are_cut_and_go_on_after_any_row(path: Path) -> None:
    sheet(path, [["a", "b"], *([str(n), n] for n in range(1, 12_001))])
    header, frames = read(path)

    assert [frame.rows for frame in frames] == [5000, 5000, 2000]
    assert [row[0] for row in cells(frames)] == list(range(1, 12_001))
    assert frames[1].after(5_010).cells.row(0) == (5011, 5012, "5011", "5011")
    assert header.reading == Reading(format="xlsx", sheet="Sheet1", header=True)


def test_a_sheet_without_a_header_gets_numbered_columns(path: Path) -> None:
    sheet(path, [["x", "y"], ["z", "w"]])
    _, frames = read(path, header=False)

    assert frames[0].cells.columns == [ROW, LINE, "column_1", "column_2"]
    assert cells(frames) == [(1, 1, "x", "y"), (2, 2, "z", "w")]


def test_macros_are_ignored_and_a_workbook_may_be_packed(path: Path, tmp_path: Path) -> None:
    sheet(path, [["a"], ["1"]])
    macros = tmp_path / "a.xlsm"
    macros.write_bytes(path.read_bytes())
    with zipfile.ZipFile(macros, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 not looked at")
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(path, "in/a.xlsx")

    assert cells(read(macros)[1]) == cells(read(packed)[1]) == [(1, 2, "1")]


def part(path: Path, name: str, content: bytes) -> None:
    """Replace one part of the workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {entry: archive.read(entry) for entry in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, old in parts.items():
            archive.writestr(entry, content if entry == name else old)


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><sst><si><t>&b;</t></si></sst>'


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("xl/sharedStrings.xml", BOMB, "document type declaration"),
        ("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row", "damaged in xl/worksheets/sheet1.xml"),
        (
            "xl/worksheets/sheet1.xml",
            b"<worksheet><c r='ZZZZ1'><v>1</v></c></worksheet>",
            "damaged in xl/worksheets",
        ),
        ("xl/worksheets/sheet1.xml", b"\0" * (80 << 20), "unpacks to 80 MiB, far more than its size"),
        ("xl/workbook.xml", b"<workbook/>", "holds no sheet"),
    ],
)
def test_hostile_and_damaged_workbooks_get_one_sentence(
    path: Path, name: str, content: bytes, sentence: str
) -> None:
    sheet(path, [["a"], ["1"]])
    part(path, name, content)

    with pytest.raises(FileDamaged, match=sentence):
        read(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"sku,name\n", "is no workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old .xls file or locked by a password"),
    ],
)
def test_what_is_no_workbook_is_said(path: Path, content: bytes, sentence: str) -> None:
    path.write_bytes(content)
    with pytest.raises(FileDamaged, match=sentence):
        read(path)


def test_a_formula_that_no_program_has_worked_out_is_noted(
    path: Path,
) -> None:
    """As programs write it that only put sheets together."""
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["sku", "price"])
        page.write_string(1, 0, "A")
        page.write_formula(1, 1, "=1+1", None, "")
    _, frames = read(path)

    assert cells(frames) == [(1, 2, "A", None)]
    assert [(w.code, w.address) for w in warnings(frames)] == [("cell.error", "B2")]
