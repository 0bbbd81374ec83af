"""Rows for repair are read again as exactly what they were, whatever the file looks like and the cells hold."""

import asyncio
import codecs
import csv
import io
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import xlsxwriter
from hypothesis import example, given, settings, strategies as st

from importer import formats
from importer.domain.errors import ImporterError, RequestError
from importer.domain.imports import Import, ImportStatus, KeptFile
from importer.domain.rows import LINE, ROW, Outcome, RowError
from importer.formats.frames import REPORT_COLUMNS
from importer.formats.reading import Reading
from importer.services.reporting.layouts import LAYOUTS
from importer.services.reporting.repair import Repair
from importer.services.reporting.report import wanted

NAMES = ("sku", "Größe", "price")


class Errors:
    """The port `Rows`, as far as it is asked here: one error for each of the rows, in pages."""

    def __init__(self, rows: Sequence[int], text: str = "Not good.") -> None:
        self._errors = [
            RowError(row=row, line=row + 1, outcome=Outcome.FAILED, code="x", text=text, fix="Mend it.")
            for row in rows
        ]

    async def of(
        self, _import_id: str, *, outcomes: Sequence[Outcome], limit: int, after: int
    ) -> list[RowError]:
        return [one for one in self._errors if one.row > after and one.outcome in outcomes][: min(limit, 3)]


def state_of(name: str, reading: Reading) -> Import:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    kept = KeptFile(name=name, file="f", size=1, sha256="ab", reading=reading.kept())
    return Import(
        id="imp_1", status=ImportStatus.COMPLETED, shop="main", mapping="m", entity="e", kept=kept, dry_run=False,
        accepted_at=now, updated_at=now,
    )  # fmt: skip


def table(path: Path, name: str, said: Reading | None = None) -> tuple[formats.Header, list[tuple[Any, ...]]]:
    """The file's own columns and cells; no difference is made between an empty cell and an absent one."""
    head = formats.header(path, name, said)
    rows = []
    for frame in formats.frames(path, name, head):
        assert not frame.malformed
        rows += [tuple(cell or "" for cell in row) for row in frame.cells.drop(ROW, LINE).iter_rows()]
    return head, rows


def mended(
    source: Path,
    layout: str,
    said: Reading | None = None,
    *,
    rows: Sequence[int] = (),
    text: str = "Not good.",
) -> Path:
    """All rows of the file, or some, as a file for repair beside it."""
    head, cells = table(source, source.name, said)
    path = source.parent / f"rows.{layout}"
    state = state_of(source.name, head.reading)
    ports: Any = SimpleNamespace(rows=Errors(rows or range(1, len(cells) + 1), text))
    asyncio.run(LAYOUTS[layout](Repair(ports, state, source, [Outcome.FAILED]), path))
    return path


def written(folder: Path, cells: Sequence[Sequence[str]], encoding: str, **dialect: Any) -> Path:
    path = folder / "list.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL, **dialect).writerows([NAMES, *cells])
    return path


DIALECTS: dict[str, dict[str, Any]] = {
    "plain": {"encoding": "utf-8", "lineterminator": "\n"},
    "excel, German": {"encoding": "cp1252", "delimiter": ";"},
    "excel, UTF-8": {"encoding": "utf-8-sig", "delimiter": ";"},
    "tab, UTF-16": {"encoding": "utf-16", "delimiter": "\t"},
    "pipe, single quotes": {"encoding": "utf-8", "delimiter": "|", "quotechar": "'"},
    "central European": {"encoding": "cp1250", "delimiter": ";"},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_cells_that_are_hard_to_keep_are_kept(tmp_path: Path, dialect: str, layout: str) -> None:
    hard = [
        ("007", "Größe äöüß", "1,50"), ("=1+1", "-5", "+49 30 123"), ("'=1", "''-x", "@a"), ("a", "zwei\nZeilen", "\tx"),
        ('"', 'a"b', ";,|\t"), ("1.23E+12", " ", "0001"), ("b", "", "''"), ("_x0041_", "a\r\nb", "c"),
    ]  # fmt: skip
    source = written(tmp_path, hard, **DIALECTS[dialect])

    encoding = DIALECTS[dialect]["encoding"]
    said = Reading(encoding=encoding if encoding.startswith("cp") else None)
    _, before = table(source, source.name, said)
    path = mended(source, layout, said)
    head, after = table(path, path.name)

    assert before == hard
    assert after == hard
    assert head.mended
    assert head.own == NAMES


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8) | st.sampled_from(
    ["=1+1", "'-5", "007", 'a"b', "a;b", "x\ny", "x\ry", "_x000D_", "\ufeff", "\x1f", "\u2028"]
)


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=60)
@given(
    st.lists(st.tuples(CELL, CELL, CELL).filter(any), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t"]),
)
@example([("\x1f", "a", "b")], ",")
def test_whatever_is_read_from_a_file_is_read_again(
    layout: str, cells: list[tuple[str, str, str]], delimiter: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = written(Path(folder), cells, "utf-8", delimiter=delimiter)
        said = Reading(encoding="utf-8", delimiter=delimiter, quote='"')
        _, before = table(source, source.name, said)
        path = mended(source, layout, said)
        _, after = table(path, path.name)

    assert after == before


def test_a_csv_keeps_what_makes_it_the_merchants_own(tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_bytes('sku;Größe;price\r\n007;"weiß;rot";x\r\nb;gut;1\r\nc;"1\r\n2";-5\r\n'.encode("cp1252"))

    raw = mended(source, "csv", rows=[1, 3]).read_bytes()

    assert raw.decode("cp1252") == (
        "sku;Größe;price;_row;_line;_outcome;_code;_message\r\n"
        '007;"weiß;rot";x;1;2;failed;x;Not good. Mend it.\r\n'
        'c;"1\r\n2";\'-5;3;4;failed;x;Not good. Mend it.\r\n'
    )


def test_marks_and_line_ends_are_those_of_the_file(tmp_path: Path) -> None:
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_BE, "utf-16-be"), (b"", "utf-8")):
        source = tmp_path / "list.csv"
        source.write_bytes(mark + "sku,Größe,price\na,b,c\n".encode(encoding))
        raw = mended(source, "csv").read_bytes()

        assert raw.startswith(mark)
        assert raw.removeprefix(mark).decode(encoding).startswith("sku,Größe,price,_row")
        assert "\r" not in raw.decode(encoding)


@pytest.mark.parametrize(
    ("cell", "encoding"),
    [("5 £", "cp1252"), ("ęóą", "cp1250"), ("Größe äöüß", "cp1252"), ("я", "cp1251"), ("Größe", "cp1252")],
)
def test_rows_that_would_be_taken_for_another_encoding_come_in_utf8(
    tmp_path: Path, cell: str, encoding: str
) -> None:
    """A few rows can look like another encoding than the whole file does: they get UTF-8 with its mark then."""
    source = tmp_path / "list.csv"
    source.write_bytes(f"sku,name,price\na,{cell},c\n".encode(encoding))
    path = mended(source, "csv", Reading(encoding=encoding))

    assert table(path, path.name)[1] == [("a", cell, "c")]


def test_words_that_the_encoding_lacks_do_not_stop_a_report(tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_bytes("sku;name;price\na;Größe;c\n".encode("cp1252"))
    path = mended(source, "csv", text="The shop says: нет")

    assert "The shop says: ???" in path.read_text("cp1252")
    assert table(path, path.name)[1] == [("a", "Größe", "c")]


def test_a_delimiter_that_had_to_be_said_is_kept(tmp_path: Path) -> None:
    source = tmp_path / "list.dat"
    source.write_bytes(b"sku~name~price\na~b, c~d\n")
    said = Reading(format="csv", delimiter="~", quote="")
    path = mended(source, "csv", said)

    assert path.read_text().startswith("sku~name~price~_row")
    assert table(path, "rows.csv", Reading(delimiter="~"))[1] == [("a", "b, c", "d")]


def test_names_of_columns_that_look_like_formulas_come_back_too(tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_text("sku,@id,=x\na,b,c\n")
    for layout in LAYOUTS:
        head, rows = table(path := mended(source, layout), path.name)
        assert (head.own, rows) == (("sku", "@id", "=x"), [("a", "b", "c")])
    assert "'@id,'=x" in (tmp_path / "rows.csv").read_text()


def test_a_report_of_a_report_is_a_report_of_the_file(tmp_path: Path) -> None:
    source = written(tmp_path, [("007", "=1", "x"), ("b", "c", "y")], "utf-8")
    for layout in LAYOUTS:
        first = mended(source, layout)
        again = first.rename(tmp_path / f"again.{layout}")
        second = mended(again, layout, rows=[2])
        head, rows = table(second, second.name)
        assert (head.names, rows) == ((*NAMES, *REPORT_COLUMNS), [("b", "c", "y")])


DOCUMENTS = [
    {
        "sku": "007",
        "price": 1.50,
        "tags": ["a", "b"],
        "on": True,
        "stock": {"qty": 10, "at": [{"x": 1}]},
        "none": None,
    },
    {
        "sku": "008",
        "price": "=1",
        "tags": ["c"],
        "on": False,
        "stock": {"qty": "3", "at": []},
        "text": 'Größe "q"\n',
    },
]
TEXTS = [json.dumps(one, ensure_ascii=False).replace("1.5,", "1.50,") for one in DOCUMENTS]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ["jsonl", "json", "path"])
def test_documents_come_back_whole(tmp_path: Path, kind: str, layout: str) -> None:
    text = {
        "jsonl": "\n".join(TEXTS), "json": f"[{','.join(TEXTS)}]", "path": f'{{"data": {{"products": [{",".join(TEXTS)}]}}}}',
    }[kind]  # fmt: skip
    source = tmp_path / f"list.{'jsonl' if kind == 'jsonl' else 'json'}"
    source.write_text(text, encoding="utf-8")

    before, cells = table(source, source.name)
    head, after = table(path := mended(source, layout), path.name)

    assert head.mended
    assert after == cells
    assert (head.own, head.literal) == (before.own, before.literal)


def test_json_lines_are_the_documents_themselves_to_the_last_digit(tmp_path: Path) -> None:
    source = tmp_path / "list.jsonl"
    source.write_text("\n".join([TEXTS[0], "{broken", TEXTS[1]]), encoding="utf-8")
    path = tmp_path / "rows.jsonl"
    ports: Any = SimpleNamespace(rows=Errors([1, 2]))
    head = formats.header(source, source.name)
    asyncio.run(
        LAYOUTS["jsonl"](Repair(ports, state_of(source.name, head.reading), source, [Outcome.FAILED]), path)
    )
    first, second = path.read_text(encoding="utf-8").splitlines()

    assert '"price":1.50' in first
    said = {"_row": "1", "_line": "2", "_outcome": "failed", "_code": "x", "_message": "Not good. Mend it."}
    assert json.loads(first) == {**DOCUMENTS[0], **said}
    assert set(json.loads(second)) == set(REPORT_COLUMNS)


def test_a_workbook_gives_back_its_sheet_with_text_for_ever(tmp_path: Path) -> None:
    source = tmp_path / "list.xlsx"
    with xlsxwriter.Workbook(source) as book:
        book.add_worksheet("Notes").write("A1", "nothing")
        sheet = book.add_worksheet("Prices & more")
        for place, row in enumerate([["sku", "name", "price"], ["007", "A", 2.50], ["1e5", "B\nC", "=1"]]):
            for column, cell in enumerate(row):
                (sheet.write_string if isinstance(cell, str) else sheet.write_number)(place, column, cell)
    path = mended(source, "xlsx", Reading(sheet="Prices & more"))

    head, rows = table(path, path.name)
    assert rows == [("007", "A", "2.5"), ("1e5", "B\nC", "=1")]
    assert head.reading.sheet == "Prices & more"


def test_what_a_sheet_cannot_hold_is_refused_with_a_sentence(tmp_path: Path) -> None:
    source = written(tmp_path, [("a", "x" * 32_768, "c")], "utf-8")

    with pytest.raises(RequestError, match=r"Row 1: Größe has 32,768 characters.* rows\.csv or rows\.jsonl"):
        mended(source, "xlsx")
    assert table(path := mended(source, "csv"), path.name)[1][0][1] == "x" * 32_768


def test_a_message_of_any_length_fits_into_a_sheet(tmp_path: Path) -> None:
    source = written(tmp_path, [("a", "b", "c")], "utf-8")

    assert table(path := mended(source, "xlsx", text="=" * 40_000), path.name)[1] == [("a", "b", "c")]


def test_only_the_rows_asked_for_come_and_from_every_frame(tmp_path: Path) -> None:
    cells = [(str(n), "b", "c") for n in range(1, 60_001)]
    buffer = io.StringIO()
    csv.writer(buffer).writerows([NAMES, *cells])
    source = tmp_path / "list.csv"
    source.write_text(buffer.getvalue(), encoding="utf-8")
    rows = [1, 25_000, 25_001, 49_999, 60_000]

    path = mended(source, "csv", rows=rows)

    assert [row[0] for row in table(path, path.name)[1]] == list(map(str, rows))


def test_outcomes_of_which_no_rows_are_kept_are_refused() -> None:
    state = state_of("list.csv", Reading())

    assert wanted(state, [Outcome.SKIPPED]) == [Outcome.SKIPPED]
    assert Outcome.FAILED in wanted(state, [])
    with pytest.raises(RequestError, match="Rows that are succeeded are counted, not listed"):
        wanted(state, [Outcome.SUCCEEDED])


def test_a_file_that_is_gone_is_said_so(tmp_path: Path) -> None:
    state = replace(state_of("list.csv", Reading()), id="imp_9")

    with pytest.raises(ImporterError, match="kept file of imp_9 is gone"):
        Repair(SimpleNamespace(rows=Errors([1])), state, tmp_path / "nothing", [])  # type: ignore[arg-type]
