"""What the state adds up to, on every database."""

import pytest

from importer.domain.batches import Receipt, Sending
from importer.domain.errors import ConfigurationError
from importer.domain.imports import ImportStatus
from importer.domain.rows import Outcome
from importer.domain.steps import MOST_CRASHES, Step, StepKind
from importer.ports.figures import Figures, InFlight, Queued
from importer.queues.embedded import EmbeddedQueue
from importer.store.database import Database
from importer.store.figures import SqlSums
from tests.clocks import HandClock
from tests.contracts.test_state import State, wrong

NOTHING = InFlight(batches=0, operations=0)


@pytest.fixture
def sums(database: Database, clock: HandClock) -> SqlSums:
    return SqlSums(database, clock)


async def test_of_an_empty_state_everything_is_nothing(sums: SqlSums) -> None:
    found = await sums.read(["main"])

    assert found == Figures(imports={}, rows={}, in_flight={"main": NOTHING}, steps={}, oldest_due=0.0)


async def test_rows_add_up_over_imports_and_batches_in_flight_are_counted(
    database: Database, clock: HandClock, sums: SqlSums
) -> None:
    state = State(database, clock)
    for name in ("imp_1", "imp_2"):
        await state.accept(name)
        first, *_ = await state.prepare(name, 3, [wrong(9), wrong(10)])
        assert await state.batches.record_sending(first, keys=[name], most=9) is Sending.RECORDED
    await state.accept("imp_3")
    sent = await state.batches.get("imp_1.0")
    assert await state.batches.record_sent(sent, Receipt(bulk_uuid="b"))
    assert await state.batches.record_lagging(await state.batches.get("imp_1.0"), left=1)

    found = await sums.read(["main", "other"])
    assert found.imports == {("main", ImportStatus.PREPARING): 2, ("main", ImportStatus.ACCEPTED): 1}
    assert {outcome: number for (_shop, outcome), number in found.rows.items() if number} == {
        Outcome.PENDING: 12,
        Outcome.INVALID: 4,
    }
    assert found.in_flight == {"main": InFlight(batches=1, operations=4), "other": NOTHING}


async def test_steps_wait_or_run_and_the_oldest_that_is_due_is_told(
    database: Database, clock: HandClock, sums: SqlSums
) -> None:
    queue = EmbeddedQueue(database, clock, lease_seconds=10.0)
    for number in range(3):
        target = f"imp_1.{number}"
        await queue.publish(Step(kind=StepKind.DELIVER, target=target, shop="main", entity="product"))
    late = Step(kind=StepKind.TRACK, target="imp_1.9", shop="main", entity="product")
    await queue.publish(late, delay=60.0)
    await queue.claim("somebody", limit=1)
    clock.forward(7.0)
    worked_on = await sums.read(["main"])
    clock.forward(10.0)
    abandoned = await sums.read(["main"])

    assert worked_on.steps == {
        StepKind.DELIVER: Queued(waiting=2, running=1),
        StepKind.TRACK: Queued(waiting=1, running=0),
    }
    assert worked_on.oldest_due == 7.0
    assert abandoned.steps[StepKind.DELIVER] == Queued(waiting=3, running=0)


async def test_a_dead_step_neither_waits_nor_is_due(
    database: Database, clock: HandClock, sums: SqlSums
) -> None:
    queue = EmbeddedQueue(database, clock)
    await queue.publish(Step(kind=StepKind.PREPARE, target="imp_1", shop="main", entity="product"))
    for _ in range(MOST_CRASHES):
        clock.forward(100.0)
        [lease] = await queue.claim("somebody", limit=1)
        await queue.crashed(lease, "a defect")
    clock.forward(100.0)
    found = await sums.read(["main"])

    assert found.steps == {StepKind.PREPARE: Queued(waiting=0, running=0, dead=1)}
    assert found.oldest_due == 0.0


async def test_a_state_with_another_schema_does_not_work(database: Database, sums: SqlSums) -> None:
    await sums.check()
    async with database.writing() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")

    with pytest.raises(ConfigurationError, match="0001"):
        await sums.check()
