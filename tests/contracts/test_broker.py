"""What only a broker can do: lose a message, bring one twice, go away, refuse us."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aio_pika
import pytest

from importer.domain.consumers import ALL, Consumer
from importer.domain.errors import ConfigurationError
from importer.domain.steps import MOST_CRASHES, StepKind
from importer.queues.address import address
from importer.queues.amqp import AmqpQueue
from importer.queues.broker import Broker, Unroutable, step_of
from importer.queues.ledger import REMIND_SECONDS, StepLedger
from importer.queues.topology import Topology
from importer.store.database import Database
from tests.clocks import HandClock
from tests.conftest import AMQP_URL
from tests.contracts.brokers import joined, needs_rabbitmqctl, own_vhost, rabbitmqctl, topology
from tests.contracts.test_queue import come, nothing_comes, step

pytestmark = pytest.mark.rabbitmq


@pytest.fixture
async def names() -> AsyncIterator[Topology]:
    async with topology() as own:
        yield own


@pytest.fixture
async def queue(database: Database, clock: HandClock, names: Topology) -> AsyncIterator[AmqpQueue]:
    async with joined(database, clock, names) as one:
        yield one


async def test_a_step_whose_message_was_lost_is_told_once_more(
    queue: AmqpQueue, database: Database, clock: HandClock
) -> None:
    """As by a process that is killed between its commit and its message."""
    await StepLedger(database, clock).enter(step(1), delay=0.0)
    clock.forward(REMIND_SECONDS + 1)

    assert (await come(queue)).step == step(1)


async def test_a_message_stands_for_what_is_due_and_none_is_left_without_one(
    queue: AmqpQueue, database: Database, clock: HandClock
) -> None:
    """The message of the second step brings the first, which lost its own; the second gets another."""
    ledger = StepLedger(database, clock)
    await ledger.enter(step(1), delay=0.0)
    await ledger.untold(step(1))
    await queue.publish(step(2))

    assert {(await come(queue)).step for _ in range(2)} == {step(1), step(2)}


async def test_a_message_that_comes_twice_is_worked_on_once(queue: AmqpQueue) -> None:
    await queue.publish(step(1))
    await queue._broker.send(queue._topology.exchange, step(1))

    assert (await come(queue)).step == step(1)
    await nothing_comes(queue)


async def test_a_step_that_is_due_soon_waits_for_none_that_is_due_later(
    database: Database, clock: HandClock
) -> None:
    async with topology(ladder=(0.05, 0.2, 600.0)) as names, joined(database, clock, names) as queue:
        await queue.publish(step(1), delay=3600)
        await queue.publish(step(2), delay=5)
        clock.forward(6)

        assert (await come(queue)).step == step(2)


async def test_a_step_that_no_consumer_takes_is_refused_and_stays_in_the_ledger(
    database: Database, clock: HandClock
) -> None:
    own = Consumer(name="own", bindings=("step.track.#",))
    async with topology(own) as names, joined(database, clock, names, own) as queue:
        with pytest.raises(Unroutable, match=r"step\.deliver\.main\.product"):
            await queue.publish(step(1))
        await queue.publish(step(2, StepKind.TRACK))

        assert (await queue.load(ALL)).waiting == 2


async def buried(names: Topology) -> list[tuple[object, object]]:
    """What the queue of the dead holds: steps and their reasons."""
    async with await aio_pika.connect(AMQP_URL) as connection:
        queue = await (await connection.channel()).get_queue(names.dead)
        found = []
        while (message := await queue.get(fail=False)) is not None:
            found.append((step_of(message), message.headers.get("reason")))
        return found  # nothing is acknowledged: they stay


async def graves(names: Topology) -> int:
    """How many messages the queue of the dead holds; none is taken out."""
    async with await aio_pika.connect(AMQP_URL) as connection:
        queue = await (await connection.channel()).declare_queue(names.dead, passive=True)
        return queue.declaration_result.message_count or 0


async def test_a_dead_step_has_a_message_among_the_dead_until_it_is_given_back(
    queue: AmqpQueue, names: Topology, clock: HandClock
) -> None:
    for number in (1, 2):
        await queue.publish(step(number))
        for _ in range(MOST_CRASHES):
            await queue.crashed(await come(queue), f"It broke {number}.")
            clock.forward(3600)
    async with asyncio.timeout(10):
        while await graves(names) < 2:
            await asyncio.sleep(0.05)  # the broker gives no signal
    await queue.requeue([step(1)])

    assert (await come(queue)).step == step(1)
    assert await buried(names) == [(step(2), "It broke 2.")]


@needs_rabbitmqctl
async def test_connections_that_are_closed_by_force_cost_no_step_and_none_comes_twice(
    database: Database, clock: HandClock
) -> None:
    async with (
        own_vhost() as url,
        topology(url=url) as names,
        joined(database, clock, names, url=url) as queue,
    ):
        vhost = urlsplit(url).path[1:]
        steps = [step(number) for number in range(12)]
        found = []
        for number, one in enumerate(steps):
            if number in (3, 7):
                await rabbitmqctl("close_all_connections", "--vhost", vhost, "test")
            await queue.publish(one)
            if number % 2:
                found.append((await come(queue)).step)
        while len(found) < len(steps):
            found.append((await come(queue)).step)

        assert sorted(found, key=str) == sorted(steps, key=str)
        await nothing_comes(queue)


@needs_rabbitmqctl
async def test_messages_come_again_after_a_connection_was_closed_by_force(
    database: Database, clock: HandClock
) -> None:
    async with (
        own_vhost() as url,
        topology(url=url) as names,
        joined(database, clock, names, url=url) as queue,
    ):
        back = asyncio.Event()
        assert queue._broker._connection is not None
        queue._broker._connection.reconnect_callbacks.add(lambda *_args: back.set())
        await rabbitmqctl("close_all_connections", "--vhost", urlsplit(url).path[1:], "test")
        async with asyncio.timeout(20):
            await back.wait()
        assert not await queue._broker.deaf()
        await queue.publish(step(1))

        assert (await come(queue)).step == step(1)


async def test_a_consumer_that_the_broker_has_forgotten_is_noticed_and_made_anew(queue: AmqpQueue) -> None:
    channel, held, tag = queue._broker._consuming[0]
    await (await channel.get_underlay_channel()).basic_cancel(tag)
    assert await queue._broker.deaf()
    await queue._watch()

    assert not await queue._broker.deaf()
    await queue.publish(step(1))
    assert (await come(queue)).step == step(1)
    assert held.name == queue._topology.queue("all")


async def refusal(url: str) -> str:
    names = Topology(exchange="never")
    with pytest.raises(ConfigurationError) as caught:
        await Broker(address(url), names).open()
    assert "geheim" not in caught.value.text
    return caught.value.text


def changed(**words: object) -> str:
    parts = urlsplit(AMQP_URL)
    user, path = words.get("user", f"{parts.username}:{parts.password}"), words.get("path", parts.path)
    return f"amqp://{user}@{parts.hostname}:{words.get('port', parts.port or 5672)}{path}"


async def test_a_broker_that_is_not_there_is_told(database: Database) -> None:
    assert "Start it, or correct `broker`" in await refusal(changed(port=1))


async def test_a_wrong_password_is_told_and_not_shown() -> None:
    assert "refuses the user nobody or the password" in await refusal(changed(user="nobody:geheim"))


async def test_a_virtual_host_that_is_missing_is_told() -> None:
    assert "the vhost is not there" in await refusal(changed(path="/nowhere"))


@needs_rabbitmqctl
async def test_a_virtual_host_without_rights_is_told() -> None:
    user = f"test-{secrets.token_hex(4)}"
    async with own_vhost() as url:
        vhost = urlsplit(url).path[1:]
        await rabbitmqctl("add_user", user, "geheim")
        try:
            login = {"user": f"{user}:geheim", "path": f"/{vhost}"}
            assert "has no rights in it" in await refusal(changed(**login))
            await rabbitmqctl("set_permissions", "-p", vhost, user, "^$", ".*", ".*")
            assert "needs the rights to configure" in await refusal(changed(**login))
        finally:
            await rabbitmqctl("delete_user", user)
