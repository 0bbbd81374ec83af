"""Which import it was: said at once by the run, listed by `importer imports`, and the latest one where none is named."""

import json
import re

from importer.sandbox.shop import Shop
from tests.e2e.test_command_line import GOOD, Terminal, shop, terminal

__all__ = ["shop", "terminal"]  # fixtures


async def imported(terminal: Terminal, name: str, content: str, *words: str) -> str:
    done = await terminal.type(
        "run", terminal.write(name, content), "--mapping", "products", "--json", *words
    )
    return str(json.loads(done.out)["id"])


async def test_a_run_says_its_id_first_and_what_another_terminal_can_do_with_it(terminal: Terminal) -> None:
    run = ("run", terminal.write("good.csv", GOOD), "--mapping", "products")
    for words in (run, (*run, "--json"), (*run, "--dry-run")):
        done = await terminal.type(*words)
        first = done.err.splitlines()[0]
        found = re.match(r"Import (imp_\S+)\. From another terminal: importer events \1 --follow, ", first)
        assert found, done.err
        assert first.endswith(f"importer cancel {found[1]}")
        assert "another terminal" not in done.out
        if "--json" in words:
            assert json.loads(done.out)["id"] == found[1]


async def test_imports_are_listed_newest_first_and_can_be_chosen(terminal: Terminal, shop: Shop) -> None:
    none = await terminal.type("imports")
    first = await imported(terminal, "good.csv", GOOD)
    wrong = await imported(terminal, "wrong.csv", GOOD.replace("C-3,Thing 3,5", "C-3,Thing 3,five"))

    listed = await terminal.type("imports")
    assert none.out == "There is no import yet.\n"
    lines = listed.out.splitlines()
    assert [lines[0].split()[0], lines[2].split()[0]] == [wrong, first]
    assert lines[0].endswith("completed: wrong.csv with products into main")
    assert "the shop confirmed 6 rows, 1 row refused by our own check" in lines[1]
    [newest] = json.loads((await terminal.type("imports", "--json", "--limit", "1")).out)
    assert (newest["id"], newest["status"], newest["mapping"]) == (wrong, "completed", "products")
    assert newest["equation_in_words"].startswith("Of 7 rows read: ")
    elsewhere = await terminal.type("imports", "--shop", "mian")
    assert (elsewhere.code, "There is no shop `mian`, did you mean `main`?" in elsewhere.err) == (2, True)
    assert (await terminal.type("imports", "--status", "failed")).out == "There is no such import.\n"
    assert json.loads((await terminal.type("imports", "--status", "failed", "--json")).out) == []


async def test_commands_that_read_take_the_latest_import_and_say_which(
    terminal: Terminal, shop: Shop
) -> None:
    none = await terminal.type("report")
    await imported(terminal, "first.csv", GOOD)
    latest = await imported(terminal, "second.csv", GOOD.replace("C-", "D-"))

    assert (none.code, "There is no import yet" in none.err) == (2, True)
    for words in (("report", "--json"), ("events",), ("rebuild", "--check")):
        done = await terminal.type(*words)
        assert done.code == 0, done.err
        assert done.err == f"The latest import, {latest} of second.csv into main:\n"
        assert latest in done.out or "second.csv" in done.out


async def test_commands_that_change_something_want_an_id(terminal: Terminal, shop: Shop) -> None:
    await imported(terminal, "good.csv", GOOD)

    for verb in ("pause", "resume", "cancel", "retry", "rebuild"):
        assert (await terminal.type(verb)).code == 2
