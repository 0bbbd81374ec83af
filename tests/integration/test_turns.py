"""Two imports at once: one entity is never written by both, the older file goes first, and nobody waits without need."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from importer.domain.history import TURN, Event, EventKind
from importer.sandbox.shop import Shop
from importer.services.turns import Turns
from importer.settings import Settings
from importer.store.database import connected
from importer.worker import Worker
from tests.integration.conftest import PATIENCE, Running, let_go, make_settings, working

Products = Callable[..., Path]


@pytest.fixture
def settings(shop: Shop, tmp_path: Path, state_address: str) -> Settings:
    """Every test here runs on each database."""
    return make_settings(tmp_path, shop.address, database=state_address)  # type: ignore[attr-defined]


def written(shop: Shop) -> list[str]:
    return [entry["sku"] for entry in shop.journal.writes]


def renamed(rows: int) -> dict[int, dict[str, str]]:
    return {n: {"name": "Newer"} for n in range(1, rows + 1)}


def other_keys(rows: int) -> dict[int, dict[str, str]]:
    return {n: {"article": f"B-{n:04d}"} for n in range(1, rows + 1)}


async def test_of_two_files_with_the_same_keys_the_older_is_written_first_and_the_newer_stays(
    service: Running, shop: Shop, products: Products
) -> None:
    first = await service.accept(products(30, name="first.csv"))
    second = await service.accept(products(30, renamed(30), name="second.csv"))
    await asyncio.gather(service.finished(first.id), service.finished(second.id))

    assert len(written(shop)) == 60
    assert shop.journal.overlapping() == []
    assert {product["name"] for product in shop.products} == {"Newer"}


async def test_the_newer_import_says_for_whom_it_waits(
    service: Running, shop: Shop, products: Products
) -> None:
    shop.faults.hold_consumers = True
    first = await service.accept(products(5, name="first.csv"))
    await service.until(lambda state: state.sent == 5, first.id)
    second = await service.accept(products(5, renamed(5), name="second.csv"))

    state = await service.until(lambda state: state.waiting is not None, second.id)
    assert state.waiting is not None
    assert state.waiting.code == TURN
    assert first.id in state.waiting.text
    assert "first.csv" in state.waiting.text
    assert state.sent == 0

    let_go(shop)
    state = await service.finished(second.id)
    assert state.equation == "5 rows read = 5 succeeded"
    assert state.waiting is None


async def test_a_small_upload_with_other_keys_need_not_wait_for_a_large_file(
    settings: Settings, shop: Shop, products: Products
) -> None:
    shop.faults.hold_consumers = True
    async with working(settings) as run:
        large = await run.accept(products(200, name="large.csv"))
        await run.until(lambda state: state.read_whole and state.sent > 0, large.id)
        small = await run.accept(products(10, other_keys(10), name="small.csv"))
        await run.until(lambda state: state.read_whole, small.id)
        let_go(shop)
        await run.finished(small.id)
        between = await run.importer.ports.imports.get(large.id)
        await run.finished(large.id)

    assert not between.ended
    assert shop.journal.overlapping() == []


async def test_keys_that_differ_in_case_are_the_same_entity(
    service: Running, shop: Shop, products: Products
) -> None:
    shop.faults.hold_consumers = True
    first = await service.accept(products(3, name="first.csv"))
    await service.until(lambda state: state.sent == 3, first.id)
    lower = {n: {"article": f"a-{n:04d}"} for n in (1, 2, 3)}
    second = await service.accept(products(3, lower, name="second.csv"))

    state = await service.until(lambda state: state.waiting is not None, second.id)
    assert state.sent == 0
    let_go(shop)
    await service.finished(second.id)
    assert shop.journal.overlapping() == []


class Counted:
    """Kept files that count how often one of them is read."""

    def __init__(self, files: Any) -> None:
        self._files, self.reads = files, 0

    async def read(self, *words: Any, **more: Any) -> bytes:
        self.reads += 1
        found: bytes = await self._files.read(*words, **more)
        return found

    def lately(self) -> int:
        """Since it was asked last."""
        reads, self.reads = self.reads, 0
        return reads


async def test_keys_of_an_older_import_are_read_once_whatever_other_shops_do(
    settings: Settings, shop: Shop, products: Products
) -> None:
    shop.faults.hold_consumers = True
    async with working(settings) as run:
        large = await run.accept(products(100, name="large.csv"))
        older = await run.until(lambda state: state.read_whole and state.sent > 0, large.id)
        newer = await run.accept(products(20, other_keys(20), name="small.csv"))
        await run.until(lambda state: state.read_whole, newer.id)
        ports = run.importer.ports
        files = Counted(ports.files)
        turns = Turns(replace(ports, files=files))  # type: ignore[arg-type] # what turns need of it
        one, another = await ports.batches.of(newer.id)
        reads = []
        for batch, forgotten in ((one, "main"), (one, "another shop"), (another, "main"), (another, "")):
            assert await turns.before(batch, [older]) is None
            reads.append(files.lately())
            turns.forget(forgotten, {older.id} if batch is one else set())
        let_go(shop)
        await asyncio.gather(run.finished(large.id), run.finished(newer.id))

    assert reads == [10 + 1, 0, 1, 10 + 1]


async def test_two_workers_never_have_one_key_in_flight_twice(
    settings: Settings, shop: Shop, products: Products
) -> None:
    """Two processes on one state are two workers on it: what they share is the database alone."""
    async with working(settings) as one, working(settings, beside=one) as two:
        paths = [products(40, renamed(40) if n % 2 else None, name=f"{n}.csv") for n in range(4)]
        accepted = [await (one, two)[n % 2].accept(path) for n, path in enumerate(paths)]
        states = [await one.finished(entry.id) for entry in accepted]

    assert [state.equation for state in states] == ["40 rows read = 40 succeeded"] * 4
    assert shop.journal.overlapping() == []
    assert len(written(shop)) == 160


async def test_a_shop_never_has_more_batches_in_flight_than_its_settings_allow(
    shop: Shop, tmp_path: Path, state_address: str, products: Products
) -> None:
    settings = make_settings(
        tmp_path,
        shop.address,  # type: ignore[attr-defined]
        batches_in_flight=3,
        database=state_address,
    )
    shop.faults.hold_consumers = True
    async with working(settings) as run:
        states = [
            await run.accept(
                products(30, {k: {"article": f"{n}-{k}"} for k in range(1, 31)}, name=f"{n}.csv")
            )
            for n in range(3)
        ]
        for state in states:
            await run.until(lambda state: state.read_whole, state.id)
        stop = asyncio.create_task(
            Worker(run.importer, on_step=run.stepped).run()
        )  # a second one pulls as well
        async with asyncio.timeout(PATIENCE):
            while not (held := await run.importer.ports.batches.in_flight("main")):
                await asyncio.sleep(0)
        let_go(shop)
        for state in states:
            await run.finished(state.id)
        stop.cancel()
        with suppress(asyncio.CancelledError):
            await stop
        events = [e for state in states for e in await run.importer.ports.imports.events(state.id)]

    assert 0 < sum(held.values()) <= 3
    assert most_open(events) <= 3


def most_open(events: list[Event]) -> int:
    """The most batches that were in flight at once, as the logs tell it."""
    changes = {EventKind.SENDING: 1, EventKind.CONFIRMED: -1, EventKind.NOT_TAKEN: -1, EventKind.REFUSED: -1}
    open_now = most = 0
    for event in sorted(events, key=lambda event: event.at):
        open_now += changes.get(event.kind, 0)
        most = max(most, open_now)
    return most


@pytest.mark.postgresql
async def test_a_server_that_throws_everybody_out_in_the_middle_costs_no_row(
    shop: Shop, tmp_path: Path, products: Products, postgres_address: str
) -> None:
    async with connected(postgres_address) as database:
        await database.migrate()
    settings = make_settings(tmp_path, shop.address, database=postgres_address)  # type: ignore[attr-defined]
    admin = await asyncpg.connect(postgres_address)
    async with working(settings) as run:
        accepted = await run.accept(products(200))
        for sent in (20, 60, 120):
            await run.until(lambda state, sent=sent: state.sent >= sent, accepted.id)
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        state = await run.finished(accepted.id)
    await admin.close()

    assert state.equation == "200 rows read = 200 succeeded"
    assert shop.journal.overlapping() == []
    assert shop.journal.repeated() == {}
