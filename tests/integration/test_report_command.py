"""`importer report` and `importer events` as a person types them."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

from importer import formats
from importer.settings import Settings
from tests.integration.conftest import Running, working
from tests.integration.test_events import typed

Products = Callable[..., Path]


def names(folder: Path, beginning: str) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name.startswith(beginning)}


async def test_the_report_comes_as_text_json_or_a_page_on_the_terminal_or_in_a_file(
    service: Running, products: Products, tmp_path: Path
) -> None:
    state = await service.run(products(12, {3: {"price": "<b>x</b>"}, 5: {"article": ""}}))

    code, text = await typed(service, "report", state.id)
    assert code == 0
    assert "12 rows read = 10 succeeded + 2 invalid" in text
    assert "Causes that need you" in text
    assert f"all of them in the file's own layout: importer report {state.id} --rows FILE.csv" in text
    assert json.loads((await typed(service, "report", state.id, "--json"))[1])["time"]["wall_seconds"] > 0
    page = (await typed(service, "report", state.id, "--format", "html"))[1]
    assert "&lt;b&gt;x&lt;/b&gt;" in page

    for kind in ("text", "json", "html"):
        path = tmp_path / f"report.{kind}"
        code, told = await typed(service, "report", state.id, "--format", kind, "--output", str(path))
        assert (code, told.replace("\n", "")) == (0, f"Written: {path}")
        assert "12 rows read = 10 succeeded + 2 invalid" in path.read_text()


async def test_rows_to_mend_are_written_in_every_layout(
    service: Running, products: Products, tmp_path: Path
) -> None:
    state = await service.run(products(12, {3: {"price": "x"}, 5: {"price": "-1"}}))
    for layout in ("csv", "xlsx", "jsonl"):
        path = tmp_path / f"mend.{layout}"
        code, told = await typed(service, "report", state.id, "--rows", str(path))
        assert (code, "Mend it and import it as it is." in told) == (0, True)
        head = formats.header(path, path.name)
        [frame] = formats.frames(path, path.name, head)
        assert head.own == ("article", "name", "price")
        assert frame.cells["price"].to_list() == ["x", "-1"]
    assert names(tmp_path, "mend") == {
        "mend.csv",
        "mend.jsonl",
        "mend.xlsx",
    }


async def test_rows_of_chosen_outcomes_and_wrong_wishes(
    service: Running, products: Products, tmp_path: Path
) -> None:
    state = await service.run(products(3, {3: {"price": "x"}}))
    path = tmp_path / "mend.csv"
    path.write_text("what stood here")

    code, _ = await typed(service, "report", state.id, "--rows", str(path), "--outcome", "succeeded")
    assert (code, path.read_text()) == (2, "what stood here")
    assert (await typed(service, "report", state.id, "--rows", "mend.pdf"))[0] == 2
    assert (await typed(service, "report", state.id, "--outcome", "failed"))[0] == 2
    assert (await typed(service, "report", "imp_nowhere", "--rows", str(path)))[0] == 2
    assert (await typed(service, "report", state.id, "--rows", str(tmp_path / "no" / "mend.csv")))[0] == 4
    code, _ = await typed(
        service, "report", state.id, "--rows", str(path), "--outcome", "failed", "--outcome", "invalid"
    )
    assert code == 0
    assert [row["price"] for row in csv.DictReader(path.read_text().splitlines())] == ["x"]
    assert not names(tmp_path, "mend.csv.part")


async def test_the_log_on_the_terminal_says_what_the_report_says(
    service: Running, products: Products
) -> None:
    state = await service.run(products(5))
    _, told = await typed(service, "events", state.id)
    report = await service.importer.reporting.report(state.id)

    sentences = [line.split(None, 4)[-1] for line in told.splitlines()]
    assert sentences == [line["text"] for line in report["timeline"]]
    assert sentences[-1] == "The import is completed."


async def test_a_dry_run_has_rows_that_need_a_person_and_others_that_need_nobody(
    settings: Settings, products: Products
) -> None:
    async with working(settings) as run:
        state = await run.run(products(4, {2: {"price": "x"}}), dry_run=True)
        report = await run.importer.reporting.report(state.id)

    assert report["equation"] == "4 rows read = 1 invalid + 3 not sent"
    assert report["rows_needing_a_person"] == len(report["rows"]) == 1
