"""A process that stops between any two writes of a command: the rows add up, and a new start brings it to its end."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from importer.bootstrap import Importer, SystemClock, join_services, open_importer
from importer.domain.commands import Command, Retry
from importer.domain.imports import Import, ImportStatus
from importer.domain.rows import Outcome
from importer.queues.embedded import EmbeddedQueue
from importer.sandbox.shop import Shop
from importer.services.dispatch import closing_step
from importer.settings import Settings
from importer.store.batches import SqlBatches
from importer.store.commands import SqlCommands
from importer.store.database import Database
from importer.store.imports import SqlImports
from tests.integration.books import check_books
from tests.integration.conftest import Running, make_settings, working

NILS = Command(by="nils")
ROWS, IN_FLIGHT = 48, 4
MOST_WRITES = 8
"""More than a command makes; the last stops come after its end."""


class Died(Exception):
    """The process is gone."""


class MortalDatabase(Database):
    """Lets so many transactions through; the next one finds the process gone."""

    def __init__(self, address: str, lives: int) -> None:
        super().__init__(address)
        self._lives = lives

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        if not self._lives:
            raise Died
        self._lives -= 1
        async with super().writing() as connection:
            yield connection


@asynccontextmanager
async def mortal(settings: Settings, lives: int) -> AsyncIterator[Importer]:
    database, clock = MortalDatabase(settings.database_address, lives), SystemClock()
    async with open_importer(settings) as whole:
        ports = replace(
            whole.ports,
            imports=SqlImports(database, clock),
            batches=SqlBatches(database, clock),
            commands=SqlCommands(database, clock),
            queue=EmbeddedQueue(database, clock),
        )
        try:
            yield join_services(settings, ports, whole.nights, whole.tokens, whole.notices)
        finally:
            await database.close()


@pytest.fixture
def settings(shop: Shop, tmp_path: Path) -> Settings:
    """Small batches, so that a command has many of them to move; two are in flight."""
    return make_settings(tmp_path, shop.address, batches_in_flight=2, batch_size=2)  # type: ignore[attr-defined]


@asynccontextmanager
async def copied(settings: Settings, number: int) -> AsyncIterator[Settings]:
    """The state as it is, in a folder of its own."""
    folder = settings.data_dir.with_name(f"copy-{number}")
    shutil.copytree(settings.data_dir, folder)
    yield settings.model_copy(update={"data_dir": folder})


async def looked_at(settings: Settings, import_id: str) -> Import:
    """Nobody works on it; its books must be in order."""
    async with open_importer(settings) as importer:
        state = await importer.ports.imports.get(import_id)
        await check_books(Running(importer), state)
        return state


async def half_way(settings: Settings, shop: Shop, path: Path) -> str:
    shop.faults.hold_consumers = True
    async with working(settings) as run:
        accepted = await run.accept(path, check_first=True)
        await run.until(lambda state: state.sent == IN_FLIGHT and state.read_whole, accepted.id)
    shop.faults.hold_consumers = False
    shop.wake()
    return accepted.id


async def test_stopped_anywhere_in_a_cancel(
    settings: Settings, shop: Shop, products: Callable[..., Path]
) -> None:
    import_id = await half_way(settings, shop, products(ROWS))
    seen = set()
    for lives in range(MOST_WRITES):
        async with copied(settings, lives) as copy:
            async with mortal(copy, lives) as dying:
                with suppress(Died):
                    state = await dying.steering.cancel(import_id, NILS)
                    await dying.closing.finish(closing_step(state))
            state = await looked_at(copy, import_id)
            seen.add((state.status, state.counts.get(Outcome.NOT_SENT, 0)))
            async with working(copy) as run:
                await run.importer.steering.cancel(import_id, NILS)  # nothing, when it was recorded
                state = await run.finished(import_id)
                assert state.status is ImportStatus.CANCELLED
                assert state.counts == {Outcome.SUCCEEDED: IN_FLIGHT, Outcome.NOT_SENT: ROWS - IN_FLIGHT}
                await check_books(run, state)

    assert {(ImportStatus.DELIVERING, 0), (ImportStatus.CANCELLING, 0), (ImportStatus.CANCELLING, 40),
            (ImportStatus.CANCELLING, 44)} <= seen  # fmt: skip


async def test_stopped_anywhere_in_a_retry(
    settings: Settings, shop: Shop, products: Callable[..., Path]
) -> None:
    import_id = await half_way(settings, shop, products(ROWS))
    main = settings.shops["main"].model_copy(update={"batch_size": 20})
    settings = settings.model_copy(update={"shops": {"main": main}})
    async with working(settings) as run:
        await run.importer.steering.cancel(import_id, NILS)
        await run.finished(import_id)
    seen = set()
    for lives in range(MOST_WRITES):
        async with copied(settings, lives) as copy:
            async with mortal(copy, lives) as dying:
                with suppress(Died):
                    await dying.retrying.retry(import_id, Retry(attempt=2), NILS)
            state = await looked_at(copy, import_id)
            seen.add((state.attempt, state.status))
            async with working(copy) as run:
                await run.importer.retrying.retry(import_id, Retry(attempt=2), NILS)
                state = await run.finished(import_id)
                assert (state.attempt, state.counts) == (2, {Outcome.SUCCEEDED: ROWS})
                await check_books(run, state)

    assert seen == {(1, ImportStatus.CANCELLED), (2, ImportStatus.DELIVERING)}
