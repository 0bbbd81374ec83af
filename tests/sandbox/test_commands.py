"""The practice shop on the command line: processes that share a state file, and sentences for what cannot be."""

import asyncio
import json
import signal
import socket
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from importer.sandbox.locks import ProcessLocks
from importer.sandbox.setup import Setup
from importer.sandbox.shop import Shop
from tests.sandbox.conftest import TOKEN, product
from tests.sandbox.processes import command, started
from tests.sandbox.test_operations import ALL, BULK
from tests.sandbox.test_queue import OWN, SAVE, own_queue, practice

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("magento", ["2.4.4", "2.4.6"])
async def test_consumers_of_other_processes_work_off_a_bulk_together(tmp_path: Path, magento: str) -> None:
    state = tmp_path / "shop.sqlite3"
    shop = Shop(token=TOKEN, consumers=0, setup=Setup(state=state, magento=magento))
    words = ("--state", state, "--magento", magento, "--instant", "consumers", "start", ALL)
    async with practice(shop) as client, AsyncExitStack() as stack:
        answer = await client.http.post(BULK, json=[product(f"s{n}") for n in range(120)])
        uuid = answer.json()["bulk_uuid"]
        processes = [await stack.enter_async_context(started(*words)) for _ in range(2)]
        while shop.bulks.count(uuid, 4):
            await asyncio.sleep(0.02)
        await shop.idle()
        saved = await client.get("/V1/products/s119")
        for process in processes:
            process.send_signal(signal.SIGTERM)
        said = [(await process.communicate())[0].decode() for process in processes]

    assert saved["name"] == "Product s119"
    assert shop.bulks.count(uuid, 1) == 120
    assert shop.journal.repeated() == {}
    assert len(shop.journal.writes) == 120
    assert sum(int(text.split()[0]) for text in said if text) == 120  # one that came too late says nothing
    assert len({row["id"] for row in shop.products}) == 120


async def test_a_killed_consumer_of_the_played_broker_leaves_one_operation_and_the_next_takes_the_rest(
    tmp_path: Path,
) -> None:
    state = tmp_path / "shop.sqlite3"
    setup = Setup(state=state, bugs={"slow-consumer": 0.05})
    shop = Shop(token=TOKEN, consumers=0, setup=setup)
    words = ("--state", state, "--instant", "consumers", "start", ALL)
    async with practice(shop) as client:
        answer = await client.http.post(BULK, json=[product(f"s{n}") for n in range(60)])
        uuid = answer.json()["bulk_uuid"]
        async with started(*words) as process:
            while shop.bulks.count(uuid, 1) < 5:
                await asyncio.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        locked, done = len(shop.locks), shop.bulks.count(uuid, 1)
        shop.bugs.off()
        left = shop.bulks.count(uuid, 4)
        code, out, _ = await command(*words, "--max-messages", str(left))

    assert locked - done in (0, 1)
    assert (code, out) == (0, f"{left} messages.\n")
    assert shop.bulks.count(uuid, 4) == locked - done
    assert shop.journal.repeated() == {}


async def test_a_state_file_survives_and_can_be_told_and_emptied(tmp_path: Path) -> None:
    state = tmp_path / "shop.sqlite3"
    first = Shop(setup=Setup(state=state))
    async with practice(Shop(token=TOKEN, setup=Setup(state=state))) as client:
        uuid = await client.bulk(product("a"))
    _, dumped, _ = await command("--state", state, "dump")
    second = Shop(setup=Setup(state=state))
    before = second.bulks.count(uuid, 1)
    code, said, _ = await command("--state", state, "reset")

    assert [row["sku"] for row in json.loads(dumped)["product"]] == ["a"]
    assert (before, second.token) == (1, first.token)
    assert (code, said) == (0, "The shop is as it was before the first call.\n")
    assert second.bulks.count(uuid, 1) == 0
    assert len(Shop(setup=Setup(state=state)).products) == 0


async def test_a_consumer_that_may_not_run_twice_says_so(tmp_path: Path) -> None:
    state = tmp_path / "shop.sqlite3"
    shop = Shop(consumers=0, setup=Setup(state=state))
    await shop.submit(SAVE, [(0, product("a"))], 0)
    words = ("--state", state, "--instant", "consumers", "start", ALL, "--max-messages", "1")
    with ProcessLocks(shop.state).held(ALL, 0):
        twice = await command(*words, "--single-thread")
        other = await command(*words, "--multi-process", "1")

    assert (twice[0], twice[2]) == (1, f"Consumer with the same name is running: {ALL}.\n")
    assert (other[0], other[1]) == (0, "1 messages.\n")


async def test_consumers_are_listed_and_unknown_ones_refused_with_the_list(tmp_path: Path) -> None:
    folder = own_queue(tmp_path)
    listed = await command("--config", folder, "consumers", "list")
    unknown = await command("consumers", "start", "nobody")
    alone = await command("consumers", "start", ALL)

    assert listed[1] == f"{ALL}\n{OWN}\n"
    assert unknown[0] == 4
    assert unknown[2] == f'importer: Specified consumer "nobody" is not declared. There are {ALL}.\n'
    assert alone[2].startswith(
        "importer: A consumer in a process of its own shares a state file with its shop"
    )


async def test_the_doctor_ends_with_1_when_something_is_wrong(tmp_path: Path) -> None:
    good, bad = await command("doctor"), await command("--config", own_queue(tmp_path), "doctor")

    assert good[:2] == (0, "All is well: every message reaches one queue with a consumer.\n")
    assert bad[0] == 1
    assert bad[1].startswith("Operations are executed 2 times: ")


async def test_a_port_in_use_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, _, err = await command("--port", str(port))

    assert code == 4
    assert (
        err == f"importer: Port {port} cannot be used: Address already in use. Choose another with --port.\n"
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--bug", "up"), "up is no bug of this shop; there are deadlock,"),
        (("--magento", "1.9"), "Magento 1.9 is not known here; there are 2.4.4, 2.4.6, latest."),
        (("--config", "nowhere"), "nowhere holds none of communication.xml,"),
        (("--state", "/"), "The state file / cannot be used:"),
    ],
)
async def test_what_cannot_be_is_one_sentence(words: tuple[str, ...], sentence: str) -> None:
    code, out, err = await command(*words)

    assert (code, out, err.count("\n")) == (4, "", 1)
    assert err.startswith(f"importer: {sentence}")
