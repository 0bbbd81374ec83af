"""The queue: a step is carried to one worker at a time, comes back when its lease runs out, and is never lost.

Every test runs with the embedded queue and over a real RabbitMQ, each on both databases.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from importer.domain.consumers import ALL, Consumer
from importer.domain.steps import MOST_CRASHES, MOST_LOST, Lease, Load, Step, StepKind
from importer.queues.amqp import AmqpQueue
from importer.queues.embedded import EmbeddedQueue
from importer.store.database import Database
from tests.clocks import HandClock
from tests.contracts.brokers import LEASE, joined, topology

OWN = Consumer(name="own", bindings=("step.deliver.*.product", "step.finish.#"))
Carrier = EmbeddedQueue | AmqpQueue
Join = Callable[..., Awaitable[Carrier]]


def step(number: int, kind: StepKind = StepKind.DELIVER) -> Step:
    return Step(kind=kind, target=f"imp_1.{number}", shop="main", entity="product")


async def come(queue: Carrier, worker: str = "w", **words: Any) -> Lease:
    """The next step, as soon as it is there."""
    async with asyncio.timeout(20):
        while not (leases := await queue.claim(worker, limit=1, **words)):
            await queue.wait(0.2)
    return leases[0]


async def nothing_comes(queue: Carrier) -> None:
    """A step that is published now comes next: so nothing else was on its way."""
    marker = step(0, StepKind.FINISH)
    await queue.publish(marker)
    lease = await come(queue)
    assert lease.step == marker
    await queue.done(lease)


@pytest.fixture(params=["embedded", pytest.param("amqp", marks=pytest.mark.rabbitmq)])
async def join(request: pytest.FixtureRequest, database: Database, clock: HandClock) -> AsyncIterator[Join]:
    """Makes the queue of one more process, which takes the steps of one consumer."""
    async with AsyncExitStack() as stack:
        names = await stack.enter_async_context(topology(ALL, OWN)) if request.param == "amqp" else None

        async def process(consumer: Consumer = ALL) -> Carrier:
            if names is None:
                return EmbeddedQueue(database, clock, lease_seconds=LEASE)
            return await stack.enter_async_context(joined(database, clock, names, consumer))

        yield process


@pytest.fixture
async def queue(join: Join) -> Carrier:
    return await join()


async def test_a_step_is_given_to_one_of_many_workers(queue: Carrier, join: Join) -> None:
    other = await join()
    for number in range(30):
        await queue.publish(step(number))

    given = await asyncio.gather(*(come((queue, other)[n % 2], f"w{n}") for n in range(30)))
    assert sorted(lease.step.target for lease in given) == sorted(step(number).target for number in range(30))
    await nothing_comes(queue)


async def test_a_step_that_is_there_stays_as_it_is_however_often_it_is_published(
    queue: Carrier,
) -> None:
    await queue.publish(step(1))
    await asyncio.gather(*(queue.publish(step(1), delay=99) for _ in range(10)))

    assert (await come(queue)).step == step(1)
    await nothing_comes(queue)


async def test_a_step_whose_worker_is_gone_comes_back_and_the_old_worker_can_do_nothing_to_it(
    queue: Carrier, clock: HandClock
) -> None:
    await queue.publish(step(1))
    old = await come(queue, "old")
    await nothing_comes(queue)
    clock.forward(LEASE + 1)
    new = await come(queue, "new")

    assert not await queue.extend(old)
    await queue.done(old)
    assert await queue.extend(new)
    await queue.done(new)
    clock.forward(LEASE + 1)
    await nothing_comes(queue)


async def test_a_step_given_back_is_due_after_its_delay(queue: Carrier, clock: HandClock) -> None:
    await queue.publish(step(1))
    await queue.publish(step(2), delay=60)
    lease = await come(queue)
    await queue.again(lease, delay=5)
    await nothing_comes(queue)
    clock.forward(6)
    assert (await come(queue)).step == step(1)
    clock.forward(55)
    assert {(await come(queue)).step for _ in range(2)} == {step(1), step(2)}  # the lease has run out, too


async def test_the_import_with_fewest_steps_under_way_goes_first(queue: Carrier) -> None:
    large, small = (f"imp_{name:0>20}" for name in ("large", "small"))
    for number in range(6):
        await queue.publish(
            Step(kind=StepKind.DELIVER, target=f"{large}.{number}", shop="main", entity="product")
        )
    first = await come(queue)
    await queue.publish(Step(kind=StepKind.PREPARE, target=small, shop="main", entity="product"))
    second = await come(queue)
    await queue.done(second)
    rest = [await come(queue) for _ in range(5)]

    assert first.step.target.startswith(large)
    assert second.step.target == small
    assert {lease.step.target for lease in (first, *rest)} == {f"{large}.{number}" for number in range(6)}


async def test_only_the_steps_of_one_import_are_given_when_asked_so(queue: Carrier) -> None:
    await queue.publish(step(1))
    other = Step(kind=StepKind.PREPARE, target="imp_2", shop="main", entity="product")
    await queue.publish(other)

    assert [lease.step for lease in await queue.claim("w", limit=9, only="imp_2")] == [other]


async def test_a_publication_wakes_who_waits(queue: Carrier) -> None:
    waiting = asyncio.create_task(queue.wait(30))
    await asyncio.sleep(0)
    await queue.publish(step(1))
    async with asyncio.timeout(5):
        await waiting


async def test_a_step_that_fails_again_and_again_is_dead_until_it_is_given_back(
    queue: Carrier, clock: HandClock
) -> None:
    await queue.publish(step(1))
    for crash in range(1, MOST_CRASHES + 1):
        dead = await queue.crashed(await come(queue), "It broke.")
        assert dead == (crash == MOST_CRASHES)
        clock.forward(3600)
    await queue.publish(step(1))
    await queue.publish(step(2))

    assert (await come(queue)).step == step(2)
    await nothing_comes(queue)
    [grave] = await queue.dead()
    assert (grave.step, grave.reason, grave.attempt) == (step(1), "It broke.", MOST_CRASHES)
    assert await queue.requeue([step(1), step(3)]) == 1
    lease = await come(queue)
    assert (lease.step, lease.attempt) == (step(1), 1)
    assert await queue.dead() == []
    assert not await queue.crashed(lease, "It broke.")


async def test_defects_count_only_in_a_row(queue: Carrier, clock: HandClock) -> None:
    await queue.publish(step(1))
    for _ in range(MOST_CRASHES):
        assert not await queue.crashed(await come(queue), "It broke.")
        clock.forward(3600)
        await queue.again(await come(queue), delay=0)

    assert await queue.dead() == []


async def test_a_step_whose_workers_die_one_after_the_other_is_dead(queue: Carrier, clock: HandClock) -> None:
    await queue.publish(step(1))
    for life in range(MOST_LOST):
        await come(queue, f"worker-{life}")
        clock.forward(LEASE + 1)
    await queue.publish(step(2))

    assert (await come(queue)).step == step(2)
    async with asyncio.timeout(10):
        while not await queue.dead():
            assert await queue.claim("w", limit=1) == []
            await queue.wait(0.1)
    assert [grave.step for grave in await queue.dead()] == [step(1)]


async def test_a_worker_that_stood_still_has_not_died(queue: Carrier, clock: HandClock) -> None:
    await queue.publish(step(1))
    for _ in range(MOST_LOST + 1):
        await come(queue, "the same")
        clock.forward(LEASE + 1)

    assert (await come(queue)).step == step(1)


async def test_a_dead_step_can_be_struck_off_and_a_living_one_cannot(
    queue: Carrier, clock: HandClock
) -> None:
    await queue.publish(step(1))
    for _ in range(MOST_CRASHES):
        await queue.crashed(await come(queue), "It broke.")
        clock.forward(3600)
    await queue.publish(step(2))
    await queue.forget([step(1), step(2)])

    assert await queue.dead() == []
    assert (await come(queue)).step == step(2)
    await queue.publish(step(1))
    assert (await come(queue)).step == step(1)


async def test_a_consumer_gets_what_its_bindings_select(queue: Carrier, join: Join) -> None:
    own = await join(OWN)
    await queue.publish(step(1, StepKind.TRACK))
    await queue.publish(step(2))
    await queue.publish(step(3, StepKind.FINISH))

    found = {(await come(own, consumers=[OWN])).step for _ in range(2)}
    assert found == {step(2), step(3, StepKind.FINISH)}
    assert (await come(queue)).step == step(1, StepKind.TRACK)


async def test_who_rests_gets_nothing_more_and_what_was_on_its_way_to_him_goes_to_others(
    queue: Carrier, join: Join
) -> None:
    for number in range(3):
        await queue.publish(step(number))
    await queue.wait(0.2)
    await queue.rest()
    other = await join()

    assert {(await come(other)).step for _ in range(3)} == {step(number) for number in range(3)}
    await nothing_comes(other)


async def test_the_load_of_a_consumer_is_what_waits_and_what_runs(queue: Carrier, clock: HandClock) -> None:
    own, other = Consumer(name="own"), Consumer(name="other", bindings=("step.track.#",))
    for number in range(3):
        await queue.publish(step(number))
    await come(queue)
    clock.forward(2)

    assert await queue.load(own) == Load(waiting=2, running=1, oldest=2.0)
    assert await queue.load(other) == Load(waiting=0, running=0, oldest=None)
