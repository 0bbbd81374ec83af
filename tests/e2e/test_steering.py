"""Commands typed beside a process that works, and a service that is killed in the middle of a cancel and a retry."""

import asyncio
import json
import random
import signal
import sys
from collections import Counter
from pathlib import Path

import httpx
import pytest

from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from tests.e2e.test_command_line import Terminal, shop, terminal
from tests.e2e.test_kill import PATIENCE, Service, ended
from tests.integration.conftest import let_go

__all__ = ["shop", "terminal"]  # fixtures

ROWS = 60
LIST = "article,name,price\n" + "".join(f"S-{n:02d},Thing {n},5\n" for n in range(1, ROWS + 1))
TWO_AT_ONCE = {"IMPORTER_SHOPS__MAIN__BATCH_SIZE": "10", "IMPORTER_SHOPS__MAIN__BATCHES_IN_FLIGHT": "2"}


async def told(process: asyncio.subprocess.Process, words: str) -> None:
    """Read on until the process says the words."""
    assert process.stdout is not None
    async with asyncio.timeout(30):
        while words not in (line := (await process.stdout.readline()).decode()):
            assert line, "it ended without saying so"


async def half_way(terminal: Terminal, shop: Shop) -> tuple[asyncio.subprocess.Process, str]:
    """`importer run` with 20 of 60 rows in a shop that does not work on them; and the import's id."""
    shop.faults.hold_consumers = True
    terminal.environment |= TWO_AT_ONCE
    file = terminal.write("list.csv", LIST)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "importer", "run", file, "--mapping", "products", "--check-first",
        cwd=terminal.folder, env=terminal.environment, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await told(process, "sent 20")
    [folder] = (terminal.folder / "state").rglob("imp_*")
    return process, folder.name


async def test_a_run_obeys_what_is_typed_in_another_terminal(terminal: Terminal, shop: Shop) -> None:
    process, import_id = await half_way(terminal, shop)
    paused = await terminal.type("pause", import_id, "--note", "stock-taking")
    assert paused.code == 0
    assert f"Import {import_id} is paused: 0 rows done, 20 in flight, 40 not sent." in paused.out
    let_go(shop)
    await told(process, f"importer resume {import_id}")

    state = json.loads((await terminal.type("pause", import_id, "--json")).out)
    assert state["status"] == "paused"
    resumed = await terminal.type("resume", import_id)
    assert (resumed.code, f"Import {import_id} goes on" in resumed.out) == (0, True)
    await told(process, "60 rows read = 60 succeeded")
    assert await process.wait() == 0
    assert "Stock-taking." in (await terminal.type("events", import_id)).out
    assert (await terminal.type("rebuild", import_id, "--check")).code == 0


async def test_an_import_that_nobody_works_on_is_cancelled_and_retried(
    terminal: Terminal, shop: Shop
) -> None:
    process, import_id = await half_way(terminal, shop)
    process.kill()
    await process.wait()

    done = await terminal.type("cancel", import_id)
    assert done.code == 0
    assert f"Import {import_id} is cancelled: 0 rows done, 20 in flight, 40 not sent." in done.out
    state = json.loads((await terminal.type("cancel", import_id, "--json")).out)
    assert (state["status"], state["counts"]["pending"], state["counts"]["not_sent"]) == (
        "cancelling",
        20,
        40,
    )
    refused = await terminal.type("retry", import_id)
    assert (refused.code, "is being cancelled" in refused.err) == (2, True)

    let_go(shop)
    done = await terminal.type("cancel", import_id, "--wait")
    assert (done.code, "60 rows read = 20 succeeded + 40 not sent" in done.out) == (0, True)

    done = await terminal.type("retry", import_id, "--outcome", "not_sent", "--report", "out")
    assert (done.code, "60 rows read = 60 succeeded" in done.out) == (0, True)
    assert json.loads((terminal.folder / "out/report.json").read_text())["attempt"] == 2
    again = await terminal.type("retry", import_id)
    assert (again.code, "there is nothing to retry" in again.err) == (2, True)
    assert set(Counter(entry["sku"] for entry in shop.journal.writes).values()) == {1}


async def test_a_retry_may_be_left_to_a_service(terminal: Terminal, shop: Shop) -> None:
    text = "article,name,price,web address\na,A,1,same\nb,B,1,same\n"
    done = await terminal.type("run", terminal.write("a.csv", text), "--mapping", "products", "--json")
    import_id = json.loads(done.out)["id"]
    done = await terminal.type("retry", import_id, "--outcome", "failed", "--no-wait", "--json")
    state = json.loads(done.out)

    assert (done.code, state["status"], state["attempt"]) == (0, "delivering", 2)
    assert state["equation"] == "2 rows read = 1 pending + 1 succeeded"
    wrong = await terminal.type("retry", import_id, "--outcome", "invalid")
    assert (wrong.code, "cannot go again as they are" in wrong.err) == (2, True)


@pytest.mark.timeout(150)
async def test_killed_in_the_middle_of_a_cancel_and_of_a_retry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every product is written once: those in flight at the cancel, and the others by the retry."""
    monkeypatch.setenv("IMPORTER_SHOPS__MAIN__BATCHES_IN_FLIGHT", "2")
    dice = random.Random(5)
    shop = Shop(catalog=load_catalog(), token="practice-token")
    shop.faults.hold_consumers = True
    async with running(shop) as address:
        service = Service(tmp_path, address)
        await service.start()
        async with service.client() as client:
            words = {"mapping": "products", "name": "list.csv", "policy": "check-first"}
            answer = await client.post(
                "/v1/imports", params=words, content=LIST, headers={"Content-Type": "text/csv"}
            )
            import_id = str(answer.json()["id"])
            await sent(client, import_id)
            await killed_in_the_middle(service, client, f"/v1/imports/{import_id}/cancel", {}, dice)
        for _ in range(2):
            async with service.client() as client:
                await killed_in_the_middle(service, client, f"/v1/imports/{import_id}/cancel", {}, dice)
        state = await obeyed(service, shop, import_id, "cancel", {})
        assert state["equation"] == "60 rows read = 20 succeeded + 40 not sent"
        shop.pace = 30.0
        for _ in range(3):
            await service.start()
            async with service.client() as client:
                body = {"attempt": 2}
                await killed_in_the_middle(service, client, f"/v1/imports/{import_id}/retry", body, dice)
            await service.end(signal.SIGKILL)
        await service.start()
        state = await obeyed(service, shop, import_id, "retry", {"attempt": 2})
        assert (state["equation"], state["attempt"]) == ("60 rows read = 60 succeeded", 2)

    written = Counter(entry["sku"] for entry in shop.journal.writes)
    assert (len(written), set(written.values())) == (ROWS, {1})


async def killed_in_the_middle(
    service: Service, client: httpx.AsyncClient, path: str, body: dict[str, int], dice: random.Random
) -> None:
    """The command is under way, or was just obeyed; afterwards a new service starts."""
    order = asyncio.create_task(client.post(path, json=body))
    await asyncio.sleep(dice.uniform(0.0, 0.15))
    await service.end(signal.SIGKILL)
    await asyncio.gather(order, return_exceptions=True)
    await service.start()


async def obeyed(
    service: Service, shop: Shop, import_id: str, verb: str, body: dict[str, int]
) -> dict[str, object]:
    """Said once more, to a service that lives; the import when it has ended and the service, too."""
    async with service.client() as client:
        answer = await client.post(f"/v1/imports/{import_id}/{verb}", json=body)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        let_go(shop)
        async with asyncio.timeout(PATIENCE):
            state = await ended(client, import_id)
    await service.end(signal.SIGTERM)
    return state


async def sent(client: httpx.AsyncClient, import_id: str) -> None:
    """Two batches are with the shop."""
    while (await client.get(f"/v1/imports/{import_id}")).json()["rows_sent"] < 20:
        await asyncio.sleep(0.02)  # the service is another process: there is no signal to wait for
