"""`importer schedules` as a person types it: what would happen, what happened, and the exit code."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from tests.e2e.test_command_line import GOOD, Terminal

SETTINGS = """
source_roots = ["{folder}"]

[schedules.night]
cron = "30 2 * * *"
time_zone = "Europe/Berlin"
source = "file://{folder}/out/*.csv"
mapping = "products"
after = "archive"
stable_for = 0.1
"""


@pytest.fixture
async def terminal(tmp_path: Path) -> AsyncIterator[Terminal]:
    (tmp_path / "out").mkdir()
    async with running(Shop(catalog=load_catalog(), token="practice-token")) as address:
        made = Terminal(tmp_path, address)
        made.write("importer.toml", SETTINGS.format(folder=tmp_path))
        yield made


async def test_a_schedule_is_planned_run_and_told(terminal: Terminal) -> None:
    checked = await terminal.type("schedules", "check")
    assert (checked.code, checked.out) == (0, "night: no faults\n")
    empty = await terminal.type("schedules", "plan", "night")
    assert empty.code == 5
    assert "Would take nothing: There is no new file" in empty.out

    terminal.write("out/list_1.csv", GOOD)
    planned = await terminal.type("schedules", "plan", "night", "--json")
    document = json.loads(planned.out)
    assert planned.code == 0
    assert [one["name"] for one in document["takes"]] == ["list_1.csv"]
    assert len({run["at"] for run in document["runs"]}) == 5

    done = await terminal.type("schedules", "run", "night")
    assert done.code == 0, done
    assert "Waits: list_1.csv" in done.out
    assert "7 rows read = 7 succeeded" in done.out
    assert "night: done" in done.out
    assert [path.name for path in (terminal.folder / "out").rglob("*.csv")] == ["list_1.csv"]
    listed = json.loads((await terminal.type("schedules", "list", "--json")).out)
    assert [(one["name"], one["alarm"]) for one in listed] == [("night", None)]
    assert listed[0]["succeeded_at"]


async def test_a_run_without_a_new_file_has_exit_code_5(terminal: Terminal) -> None:
    terminal.write("out/list_1.csv", GOOD)
    await terminal.type("schedules", "run", "night")
    nothing = await terminal.type("schedules", "run", "night", "--json")
    assert nothing.code == 5
    assert json.loads(nothing.out)["status"] == "missing"

    terminal.write("out/list_again.csv", GOOD)
    again = await terminal.type("schedules", "run", "night")
    assert again.code == 5
    assert "does not go in twice" in again.out


async def test_faults_are_told_at_once_with_exit_code_4(terminal: Terminal) -> None:
    text = SETTINGS.format(folder=terminal.folder)
    terminal.write("importer.toml", text.replace("30 2 *", "30 25 *").replace('"archive"', '"burn"'))
    done = await terminal.type("schedules", "check")
    assert done.code == 4
    assert "schedules.night.cron" in done.err
    assert "schedules.night.after" in done.err

    terminal.write("importer.toml", text.replace('"products"', '"product"'))
    done = await terminal.type("schedules", "check")
    assert done.code == 4
    assert "There is no mapping `product`" in done.out


async def test_a_wrong_name_and_a_wrong_row_have_their_codes(terminal: Terminal) -> None:
    assert (await terminal.type("schedules", "run", "nigt")).code == 2
    terminal.write("out/list_1.csv", GOOD.replace(",5\n", ",free\n", 1))

    done = await terminal.type("schedules", "run", "night")
    assert done.code == 1
    assert "night: done" in done.out


async def test_chains_and_limits_are_told(terminal: Terminal) -> None:
    more = """
rows_within = "50%"

[schedules.stock]
follows = "night"
gate = "failed < 1% and unknown = 0"
time_zone = "UTC"
source = "file://{folder}/out/stock_*.csv"
mapping = "products"
"""
    text = (SETTINGS + more).format(folder=terminal.folder)
    terminal.write("importer.toml", text)
    planned = await terminal.type("schedules", "plan", "stock")
    assert "Due after night when failed < 1% and unknown = 0\nIt has no due times of its own." in planned.out
    listed = (await terminal.type("schedules", "list")).out
    assert "held for a person by rows more than 50 % from the median of 14 days" in listed
    assert "next after night when failed < 1% and unknown = 0  last success none" in listed

    document = json.loads((await terminal.type("schedules", "plan", "night", "--json")).out)
    assert document["held_by"] == ["rows more than 50 % from the median of 14 days"]
    terminal.write("importer.toml", text.replace('follows = "night"', 'follows = "stock"'))
    done = await terminal.type("schedules", "check")
    assert (done.code, "schedules.stock.follows: it follows itself" in done.err) == (4, True)
