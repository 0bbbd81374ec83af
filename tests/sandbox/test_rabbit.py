"""The connection `amqp` on a real RabbitMQ: what is declared, what a message carries, what a kill leaves behind."""

import asyncio
import secrets
import signal
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aio_pika
import pytest

from importer.sandbox.amqp import Address, Rabbit, address
from importer.sandbox.consumer import Consumer
from importer.sandbox.crons import Crons
from importer.sandbox.messages import BrokerAway
from importer.sandbox.server import running
from importer.sandbox.setup import Setup
from importer.sandbox.shop import Shop
from tests.conftest import AMQP_URL
from tests.sandbox.conftest import TOKEN, product
from tests.sandbox.processes import command, started
from tests.sandbox.test_operations import ALL
from tests.sandbox.test_queue import OWN, SAVE, own_queue, practice

pytestmark = [pytest.mark.rabbitmq, pytest.mark.timeout(300)]


@pytest.fixture
async def broker() -> AsyncIterator[Address]:
    """An address with names of its own, which are taken away afterwards."""
    where = address(AMQP_URL, prefix=f"test-{secrets.token_hex(4)}.")
    yield where
    shop = Shop(consumers=0, setup=Setup(amqp=where))
    rabbit = shop.connection("amqp")
    assert isinstance(rabbit, Rabbit)
    await rabbit.remove()
    await rabbit.close()


async def drained(shop: Shop, queue: str = ALL) -> None:
    """Until the broker has nothing left to hand out."""
    while await shop.connection("amqp").waiting(queue):
        await asyncio.sleep(0.02)


async def test_exchange_queue_and_binding_are_declared_as_magento_does(broker: Address) -> None:
    shop = Shop(consumers=0, setup=Setup(amqp=broker))
    rabbit = shop.connection("amqp")
    await rabbit.declare()
    await rabbit.declare()  # what is there is left as it is

    async with await aio_pika.connect(AMQP_URL) as connection:
        channel = await connection.channel()
        exchange = await channel.declare_exchange(f"{broker.prefix}magento", "topic", durable=True)
        queue = await channel.declare_queue(f"{broker.prefix}{ALL}", durable=True)
        for topic in ("async.some.thing", "async", "other.thing"):
            await exchange.publish(aio_pika.Message(b"x"), topic, mandatory=False)
        await rabbit.publish(SAVE, ["body"], {"store_id": "3"})
        found = [await queue.get(timeout=5) for _ in range(3)]

        assert [message.routing_key for message in found] == ["async.some.thing", "async", SAVE]
        ours = found[-1]
        assert ours.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
        assert len(ours.message_id or "") == 64
        assert ours.headers == {"store_id": "3"}
        assert ours.content_type is ours.timestamp is ours.expiration is None
        assert await queue.get(fail=False) is None
    await rabbit.close()


@pytest.mark.parametrize("magento", ["2.4.4", "2.4.6"])
async def test_a_bulk_goes_through_the_broker_with_its_store(broker: Address, magento: str) -> None:
    shop = Shop(token=TOKEN, consumers=2, setup=Setup(magento=magento, amqp=broker))
    shop.faults.hold_consumers = True  # or one may be faster than the rows of the operations (S9)
    async with practice(shop) as client:
        answer = await client.http.post(
            "/rest/default/async/bulk/V1/products", json=[product(f"s{n}") for n in range(20)]
        )
        uuid = answer.json()["bulk_uuid"]
        shop.faults.hold_consumers = False
        shop.wake()
        while shop.bulks.count(uuid, 1) < 20:
            await asyncio.sleep(0.01)

    assert {write["via"] for write in shop.journal.writes} == {"bulk"}
    assert len(shop.journal.writes) == 20


async def test_an_own_queue_beside_the_one_for_all_executes_everything_twice(
    broker: Address, tmp_path: Path
) -> None:
    shop = Shop(token=TOKEN, setup=Setup(amqp=broker, config=(own_queue(tmp_path),)))
    async with practice(shop) as client:
        await client.http.post("/rest/all/async/bulk/V1/products", json=[product("a")])
        while len(shop.journal.writes) < 2:
            await asyncio.sleep(0.01)
        rabbit = shop.connection("amqp")
        assert isinstance(rabbit, Rabbit)
        await drained(shop, OWN)
        await rabbit.remove()

    assert [write["outcome"] for write in shop.journal.writes] == ["created", "updated"]


async def test_a_kill_loses_the_operation_in_hand_and_the_broker_hands_out_the_rest_again(
    broker: Address, tmp_path: Path
) -> None:
    total, state = 1000, tmp_path / "shop.sqlite3"
    words = ("--state", state, "--amqp", AMQP_URL, "--amqp-prefix", broker.prefix, "--instant")
    shop = Shop(
        token=TOKEN, consumers=0, setup=Setup(state=state, amqp=broker, bugs={"slow-consumer": 0.005})
    )
    async with practice(shop) as client:
        answer = await client.http.post(
            "/rest/all/async/bulk/V1/products", json=[product(f"s{n}") for n in range(total)]
        )
        uuid = answer.json()["bulk_uuid"]
        async with started(*words, "consumers", "start", ALL) as process:
            while shop.bulks.count(uuid, 1) < total // 3:
                await asyncio.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        done, locked = shop.bulks.count(uuid, 1), len(shop.locks)
        while (waiting := await shop.connection("amqp").waiting(ALL)) < total - locked:
            await asyncio.sleep(0.01)

        assert total // 3 <= done < total
        assert locked - done in (0, 1)  # the one in hand, if the kill did not fall between two
        assert (
            total - locked <= waiting <= total - done + 1
        )  # one that was done may not have been acknowledged

        shop.bugs.off()
        code, out, _ = await command(*words, "consumers", "start", ALL, "--max-messages", str(waiting))
        await drained(shop)

        assert (code, out) == (0, f"{waiting} messages.\n")
        assert shop.bulks.count(uuid, 1) == total - (locked - done)
        left_open = [row for row in shop.bulks.operations.of_bulk(uuid) if row.status == 4]
        assert len(left_open) == locked - done
        assert all(row.started_at for row in left_open)

        writes = Counter(entry["operation_id"] for entry in shop.journal.writes)
        assert set(writes.values()) == {1}
        assert set(range(total)) - set(writes) <= {row.key for row in left_open}

        crons = Crons(shop)
        shop.clock.advance(hours=13)
        crons.tick()
        reaped = [row for row in shop.bulks.operations.of_bulk(uuid) if row.status == 2]
        assert [(row.key, row.error_code, row.result_message) for row in reaped] == [
            (row.key, 0, "Unknown Error") for row in left_open
        ]


async def test_a_connection_lost_before_the_acknowledgement_lets_the_operation_be_done_once_more(
    broker: Address,
) -> None:
    shop = Shop(consumers=0, setup=Setup(amqp=broker))
    rabbit = shop.connection("amqp")
    await rabbit.declare()
    uuid = (await shop.submit(SAVE, [(0, product("a"))], 0))["bulk_uuid"]
    await Cut(shop).once()

    assert len(shop.locks) == 0
    assert shop.bulks.count(uuid, 1) == 1
    assert await Consumer(shop, shop.queue_config.consumers[ALL], limit=1).run() == 1
    assert [write["outcome"] for write in shop.journal.writes] == ["created", "updated"]
    await rabbit.close()


class Cut:
    """A consumer whose channel is closed between the work and its acknowledgement."""

    def __init__(self, shop: Shop) -> None:
        self.consumer = Consumer(shop, shop.queue_config.consumers[ALL], limit=1)
        self.shop = shop

    async def once(self) -> None:
        inbox = await self.shop.connection("amqp").inbox(ALL, prefetch=0)
        while (delivery := await inbox.take(0.1)) is None:
            pass
        verdict = await self.consumer.handle(delivery)
        await inbox.close()
        with pytest.raises(BrokerAway):
            await self.consumer._settle(inbox, delivery, verdict)


async def test_a_broker_that_is_away_is_told_in_one_sentence_without_its_password(tmp_path: Path) -> None:
    code, out, err = await command("--port", "0", "--amqp", "amqp://me:s3cret@127.0.0.1:1/")
    shop = Shop(setup=Setup(amqp=replace(address(AMQP_URL), port=1)))
    with pytest.raises(BrokerAway):
        async with running(shop):
            pass

    assert (code, out) == (4, "")
    assert err.startswith("importer: The broker at 127.0.0.1:1 cannot be used: ")
    assert err.endswith("Start it, or say another with --amqp.\n")
    assert err.count("\n") == 1
    assert "s3cret" not in err


@pytest.mark.parametrize("url", ["http://127.0.0.1", "rabbit", "amqp://"])
async def test_an_address_that_is_none_is_told_with_its_form(url: str) -> None:
    code, _, err = await command("--amqp", url)

    assert (code, err) == (
        4,
        "importer: The address of a broker looks like amqp://user:password@host:5672/vhost.\n",
    )
