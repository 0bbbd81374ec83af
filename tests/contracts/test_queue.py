"""The queue: a step is carried to one worker at a time, comes back when its lease runs out, and is never lost."""

import asyncio

import pytest

from importer.domain.steps import Step, StepKind
from importer.queues.embedded import EmbeddedQueue
from importer.store.database import Database
from tests.clocks import HandClock

LEASE = 10.0


def step(number: int, kind: StepKind = StepKind.DELIVER) -> Step:
    return Step(kind=kind, target=f"imp_1.{number}", shop="main", entity="product")


@pytest.fixture
def queue(database: Database, clock: HandClock) -> EmbeddedQueue:
    return EmbeddedQueue(database, clock, lease_seconds=LEASE)


async def test_a_step_is_given_to_one_of_many_workers(queue: EmbeddedQueue) -> None:
    for number in range(30):
        await queue.publish(step(number))

    claimed = await asyncio.gather(*(queue.claim(f"w{n}", limit=2) for n in range(20)))
    given = [lease.step.target for leases in claimed for lease in leases]
    while more := await queue.claim("last", limit=5):
        given += [lease.step.target for lease in more]
    assert sorted(given) == sorted(step(number).target for number in range(30))


async def test_a_step_that_is_there_stays_as_it_is_however_often_it_is_published(
    queue: EmbeddedQueue,
) -> None:
    await queue.publish(step(1))
    await asyncio.gather(*(queue.publish(step(1), delay=99) for _ in range(10)))

    [lease] = await queue.claim("w", limit=9)
    assert lease.step == step(1)


async def test_a_step_whose_worker_is_gone_comes_back_and_the_old_worker_can_do_nothing_to_it(
    queue: EmbeddedQueue, clock: HandClock
) -> None:
    await queue.publish(step(1))
    [old] = await queue.claim("old", limit=1)
    assert await queue.claim("new", limit=1) == []
    clock.forward(LEASE + 1)
    [new] = await queue.claim("new", limit=1)

    assert not await queue.extend(old)
    await queue.done(old)
    assert await queue.extend(new)
    await queue.done(new)
    clock.forward(LEASE + 1)
    assert await queue.claim("any", limit=1) == []


async def test_a_step_given_back_is_due_after_its_delay(queue: EmbeddedQueue, clock: HandClock) -> None:
    await queue.publish(step(1))
    await queue.publish(step(2), delay=60)
    [lease] = await queue.claim("w", limit=9)
    await queue.again(lease, delay=5)
    assert await queue.claim("w", limit=9) == []
    clock.forward(6)
    assert [lease.step for lease in await queue.claim("w", limit=9)] == [step(1)]
    clock.forward(55)
    assert step(2) in [lease.step for lease in await queue.claim("w", limit=9)]


async def test_only_the_steps_of_one_import_are_given_when_asked_so(queue: EmbeddedQueue) -> None:
    await queue.publish(step(1))
    other = Step(kind=StepKind.PREPARE, target="imp_2", shop="main", entity="product")
    await queue.publish(other)

    assert [lease.step for lease in await queue.claim("w", limit=9, only="imp_2")] == [other]


async def test_a_publication_wakes_who_waits(queue: EmbeddedQueue) -> None:
    waiting = asyncio.create_task(queue.wait(30))
    await asyncio.sleep(0)
    await queue.publish(step(1))
    async with asyncio.timeout(5):
        await waiting
