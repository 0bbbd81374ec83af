"""A duty of the clock is done by one of many processes, and passes to another one when that one is gone."""

import asyncio

import pytest

from importer.store.database import Database
from importer.store.duties import SqlDuties
from tests.clocks import HandClock


@pytest.fixture
def duties(database: Database, clock: HandClock) -> SqlDuties:
    return SqlDuties(database, clock)


async def test_of_many_who_would_do_a_duty_one_does_it_each_time(duties: SqlDuties, clock: HandClock) -> None:
    for _ in range(3):
        taken = await asyncio.gather(*(duties.take("sweep", seconds=5.0) for _ in range(10)))
        assert sum(until is not None for until in taken) == 1
        clock.forward(5)


async def test_each_duty_has_its_own_time(duties: SqlDuties, clock: HandClock) -> None:
    assert await duties.take("sweep", seconds=5.0)
    assert await duties.take("other", seconds=60.0)
    clock.forward(6)

    assert await duties.take("sweep", seconds=5.0)
    assert not await duties.take("other", seconds=60.0)


async def test_who_keeps_a_duty_has_it_until_it_is_released(duties: SqlDuties, clock: HandClock) -> None:
    until = await duties.take("alone", seconds=10.0)
    assert until is not None
    for _ in range(3):
        clock.forward(9)
        until = await duties.keep("alone", until, seconds=10.0)
        assert until is not None
        assert await duties.take("alone", seconds=10.0) is None
    await duties.release("alone", until)
    clock.forward(1)

    assert await duties.take("alone", seconds=10.0) is not None
    assert await duties.keep("alone", until, seconds=10.0) is None


async def test_a_process_whose_clock_was_wrong_does_not_hold_a_duty_up(
    duties: SqlDuties, clock: HandClock
) -> None:
    clock.forward(3600)
    await duties.take("sweep", seconds=5.0)
    clock.forward(-3600)

    assert await duties.take("sweep", seconds=5.0) is not None
