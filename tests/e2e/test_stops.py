"""A run that is stopped from outside: what becomes of its import, what it says, and its exit code."""

import asyncio
import json
import signal
import sys

from importer.sandbox.shop import Shop
from tests.e2e.test_command_line import GOOD, Terminal, shop, terminal
from tests.integration.conftest import let_go

__all__ = ["shop", "terminal"]  # fixtures

RUN = ("run", "good.csv", "--mapping", "products")


def asked(shop: Shop) -> int:
    return sum("/V1/bulk/" in entry["path"] for entry in shop.journal.requests)


async def at_work(terminal: Terminal, shop: Shop, *words: str) -> asyncio.subprocess.Process:
    """A run that waits for rows that the shop has taken and does not work off."""
    shop.faults.hold_consumers = True
    terminal.write("good.csv", GOOD)
    before = asked(shop)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "importer", *RUN, *words, cwd=terminal.folder, env=terminal.environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(30):
        while asked(shop) == before:
            await asyncio.sleep(0.05)  # the run is another process: there is no signal to wait for
    return process


async def stopped(process: asyncio.subprocess.Process, number: signal.Signals) -> tuple[int | None, str, str]:
    async with asyncio.timeout(30):
        process.send_signal(number)
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def the_import(terminal: Terminal) -> dict[str, object]:
    [folder] = (terminal.folder / "state").rglob("imp_*")
    found: dict[str, object] = json.loads((await terminal.type("report", folder.name, "--json")).out)
    return found


async def test_sigterm_cancels_nothing_ends_with_143_and_the_same_command_goes_on(
    terminal: Terminal, shop: Shop
) -> None:
    """What it held is given back: its leases would last for ten minutes."""
    terminal.environment |= {"IMPORTER_LEASE_SECONDS": "600", "IMPORTER_PATIENCE_SECONDS": "20"}
    code, out, _ = await stopped(await at_work(terminal, shop), signal.SIGTERM)
    left = await the_import(terminal)

    assert code == 143
    assert f"Stopped by SIGTERM. Import {left['id']} is left as it is" in out
    assert "The same command goes on with it." in out
    assert (left["status"], left["equation"]) == ("delivering", "7 rows read = 7 pending")
    let_go(shop)
    done = await terminal.type(*RUN)
    assert (done.code, "7 rows read = 7 succeeded" in done.out) == (0, True)
    assert f"This run went on with import {left['id']}, which an earlier run had begun" in done.out
    assert len(shop.journal.writes) == 7


async def test_sigterm_with_json_and_again_says_how_it_goes_on_and_prints_the_report_so_far(
    terminal: Terminal, shop: Shop
) -> None:
    process = await at_work(terminal, shop, "--json", "--again")
    code, out, err = await stopped(process, signal.SIGTERM)

    assert code == 143
    assert json.loads(out)["equation"] == "7 rows read = 7 pending"
    assert "The same command without --again goes on with it." in err


async def test_ctrl_c_cancels_the_import_that_this_run_began_and_names_the_retry(
    terminal: Terminal, shop: Shop
) -> None:
    code, out, _ = await stopped(await at_work(terminal, shop), signal.SIGINT)
    ended = await the_import(terminal)

    assert code == 130
    assert (ended["status"], ended["equation"]) == ("cancelled", "7 rows read = 7 unknown")
    assert "7 rows read = 7 unknown" in out
    assert f"importer retry {ended['id']} sends what was not sent" in out
    let_go(shop)
    done = await terminal.type("retry", str(ended["id"]))
    assert (done.code, "7 rows read = 7 succeeded" in done.out) == (0, True)
    assert len(shop.journal.writes) == 7


async def test_ctrl_c_leaves_an_import_alone_that_another_run_began(terminal: Terminal, shop: Shop) -> None:
    terminal.environment |= {"IMPORTER_LEASE_SECONDS": "0.6", "IMPORTER_PATIENCE_SECONDS": "20"}
    first = await at_work(terminal, shop)
    first.kill()
    await first.wait()
    code, out, _ = await stopped(await at_work(terminal, shop), signal.SIGINT)
    left = await the_import(terminal)

    assert code == 130
    assert f"Stopped by Ctrl-C. Import {left['id']} is left as it is" in out
    assert (left["status"], left["equation"]) == ("delivering", "7 rows read = 7 pending")


async def test_a_run_whose_import_another_run_ends_does_not_call_it_its_own(
    terminal: Terminal, shop: Shop
) -> None:
    """The second takes no steps of this shop: it can only look on."""
    idle = {**terminal.environment, "IMPORTER_CONSUMERS__ALL__BINDINGS": '["step.*.nobody.*"]'}
    first = await at_work(terminal, shop)
    second = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "importer", *RUN, cwd=terminal.folder, env=idle, stdout=asyncio.subprocess.PIPE
    )  # fmt: skip
    assert second.stdout is not None
    async with asyncio.timeout(30):
        while "rows read" not in (await second.stdout.readline()).decode():
            pass
    let_go(shop)
    told, _ = await second.communicate()
    await first.communicate()
    ended = await the_import(terminal)

    assert f"Another run brought import {ended['id']}, the import you asked for, to its end" in told.decode()
    assert len(shop.journal.writes) == 7
