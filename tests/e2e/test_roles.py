"""Roles: some processes serve, others work; any of the workers may be killed or stopped, and the rows add up."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from importer.domain.steps import Step, StepKind
from importer.queues.ledger import StepLedger
from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.setup import Setup
from importer.sandbox.shop import Shop
from importer.store.database import open_database
from tests.chaos.processes import TOKEN, Service, environment, tell
from tests.clocks import HandClock

pytestmark = pytest.mark.timeout(180)

ROWS = 300
PATIENCE = 90.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    lines = ["article,name,price", *(f"P-{row:03d},Thing {row},5" for row in range(ROWS))]
    path = tmp_path / "list.csv"
    path.write_text("\n".join(lines))
    return path


@asynccontextmanager
async def served(words: Mapping[str, str]) -> AsyncIterator[Service]:
    """A process that serves and does no work."""
    service = Service(words, words=("serve", "--no-work"))
    await service.start()
    try:
        async with asyncio.timeout(30):
            await service.ready()
        yield service
    finally:
        await service.stop()


@asynccontextmanager
async def worker(words: Mapping[str, str], *more: str) -> AsyncIterator[Service]:
    one = Service(words, words=more or ("work",))
    await one.start()
    try:
        async with asyncio.timeout(30):
            await one.works.wait()
        yield one
    finally:
        await one.stop()


def at_write(shop: Shop, *numbers: int) -> Callable[[], Any]:
    """Waits for the next of these writes of the shop."""
    due = iter(numbers)
    reached: asyncio.Queue[int] = asyncio.Queue()
    wanted, written = next(due), 0

    def heard(entry: Mapping[str, Any]) -> None:
        nonlocal wanted, written
        written += entry["kind"] == "write"
        if written == wanted:
            reached.put_nowait(written)
            wanted = next(due, 0)

    shop.journal.heard = heard
    return reached.get


async def test_workers_that_are_killed_beside_a_process_that_serves_lose_nothing_and_send_nothing_twice(
    carried: dict[str, str], file: Path, tmp_path: Path
) -> None:
    shop = Shop(catalog=load_catalog(), token=TOKEN, pace=200.0)
    killed = at_write(shop, 60, 140, 220)
    async with running(shop) as address:
        words = {**environment(tmp_path, {"main": {"BASE_URL": address, "BATCH_SIZE": "20"}}), **carried}
        async with served(words) as service, asyncio.timeout(PATIENCE):
            import_id = await service.upload(file, mapping="products", shop="main")
            for _ in range(3):
                async with worker(words) as one:
                    await killed()
                    one.kill()
                    assert await one.dead() == -signal.SIGKILL
            async with worker(words):
                state = await service.ended(import_id)

    assert state["equation"] == f"{ROWS} rows read = {ROWS} succeeded"
    assert len(shop.journal.writes) == ROWS
    assert not shop.journal.repeated()
    assert not shop.journal.overlapping()


async def test_two_workers_share_the_work_and_a_shop_never_gets_more_than_it_may(
    carried: dict[str, str], file: Path, tmp_path: Path
) -> None:
    """The limit of batches in flight is one of the shop, not of a process."""
    shop = Shop(catalog=load_catalog(), token=TOKEN, pace=300.0)
    async with running(shop) as address:
        main = {"BASE_URL": address, "BATCH_SIZE": "10", "BATCHES_IN_FLIGHT": "3", "PACE": "fixed"}
        words = {**environment(tmp_path, {"main": main}), **carried}
        async with (
            served(words) as service,
            worker(words),
            worker(words),
            asyncio.timeout(PATIENCE),
        ):
            state = await service.ended(await service.upload(file, mapping="products", shop="main"))
            [told] = await tell(words, [["events", state["id"], "--json"]])

    assert state["equation"] == f"{ROWS} rows read = {ROWS} succeeded"
    assert not shop.journal.repeated()
    assert most_in_flight([json.loads(line) for line in told.out.splitlines()]) == 3


def most_in_flight(events: list[dict[str, Any]]) -> int:
    """Of the batches of one import, by its log: it is written in the transaction that counts them."""
    flying: set[str] = set()
    most = 0
    for event in events:
        batch = event["data"].get("batch")
        if event["kind"] == "sending":
            flying.add(batch)
        elif event["kind"] in ("confirmed", "not_taken", "refused"):
            flying.discard(batch)
        most = max(most, len(flying))
    return most


async def test_a_worker_that_is_stopped_ends_what_it_is_at_and_another_goes_on_at_once(
    carried: dict[str, str], file: Path, tmp_path: Path
) -> None:
    """Its leases would last for ten minutes: they are given back, not waited for."""
    shop = Shop(catalog=load_catalog(), token=TOKEN, setup=Setup(latency={"submit": 1.0}))
    stopped = at_write(shop, 1)
    async with running(shop) as address:
        words = {**environment(tmp_path, {"main": {"BASE_URL": address}}), **carried}
        words |= {"IMPORTER_LEASE_SECONDS": "600", "IMPORTER_WORKERS": "4"}
        async with served(words) as service, asyncio.timeout(PATIENCE):
            import_id = await service.upload(file, mapping="products", shop="main")
            async with worker(words) as one:
                await stopped()
                await one.stop()
                assert await one.dead() == 0
            cut_off = {**words, "IMPORTER_DRAIN_SECONDS": "0"}
            async with worker(cut_off) as other:
                await other.stop()
            async with worker(words):
                state = await service.ended(import_id)

    assert state["equation"] == f"{ROWS} rows read = {ROWS} succeeded"
    assert not shop.journal.repeated()


async def typed(words: Mapping[str, str], *command: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "importer", *command, env=dict(words),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_consumers_are_listed_started_for_so_many_steps_and_refuse_to_run_twice(
    carried: dict[str, str], file: Path, tmp_path: Path
) -> None:
    shop = Shop(catalog=load_catalog(), token=TOKEN)
    async with running(shop) as address:
        words = {**environment(tmp_path, {"main": {"BASE_URL": address}}), **carried}
        async with served(words) as service, asyncio.timeout(PATIENCE):
            import_id = await service.upload(file, mapping="products", shop="main")
            code, listed, _ = await typed(words, "consumers", "list", "--json")
            [waiting] = json.loads(listed)
            first = await typed(words, "consumers", "start", "all", "--max-messages", "1")
            prepared = await service.state(import_id)
            alone = ("consumers", "start", "all", "--single")
            async with worker(words, *alone):
                twice = await typed(words, *alone)
                state = await service.ended(import_id)
        unknown = await typed(words, "consumers", "start", "nobody")

    assert code == 0
    assert (waiting["name"], waiting["waiting"], waiting["running"]) == ("all", 1, 0)
    assert waiting["queue"] == (f"{carried['IMPORTER_BROKER_EXCHANGE']}.steps.all" if carried else "embedded")
    assert first[0] == 0
    assert prepared["rows_read"] == ROWS
    assert prepared["counts"]["pending"] == ROWS
    assert twice[0] == 2
    assert "runs already" in twice[2]
    assert state["equation"] == f"{ROWS} rows read = {ROWS} succeeded"
    assert unknown[0] == 2
    assert "There are: all" in unknown[2]


async def test_dead_steps_are_listed_with_their_reason_and_given_back(tmp_path: Path) -> None:
    words = environment(tmp_path, {})
    step = Step(kind=StepKind.FINISH, target="imp_1", shop="main", entity="product")
    clock = HandClock()
    async with open_database(f"sqlite:///{tmp_path}/data/importer.db") as database:
        ledger = StepLedger(database, clock)
        await ledger.enter(step, delay=0)
        while not await ledger.dead():
            [lease] = await ledger.claim("w", limit=1)
            await ledger.crash(lease, "It broke.")
            clock.forward(3600)
    _, as_text, _ = await typed(words, "consumers", "dead")
    _, as_json, _ = await typed(words, "consumers", "dead", "--json")
    _, back, _ = await typed(words, "consumers", "dead", "--requeue")
    _, none, _ = await typed(words, "consumers", "dead")

    assert "finish imp_1  It broke." in as_text
    [told] = json.loads(as_json)
    assert (told["kind"], told["target"], told["import"], told["reason"]) == (
        "finish",
        "imp_1",
        "imp_1",
        "It broke.",
    )
    assert "1 given back." in back
    assert none == "No step is dead.\n"


@pytest.mark.rabbitmq
@pytest.mark.parametrize(
    ("broker", "says"),
    [
        ("amqp://guest:geheim@127.0.0.1:1/", "Start it, or correct `broker`"),
        ("http://guest:geheim@127.0.0.1/", "must look like amqp://"),
    ],
)
async def test_a_start_without_its_broker_is_refused_with_what_to_do(
    broker: str, says: str, tmp_path: Path
) -> None:
    words = environment(tmp_path, {}) | {"IMPORTER_BROKER": broker}
    for command in ("serve", "work"):
        code, _, said = await typed(words, command)

        assert code == 4
        assert says in said
        assert "geheim" not in said
