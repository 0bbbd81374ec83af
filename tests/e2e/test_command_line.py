"""`importer` as a process: what a person types, the sentence that comes back, and the exit code."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from importer.sandbox.catalog import load_catalog
from importer.sandbox.faults import Refuse
from importer.sandbox.server import running
from importer.sandbox.shop import Shop

GOOD = "article,name,price\n" + "".join(f"C-{n},Thing {n},5\n" for n in range(1, 8))


@dataclass
class Done:
    code: int
    out: str
    err: str


class Terminal:
    """A folder to work in, and a shop that the settings name."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "IMPORTER_PATIENCE_SECONDS": "1",
            "IMPORTER_SHOPS__MAIN__BASE_URL": address,
            "IMPORTER_SHOPS__MAIN__TOKEN": "practice-token",
            "IMPORTER_SHOPS__MAIN__SETTLE_SECONDS": "0.1",
        }

    def write(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    async def type(self, *words: str, **environment: str) -> Done:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "importer",
            *words,
            cwd=self.folder,
            env={**self.environment, **environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert b"Traceback" not in out + err, err.decode()
        assert process.returncode is not None
        return Done(process.returncode, out.decode(), err.decode())


@pytest.fixture
async def shop() -> Shop:
    return Shop(catalog=load_catalog(), token="practice-token")


@pytest.fixture
async def terminal(tmp_path: Path, shop: Shop) -> AsyncIterator[Terminal]:
    async with running(shop) as address:
        yield Terminal(tmp_path, address)


async def test_a_good_file_ends_with_0_and_the_equation(terminal: Terminal, shop: Shop) -> None:
    file = terminal.write("good.csv", GOOD)
    done = await terminal.type("run", file, "--mapping", "products", "--report", "out")

    assert done.code == 0
    assert "7 rows read = 7 succeeded" in done.out
    assert "confirmed by the shop 7" in done.out
    assert len(shop.journal.writes) == 7
    report = json.loads((terminal.folder / "out" / "report.json").read_text())
    assert report["batches"][0]["bulk_uuid"]
    assert (terminal.folder / "out" / "rows.csv").read_text().count("\n") == 1
    assert "7 rows read = 7 succeeded" in (terminal.folder / "out" / "report.html").read_text()


async def test_bad_rows_end_with_1_and_json_is_json_alone(terminal: Terminal) -> None:
    file = terminal.write("bad.csv", GOOD.replace("C-3,Thing 3,5", "C-3,Thing 3,five"))
    done = await terminal.type("run", file, "--mapping", "products", "--json")

    assert done.code == 1
    assert json.loads(done.out)["equation"] == "7 rows read = 6 succeeded + 1 invalid"
    assert "rows read" in done.err


async def test_a_dry_run_ends_with_0_and_has_written_nothing(terminal: Terminal, shop: Shop) -> None:
    done = await terminal.type("run", terminal.write("good.csv", GOOD), "--mapping", "products", "--dry-run")

    assert done.code == 0
    assert "a dry run: nothing was sent" in done.out
    assert "As a page: importer report imp_" in done.out
    assert "7 rows read = 7 not sent" in done.out
    assert {entry["method"] for entry in shop.journal.requests} == {"GET"}


BAD_FILES: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "is empty: it has not even a header line"),
    "header only": ("article,name,price\n", "has a header but no rows"),
    "no key column": ("name,price\nA,1\n", "has no column article (or sku"),
    "column twice": ("article,name,name,price\n", "names name more than once"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
async def test_a_file_that_is_no_product_list_ends_with_2_and_one_sentence(
    terminal: Terminal, kind: str
) -> None:
    content, sentence = BAD_FILES[kind]
    done = await terminal.type("run", terminal.write("bad.csv", content), "--mapping", "products")

    assert done.code == 2
    assert sentence in (done.out + done.err).replace("\n", " ")


async def test_a_file_that_is_not_utf8_is_recognised_and_the_report_says_as_what(
    terminal: Terminal, shop: Shop
) -> None:
    file = terminal.write("windows.csv", "article,name,price\na,Café,1\n".encode("cp1252"))
    done = await terminal.type("run", file, "--mapping", "products")

    assert done.code == 0
    assert 'Read as: format csv, encoding cp1252, delimiter "," (comma), quote character \'"\'' in done.out
    assert shop.products.get("a")["name"] == "Café"


async def test_a_byte_that_is_no_text_costs_its_row_and_no_other(terminal: Terminal) -> None:
    lines = "".join(f"C-{n},Café {n},5\n" for n in range(30)).encode()
    file = terminal.write("mixed.csv", b"article,name,price\n" + lines + b"bad,caf\xe9,1\n")
    done = await terminal.type("run", file, "--mapping", "products")

    assert done.code == 1
    assert "31 rows read = 30 succeeded + 1 invalid" in done.out
    assert "no text in the file's encoding" in done.out.replace("\n", " ")


async def test_a_missing_file_ends_with_5(terminal: Terminal) -> None:
    done = await terminal.type("run", "nowhere.csv", "--mapping", "products")

    assert (done.code, done.err) == (
        5,
        "importer: There is no file nowhere.csv. Check the name and the folder.\n",
    )


async def test_ragged_rows_are_reported_and_the_others_imported(terminal: Terminal) -> None:
    done = await terminal.type(
        "run", terminal.write("a.csv", GOOD + "C-9,only half\n"), "--mapping", "products"
    )

    assert done.code == 1
    assert "8 rows read = 7 succeeded + 1 invalid" in done.out
    assert "row 8, line 9" in done.out
    assert "The record has 2 cells, the header has 3." in done.out


async def test_an_unknown_mapping_or_shop_ends_with_2_and_a_suggestion(terminal: Terminal) -> None:
    file = terminal.write("good.csv", GOOD)
    mapping = await terminal.type("run", file, "--mapping", "product")
    shop = await terminal.type("run", file, "--mapping", "products", "--shop", "mian")

    assert (mapping.code, mapping.err) == (
        2,
        "importer: There is no mapping `product`, did you mean `products`?\n",
    )
    assert (shop.code, shop.err) == (2, "importer: There is no shop `mian`, did you mean `main`?\n")


async def test_a_faulty_mapping_ends_with_2_and_all_its_faults(terminal: Terminal) -> None:
    (terminal.folder / "mappings").mkdir()
    terminal.write(
        "mappings/mine.yaml", "importer: 1\nentity: x\nkey: a\ncolumns:\n  a: {to: b, rules: [trimm]}\n"
    )
    run = await terminal.type("run", terminal.write("good.csv", GOOD), "--mapping", "mine")
    check = await terminal.type("mappings", "check", "mappings/mine.yaml")

    assert run.code == check.code == 2
    for said in (run.err, check.out):
        assert "line 5, columns.a.rules.0: unknown rule `trimm`, did you mean `trim`?" in said
        assert "request" in said


async def test_a_shop_that_is_down_ends_with_3_and_every_row_accounted_for(
    terminal: Terminal, shop: Shop
) -> None:
    """Nothing listens at the address."""
    file = terminal.write("good.csv", GOOD)
    done = await terminal.type(
        "run", file, "--mapping", "products", IMPORTER_SHOPS__MAIN__BASE_URL="http://127.0.0.1:9"
    )

    assert done.code == 3
    assert "http://127.0.0.1:9 does not answer" in done.out.replace("\n", " ")
    assert "0 rows read = 0" in done.out


async def test_a_shop_that_refuses_the_token_ends_with_4_and_where_to_look(terminal: Terminal) -> None:
    file = terminal.write("good.csv", GOOD)
    done = await terminal.type(
        "run", file, "--mapping", "products", IMPORTER_SHOPS__MAIN__TOKEN="secret-and-wrong"
    )

    assert done.code == 4
    assert "System > Extensions > Integrations" in done.out.replace("\n", " ")
    assert "secret-and-wrong" not in done.out + done.err


async def test_a_shop_that_answers_400_for_the_whole_batch_leaves_each_row_with_its_words(
    terminal: Terminal, shop: Shop
) -> None:
    shop.faults.refuse.append(
        Refuse(times=99, status=400, body={"message": "No such %thing.", "parameters": {"thing": "luck"}})
    )
    done = await terminal.type("run", terminal.write("good.csv", GOOD), "--mapping", "products")

    assert done.code == 1
    assert "7 rows read = 7 failed" in done.out
    assert "The shop answered 400: No such luck." in done.out.replace("\n", " ")


async def test_a_shop_that_answers_500_to_every_submission_is_not_flooded_and_no_row_is_lost(
    terminal: Terminal, shop: Shop
) -> None:
    shop.faults.refuse.append(
        Refuse(times=9999, status=500, body={"message": "Internal Error."}, path="/rest/all/async")
    )
    one = "article,name,price\nC-1,Thing 1,5\n"
    done = await terminal.type("run", terminal.write("one.csv", one), "--mapping", "products")

    assert done.code == 3
    assert "1 row read = 1 not sent" in done.out
    assert "The shop answered 500: Internal Error." in done.out.replace("\n", " ")
    assert sum(1 for entry in shop.journal.requests if entry["method"] == "POST") == 4


async def test_no_shop_at_all_ends_with_4_and_how_to_write_one(terminal: Terminal) -> None:
    for name in [name for name in terminal.environment if "SHOPS" in name]:
        del terminal.environment[name]
    done = await terminal.type("run", terminal.write("good.csv", GOOD), "--mapping", "products")

    assert done.code == 4
    assert "[shops.main]" in done.err


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            "[shops.main]\nbase_url = 'shop.example'\ntoken = 'hush-hush'\n",
            "shops.main: base_url must be an address",
        ),
        (
            "[shops.main]\nbase_url = 'http://shop.example'\ntoken = 'hush-hush'\n",
            "send the token unencrypted",
        ),
        ("[shops.main]\nbase_url = 'https://a:hush-hush@b.example'\ntoken = 'x'\n", "must not hold a user"),
        ("[shops.main]\ntoken = 'hush-hush'\nbatch_size = 0\n", "shops.main.batch_size"),
        ("wrokers = 3\n", "wrokers"),
        ("not toml", "is not TOML"),
    ],
)
async def test_faulty_settings_end_with_4_and_tell_no_secret(
    terminal: Terminal, settings: str, sentence: str
) -> None:
    for name in [name for name in terminal.environment if "SHOPS" in name]:
        del terminal.environment[name]
    terminal.write("importer.toml", settings)
    done = await terminal.type("run", terminal.write("good.csv", GOOD), "--mapping", "products")

    assert done.code == 4
    assert sentence in done.err
    assert "hush-hush" not in done.out + done.err


async def stuck(terminal: Terminal, shop: Shop) -> asyncio.subprocess.Process:
    """A run whose rows the shop has taken and will not work off."""
    shop.faults.hold_consumers = True
    terminal.write("good.csv", GOOD)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "importer", "run", "good.csv", "--mapping", "products",
        cwd=terminal.folder, env=terminal.environment, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(20):
        while not any("/V1/bulk/" in entry["path"] for entry in shop.journal.requests):
            await asyncio.sleep(0.05)
    return process


async def test_the_demo_shows_a_report_and_leaves_nothing_behind(terminal: Terminal) -> None:
    done = await terminal.type("demo")

    assert done.code == 0
    assert "84 rows read = 76 succeeded + 1 skipped + 6 invalid + 1 failed" in done.out
    assert "make page" in done.out
    assert not (terminal.folder / "state").exists()


async def test_the_report_of_an_earlier_import_can_be_shown_again(terminal: Terminal) -> None:
    first = await terminal.type("run", terminal.write("good.csv", GOOD), "--mapping", "products", "--json")
    import_id = json.loads(first.out)["id"]

    again = await terminal.type("report", import_id)
    unknown = await terminal.type("report", "imp_nothing")

    assert "7 rows read = 7 succeeded" in again.out
    assert (unknown.code, unknown.err) == (2, "importer: There is no import imp_nothing.\n")


async def test_the_mappings_are_listed_with_what_they_are_for(terminal: Terminal) -> None:
    done = await terminal.type("mappings", "list")

    assert done.code == 0
    assert (
        "magento-products         Magento product CSV (all but bundle and downloadable products)" in done.out
    )


async def test_a_token_is_made_shown_once_and_taken_back(terminal: Terminal) -> None:
    made = await terminal.type("tokens", "new", "dana")
    listed = await terminal.type("tokens", "list")
    token_id = listed.out.split()[0]

    assert made.out.startswith("imp_")
    assert "dana" in listed.out
    assert made.out.strip() not in listed.out
    assert (await terminal.type("tokens", "remove", token_id)).code == 0
    assert (
        await terminal.type("tokens", "remove", token_id)
    ).err == f"importer: There is no token {token_id}; importer tokens list shows all.\n"


async def test_a_mapping_may_be_a_file_anywhere(terminal: Terminal) -> None:
    (terminal.folder / "elsewhere").mkdir()
    text = (Path(__file__).parents[2] / "mappings/products.yaml").read_text()
    terminal.write("elsewhere/Mine.yml", text)
    done = await terminal.type("run", terminal.write("good.csv", GOOD), "--mapping", "elsewhere/Mine.yml")

    assert done.code == 0, done.err


async def test_a_data_folder_that_cannot_be_written_ends_with_4(terminal: Terminal) -> None:
    terminal.write("not-a-folder", "")
    done = await terminal.type(
        "run",
        terminal.write("good.csv", GOOD),
        "--mapping",
        "products",
        IMPORTER_DATA_DIR="not-a-folder/data",
    )

    assert done.code == 4
    assert "The data folder not-a-folder/data cannot be made" in done.err


WRONG = "article,name,price,kind\n" + "".join(
    f"D-{n},Thing {n},{'' if n % 2 else 'free' if n == 4 else '5'},{'Bagg' if n == 2 else 'Default'}\n"
    for n in range(1, 8)
)


async def test_a_check_tells_causes_with_the_largest_first_and_sends_nothing(
    terminal: Terminal, shop: Shop
) -> None:
    file = terminal.write("list.csv", WRONG)

    done = await terminal.type("check", file, "--mapping", "products", "--shop", "main")

    assert done.code == 1, done.err
    lines = done.out.splitlines()
    assert lines[0] == "list.csv with the mapping products: 7 rows checked, 1 good, 6 invalid"
    assert 'delimiter "," (comma): ' in done.out
    causes = [line for line in lines if " rows: " in line or " row: " in line]
    assert causes[0] == "4 rows: price is empty. Fill it in.  (required)"
    assert {line.rpartition("(")[2] for line in causes[1:]} == {"number)", "look_up.unknown)"}
    assert "    record 4, line 5, D-4: price = 'free'" in lines
    assert {entry["method"] for entry in shop.journal.requests} == {"GET"}


async def test_a_check_without_a_shop_says_what_it_could_not_look_up(terminal: Terminal) -> None:
    file = terminal.write("list.csv", WRONG)

    done = await terminal.type("check", file, "--mapping", "products", "--json")

    found = json.loads(done.out)
    assert done.code == 1
    assert "kind" in found["unchecked"]
    assert [row["row"] for row in found["rows"]] == [1, 3, 4, 5, 7]
    assert (found["rows_checked"], found["rows_good"], found["counts"]) == (7, 2, {"invalid": 5})


async def test_a_check_without_faults_ends_with_0_and_a_wrong_file_with_2(terminal: Terminal) -> None:
    good = await terminal.type("check", terminal.write("good.csv", GOOD), "--mapping", "products", "--json")
    wrong = await terminal.type("check", terminal.write("b.csv", "a,b\n1,2\n"), "--mapping", "products")

    assert (good.code, json.loads(good.out)["rows"]) == (0, [])
    assert (wrong.code, "has no column article" in wrong.err) == (2, True)


async def test_a_dry_run_leaves_an_unfinished_import_alone(terminal: Terminal, shop: Shop) -> None:
    process = await stuck(terminal, shop)
    process.kill()
    await process.wait()
    before = len(shop.journal.requests)
    other = "article,name,price\nD-1,Other,5\n"
    done = await terminal.type(
        "run", terminal.write("other.csv", other), "--mapping", "products", "--dry-run"
    )

    assert done.code == 0
    assert "1 row read = 1 not sent" in done.out
    assert "Unfinished" not in done.out
    assert {entry["method"] for entry in shop.journal.requests[before:]} == {"GET"}
    assert not any("/V1/bulk/" in entry["path"] for entry in shop.journal.requests[before:])


async def killed(terminal: Terminal, shop: Shop) -> None:
    """A run that was killed when the shop had taken its rows; the shop works again."""
    terminal.environment["IMPORTER_LEASE_SECONDS"] = "0.6"
    terminal.environment["IMPORTER_PATIENCE_SECONDS"] = "20"
    process = await stuck(terminal, shop)
    process.kill()
    await process.wait()
    shop.faults.hold_consumers = False
    shop.wake()


async def test_a_killed_run_typed_again_is_gone_on_with_and_writes_nothing_twice(
    terminal: Terminal, shop: Shop
) -> None:
    await killed(terminal, shop)
    done = await terminal.type("run", "good.csv", "--mapping", "products")

    assert done.code == 0, done.out
    assert "is the import you ask for, left by a run that was stopped" in done.out
    assert "7 rows read = 7 succeeded" in done.out
    assert "which an earlier run had begun, and brought it to its end" in done.out
    assert "To import the file once more: --again" in done.out
    assert len(shop.journal.writes) == 7
    once_more = await terminal.type("run", "good.csv", "--mapping", "products")
    assert "The same file went into main before: import imp_" in once_more.out
    assert (once_more.code, len(shop.journal.writes)) == (0, 14)


async def test_a_killed_run_goes_in_once_more_where_that_is_asked_for(terminal: Terminal, shop: Shop) -> None:
    await killed(terminal, shop)
    done = await terminal.type("run", "good.csv", "--mapping", "products", "--again", "--json")

    assert done.code == 0, done.err
    assert "Its rows go first" in done.err
    assert "went on and is completed: 7 rows read = 7 succeeded" in done.err
    assert json.loads(done.out)["equation"] == "7 rows read = 7 succeeded"
    assert len(shop.journal.writes) == 14


async def test_an_error_is_json_where_json_was_asked_for(terminal: Terminal) -> None:
    done = await terminal.type("run", "nowhere.csv", "--mapping", "products", "--json")

    assert done.code == 5
    assert json.loads(done.out)["code"] == "source_missing"
