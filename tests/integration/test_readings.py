"""What was said of a file is kept with its import: every later look at it reads it the same way."""

import json
from pathlib import Path

import xlsxwriter

from importer.bootstrap import open_importer
from importer.formats.reading import Reading
from importer.sandbox.shop import Shop
from importer.services.intake import Order
from importer.settings import Settings
from importer.sources import files
from tests.integration.conftest import Running, working


async def mended(run: Running, import_id: str, path: Path, *, wrong: str, right: str) -> str:
    """The rows that failed, with one value put right, imported again; the equation."""
    text = b"".join([line async for line in run.importer.reporting.rows(import_id)]).decode()
    assert wrong in text
    path.write_text(text.replace(wrong, right, 1))  # noqa: ASYNC240 - a small file of a test
    return (await run.run(path)).equation


async def test_a_said_delimiter_survives_a_restart_and_is_the_reports_own(
    settings: Settings, tmp_path: Path, shop: Shop
) -> None:
    path = tmp_path / "list.dat"
    path.write_bytes("article~name~price\na~Größe, 1~9\nb~B~x\n".encode("cp1252"))
    said = Reading(format="csv", delimiter="~", encoding="cp1252", quote="")
    async with open_importer(settings) as first:  # takes it in and stops before anything is read
        order = Order(name=path.name, mapping="products", shop="main", reading=said)
        accepted = await first.intake.accept(order, files.chunks(path))

    async with working(settings) as run:
        state = await run.finished(accepted.id)
        text = b"".join([line async for line in run.importer.reporting.rows(state.id)]).decode()

    assert state.equation == "2 rows read = 1 succeeded + 1 invalid"
    assert [entry["sku"] for entry in shop.journal.writes] == ["a"]
    assert state.kept.reading == {**said.kept(), "header": True}
    assert (
        'delimiter "~": as you said; it fits 3 of 3 records at the beginning' in state.columns["recognised"]
    )
    assert text.splitlines()[1].startswith("b~B~x~2~3~invalid~")


async def test_failed_rows_of_nested_documents_come_back_as_a_csv_that_can_be_imported_again(
    service: Running, tmp_path: Path
) -> None:
    documents = [
        {"product": {"sku": f"S-{n}", "name": f'N "{n}"', "price": 1.5 if n != 2 else -1, "attribute_set_id": 4,
                     "type_id": "simple", "custom_attributes": [{"attribute_code": "url_key", "value": f"n-{n}"}]}}
        for n in (1, 2, 3)
    ]  # fmt: skip
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"data": {"products": documents}}))
    state = await service.run(path)

    assert state.equation == "3 rows read = 2 succeeded + 1 invalid"
    assert state.kept.reading["path"] == "data.products"
    again = await mended(service, state.id, tmp_path / "mended.csv", wrong="'-1,", right="2,")
    assert again == "1 row read = 1 succeeded"
    assert (
        await mended(service, state.id, tmp_path / "worse.csv", wrong="'-1,", right="two,")
        == "1 row read = 1 invalid"
    )


async def test_failed_rows_of_a_workbook_come_back_as_a_csv_that_can_be_imported_again(
    service: Running, tmp_path: Path
) -> None:
    path = tmp_path / "list.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Notes").write("A1", "nothing here")
        page = book.add_worksheet("Products")
        for y, row in enumerate([["article", "name", "price"], ["007", "A", "oops"], ["008", "B", 2.5]]):
            page.write_row(y, 0, row, None)
    state = await service.run(path, reading=Reading(sheet="Products"))

    assert state.equation == "2 rows read = 1 succeeded + 1 invalid"
    assert (
        await mended(service, state.id, tmp_path / "mended.csv", wrong="oops", right="1.5")
        == "1 row read = 1 succeeded"
    )


async def test_what_a_spreadsheet_has_spoilt_is_told_in_the_report(service: Running, tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate([["article", "name", "price"], ["1.23E+12", "A", 1], ["b", "B", 2]]):
            sheet.write_row(place, 0, row)
    state = await service.run(path)

    assert state.equation == "2 rows read = 2 succeeded"
    [told] = state.columns["warnings"]
    assert told.startswith("row 1, cell A2, article = '1.23E+12': ")


async def test_what_the_mapping_says_of_its_files_is_kept_with_the_import_and_what_is_said_wins(
    service: Running, tmp_path: Path, shop: Shop
) -> None:
    text = (Path(__file__).parents[2] / "mappings/products.yaml").read_text()
    (tmp_path / "night.yaml").write_text(
        text + '\nreading: {format: csv, delimiter: "~", encoding: cp1252}\n'
    )
    path = tmp_path / "list.dat"
    path.write_bytes("article~name~price\na~Größe~9\nb~B~x\n".encode("cp1252"))
    usual = await service.run(path, "night")
    path.write_bytes(path.read_bytes().replace(b"~", b"|"))
    said = await service.run(path, "night", reading=Reading(delimiter="|"))

    assert usual.equation == said.equation == "2 rows read = 1 succeeded + 1 invalid"
    assert [state.kept.reading["delimiter"] for state in (usual, said)] == ["~", "|"]
    assert "encoding cp1252: as the mapping says" in said.columns["recognised"]
    assert shop.products.get("a")["name"] == "Größe"
    rows = b"".join([line async for line in service.importer.reporting.rows(usual.id)]).decode()
    assert rows.splitlines()[1].startswith("b~B~x~2~")
