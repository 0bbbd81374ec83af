"""What is kept no longer: recorded once, only of what has ended, and remembered until it is gone."""

import asyncio
from datetime import datetime, timedelta

import pytest

from importer.domain.commands import RETRIABLE, Attempt, Command
from importer.domain.history import EventKind
from importer.domain.imports import ImportStatus
from importer.store.commands import SqlCommands
from importer.store.database import Database
from importer.store.removals import SqlRemovals
from tests.clocks import HandClock
from tests.contracts.test_state import State

DAY = 86_400.0


class Kept(State):
    def __init__(self, database: Database, clock: HandClock) -> None:
        super().__init__(database, clock)
        self.removals = SqlRemovals(database, clock)
        self.commands = SqlCommands(database, clock)

    async def ended(self, name: str) -> None:
        await self.accept(name)
        await self.imports.record_ended(name, ImportStatus.FAILED)

    async def due(self, before: datetime) -> list[str]:
        return [state.id for state in await self.removals.due(before, limit=9)]

    async def retried(self, name: str) -> bool:
        attempt = Attempt(number=2, outcomes=RETRIABLE, batches=[], reopened=[])
        return await self.commands.record_retried(name, attempt, Command(by="somebody"))


@pytest.fixture
def state(database: Database, clock: HandClock) -> Kept:
    return Kept(database, clock)


async def test_due_is_what_ended_before_the_moment_and_has_its_files(state: Kept, clock: HandClock) -> None:
    await state.accept("imp_0")
    for number in range(1, 5):
        await state.ended(f"imp_{number}")
        clock.forward(DAY)
    before = clock.now() - timedelta(days=1)

    assert await state.due(before) == ["imp_1", "imp_2", "imp_3"]
    assert await state.removals.record_files_removed("imp_2", before)
    assert await state.due(before) == ["imp_1", "imp_3"]
    assert [one.id for one in await state.removals.due(before, after="imp_1", limit=1)] == ["imp_3"]


async def test_it_is_recorded_once_in_the_log_and_the_state_is_what_the_log_says(
    state: Kept, clock: HandClock
) -> None:
    await state.ended("imp_1")
    clock.forward(DAY)

    recorded = await asyncio.gather(
        *(state.removals.record_files_removed("imp_1", clock.now()) for _ in range(5))
    )

    assert sorted(recorded) == [False] * 4 + [True]
    assert await state.kinds("imp_1") == [EventKind.ACCEPTED, EventKind.ENDED, EventKind.FILES_REMOVED]
    kept, worked_out = await state.imports.rebuild("imp_1", check=True)
    assert kept == worked_out
    assert kept.files_removed_at == clock.now()
    assert kept.status is ImportStatus.FAILED


async def test_what_goes_on_keeps_its_files(state: Kept, clock: HandClock) -> None:
    await state.accept("imp_0")
    await state.ended("imp_1")
    clock.forward(DAY)
    assert await state.retried("imp_1")

    for name in ("imp_0", "imp_1"):
        assert not await state.removals.record_files_removed(name, clock.now())
    assert await state.due(clock.now()) == []


async def test_what_ended_again_later_counts_from_its_last_end(state: Kept, clock: HandClock) -> None:
    await state.ended("imp_1")
    clock.forward(DAY)
    before = clock.now()
    await state.retried("imp_1")
    await state.imports.record_ended("imp_1", ImportStatus.FAILED)

    assert await state.due(before) == []
    assert not await state.removals.record_files_removed("imp_1", before)


async def test_what_has_no_files_is_not_retried(state: Kept, clock: HandClock) -> None:
    await state.ended("imp_1")
    clock.forward(DAY)
    assert await state.removals.record_files_removed("imp_1", clock.now())

    assert not await state.retried("imp_1")


async def test_what_was_recorded_is_left_until_it_is_cleared_even_when_the_state_is_rebuilt(
    state: Kept, clock: HandClock
) -> None:
    for name in ("imp_1", "imp_2"):
        await state.ended(name)
    clock.forward(DAY)
    for name in ("imp_1", "imp_2"):
        await state.removals.record_files_removed(name, clock.now())

    assert await state.removals.left(limit=9) == ["imp_1", "imp_2"]
    assert await state.removals.left(after="imp_1", limit=9) == ["imp_2"]
    await state.removals.cleared("imp_1")
    await state.imports.rebuild("imp_1", check=False)
    assert await state.removals.left(limit=9) == ["imp_2"]
