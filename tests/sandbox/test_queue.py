"""Queues, consumers and locks: who gets a message, what becomes of it, and what the doctor says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from importer.sandbox.consumer import Consumer
from importer.sandbox.crons import purge_locks
from importer.sandbox.doctor import findings
from importer.sandbox.environment import EnvironmentFileError, read_environment
from importer.sandbox.messages import Verdict
from importer.sandbox.processes import Processes, wanted
from importer.sandbox.queue_config import MASS_CONSUMER
from importer.sandbox.queue_files import read_queue_files
from importer.sandbox.server import running
from importer.sandbox.setup import Setup
from importer.sandbox.shop import Shop
from tests.sandbox.conftest import TOKEN, Client, product
from tests.sandbox.test_operations import ALL, BULK, HEADERS, rows, work

SAVE = "async.magento.catalog.api.productrepositoryinterface.save.post"
OWN = "own.catalog"


def own_queue(folder: Path, *, connection: str = "amqp", pattern: str = "async.magento.catalog.#") -> Path:
    """A module that gives the catalogue a queue and a consumer of its own."""
    folder.mkdir(exist_ok=True)
    (folder / "queue_topology.xml").write_text(
        f'<config><exchange name="magento" type="topic" connection="{connection}">'
        f'<binding id="{OWN}" topic="{pattern}" destination="{OWN}"/></exchange></config>'
    )
    (folder / "queue_consumer.xml").write_text(
        f'<config><consumer name="{OWN}" queue="{OWN}" connection="{connection}"'
        f' consumerInstance="{MASS_CONSUMER}"/></config>'
    )
    return folder


@asynccontextmanager
async def practice(shop: Shop) -> AsyncIterator[Client]:
    async with running(shop) as address, httpx.AsyncClient(base_url=address, headers=HEADERS) as http:
        yield Client(shop, http)


async def test_an_own_queue_beside_the_one_for_all_executes_everything_twice(tmp_path: Path) -> None:
    shop = Shop(token=TOKEN, setup=Setup(config=(own_queue(tmp_path),)))
    async with practice(shop) as client:
        uuid = await client.bulk(product("a"), product("b"))
        told = (await client.http.get("/practice/doctor")).json()
        operations = await client.operations(uuid)

    assert shop.journal.repeated() == {"a": 2, "b": 2}
    assert [row["status"] for row in operations] == [1, 1]
    assert len(told) == 1
    assert told[0].startswith("Operations are executed 2 times: messages of async.magento.catalog.")
    assert f"async.operations.all ({shop.queue_config.bindings['magento', 'amqp', ALL].place})" in told[0]
    assert f"own.catalog ({tmp_path}/queue_topology.xml, line 1)" in told[0]


async def test_with_a_white_list_of_cron_only_the_own_queue_is_worked_off(tmp_path: Path) -> None:
    own_queue(tmp_path)
    (tmp_path / "env.yaml").write_text(f"cron_consumers_runner: {{consumers: [{OWN}], max_messages: 0}}\n")
    shop = Shop(token=TOKEN, setup=Setup(config=(tmp_path,)))
    async with practice(shop) as client:
        await client.http.post(BULK, json=[product("a")])
        while not shop.journal.writes:
            await asyncio.sleep(0)

    assert [write["sku"] for write in shop.journal.writes] == ["a"]
    assert len(shop.bulks.queue) == 1
    [sentence] = findings(shop)
    assert sentence.startswith("Messages pile up in async.operations.all")


async def test_messages_that_no_binding_takes_vanish_and_the_doctor_says_so(tmp_path: Path) -> None:
    tmp_path.joinpath("queue_topology.xml").write_text(
        '<config><exchange name="magento"><binding id="async.operations.all" topic="async.#"'
        ' destination="async.operations.all" disabled="true"/></exchange></config>'
    )
    shop = Shop(token=TOKEN, setup=Setup(config=(tmp_path,)))
    async with practice(shop) as client:
        uuid = await client.bulk(product("a"))
        [row] = await client.operations(uuid)

    assert (row["status"], shop.journal.writes) == (4, [])
    assert any(sentence.startswith("Messages of") and "vanish" in sentence for sentence in findings(shop))


def test_nothing_is_wrong_with_a_shop_as_it_comes() -> None:
    assert findings(Shop()) == []
    assert findings(Shop(setup=Setup(magento="2.4.6"))) == []


def test_the_doctor_tells_which_bugs_are_on() -> None:
    assert findings(Shop(setup=Setup(bugs={"deadlock": 0.25}))) == ["The bug deadlock is switched on (0.25)."]


async def test_the_connection_db_knows_no_wildcards_on_244(tmp_path: Path) -> None:
    folder = own_queue(tmp_path, connection="db")
    (folder / "queue_publisher.xml").write_text(
        f'<config><publisher topic="{SAVE}"><connection name="db" exchange="magento"/></publisher></config>'
    )
    found = {}
    for magento in ("2.4.4", "2.4.6"):
        shop = Shop(consumers=0, setup=Setup(magento=magento, config=(folder,)))
        await shop.submit(SAVE, [(0, product("a"))], 0)
        found[magento] = [name for (name,) in shop.state.connection.execute(
            "SELECT queue.name FROM queue_message_status JOIN queue ON queue.id = queue_id ORDER BY 1"
        )]  # fmt: skip

    assert found == {"2.4.4": [], "2.4.6": [ALL, OWN]}


async def test_a_delivery_that_comes_again_is_acknowledged_and_not_executed_until_the_locks_are_purged() -> (
    None
):
    shop = Shop(token=TOKEN, consumers=0)
    consumer = Consumer(shop, shop.queue_config.consumers[ALL])
    await shop.submit(SAVE, [(0, product("a"))], 0)
    inbox = await shop.connection("amqp").inbox(ALL, prefetch=0)
    delivery = await inbox.take(0.0)
    assert delivery is not None

    verdicts = [await consumer.handle(delivery) for _ in range(2)]
    times = len(shop.journal.writes)
    purge_locks(shop)
    await consumer.handle(delivery)

    assert (verdicts, times, len(shop.journal.writes)) == ([Verdict.ACK, Verdict.ACK], 1, 2)


@pytest.mark.parametrize(
    "body", ["no json", "[]", '{"id": 0}', '{"id": "x", "bulk_uuid": "", "topic_name": ""}']
)
async def test_a_body_that_is_no_operation_is_rejected_for_good(body: str) -> None:
    shop = Shop(consumers=0)
    await shop.connection("amqp").publish(SAVE, [body], {})
    await work(shop, 1)

    assert [row[4] for row in rows(shop, "queue_message_status")] == [6]
    assert len(shop.locks) == 0


async def test_an_unknown_topic_is_put_back_and_its_redelivery_is_dropped_because_the_lock_stays() -> None:
    shop = Shop(consumers=0)
    uuid = (await shop.submit("async.some.thing.post", [(0, {})], 0))["bulk_uuid"]
    await work(shop, 2)

    assert len(shop.locks) == 1
    assert [row[4] for row in rows(shop, "queue_message_status")] == [4]
    assert [row.status for row in shop.bulks.operations.of_bulk(uuid)] == [4]


async def test_a_message_of_the_connection_db_is_given_up_after_three_trials() -> None:
    shop = Shop(consumers=0, setup=Setup(magento="2.4.6"))
    await shop.submit(SAVE, [(0, product("a"))], 0)
    inbox = await shop.connection("db").inbox(ALL, prefetch=0)
    for _ in range(4):
        delivery = await inbox.take(0.0)
        assert delivery is not None
        await inbox.settle(delivery, Verdict.REQUEUE)

    assert await inbox.take(0.0) is None
    assert [(row[4], row[5]) for row in rows(shop, "queue_message_status")] == [(6, 3)]


async def test_what_a_dead_consumer_held_comes_back_from_a_broker_and_hangs_a_day_in_the_tables() -> None:
    for magento, again in (("2.4.4", True), ("2.4.6", False)):
        shop = Shop(consumers=0, setup=Setup(magento=magento))
        name = shop.queue_config.default_connection
        await shop.submit(SAVE, [(0, product("a")), (1, product("b"))], 0)
        first = await shop.connection(name).inbox(ALL, prefetch=0)
        held = await first.take(0.0)
        await first.close()
        second = await shop.connection(name).inbox(ALL, prefetch=0)
        next_one = await second.take(0.0)

        assert held is not None
        assert next_one is not None
        assert (next_one.message_id == held.message_id) is again
        if not again:
            shop.clock.advance(hours=25)
            shop.tables[-1].clean()
            redelivered = await second.take(0.0)
            assert redelivered is not None
            assert redelivered.message_id == held.message_id


async def test_messages_of_the_tables_are_deleted_after_a_week_worked_off_or_not() -> None:
    shop = Shop(consumers=0, setup=Setup(magento="2.4.6"))
    uuid = (await shop.submit(SAVE, [(0, product("a"))], 0))["bulk_uuid"]
    shop.clock.advance(days=8)
    shop.tables[-1].clean()

    assert rows(shop, "queue_message") == []
    assert [row.status for row in shop.bulks.operations.of_bulk(uuid)] == [4]


async def test_four_consumers_give_each_of_10000_operations_exactly_one_final_status() -> None:
    shop = Shop(token=TOKEN, consumers=4)
    async with practice(shop) as client:
        uuid = await client.bulk(*(product(f"s{n}") for n in range(10_000)))
        operations = await client.operations(uuid)

    assert sorted(row["id"] for row in operations) == list(range(10_000))
    assert {row["status"] for row in operations} == {1}
    assert len(shop.journal.writes) == 10_000
    assert shop.journal.repeated() == {}


async def test_a_consumer_with_a_limit_ends_before_the_next_message_after_a_restart() -> None:
    shop = Shop(consumers=0)
    await shop.submit(SAVE, [(0, product("a"))], 0)
    consumer = Consumer(shop, shop.queue_config.consumers[ALL], limit=10)
    shop.restart_consumers()

    assert await consumer.run() == 0
    assert shop.tables[0].count(ALL) == 1
    assert await work(shop, 1) == 1


async def test_a_consumer_with_a_limit_does_not_wait_when_the_environment_says_so(tmp_path: Path) -> None:
    (tmp_path / "env.yaml").write_text("queue: {consumers_wait_for_messages: 0}\n")
    own_queue(tmp_path)
    shop = Shop(consumers=0, setup=Setup(config=(tmp_path,)))
    await shop.submit(SAVE, [(0, product("a"))], 0)

    assert await work(shop, 10) == 1


def test_cron_runs_what_its_settings_want(tmp_path: Path) -> None:
    consumers = read_queue_files((own_queue(tmp_path),)).consumers.values()

    def wants(text: str) -> list[tuple[str, int]]:
        (tmp_path / "env.yaml").write_text(text)
        return wanted(read_environment((tmp_path,)), consumers)

    assert wants("") == [(ALL, 0), (OWN, 0)]
    assert wants("cron_consumers_runner: {cron_run: false}") == []
    assert wants(f"cron_consumers_runner: {{consumers: [{OWN}]}}") == [(OWN, 0)]
    assert wants(f"cron_consumers_runner: {{multiple_processes: {{{OWN}: 3}}}}") == [
        (ALL, 0), (OWN, 0), (OWN, 1), (OWN, 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("queue: {amqq: {}}", "at queue, `amqq` is not known; use amqp,"),
        (
            "cron_consumers_runner: {max_messages: many}",
            "at cron_consumers_runner.max_messages, a whole number",
        ),
        ("cron_consumers_runner:\n  - {", "line 2: this is no YAML."),
        ("queue: {default_connection: stomp}", "one of db, amqp belongs here"),
    ],
)
def test_an_environment_that_cannot_be_used_is_told_with_its_place(
    tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "env.yaml").write_text(text)
    with pytest.raises(EnvironmentFileError) as caught:
        read_environment((tmp_path,))

    assert sentence in str(caught.value)


def test_the_password_of_a_broker_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "env.yaml").write_text(
        "queue: {amqp: {host: h, password: s3cret, ssl: 'true', ssl_options: {verify_peer: false}}}"
    )
    address = read_environment((tmp_path,)).amqp

    assert address is not None
    assert "s3cret" not in f"{address} {address!r}"
    assert address.tls
    assert address.context is not None


@pytest.mark.parametrize(("magento", "trials"), [("2.4.6", 1), ("latest", 0)])
async def test_the_probe_of_cron_costs_a_trial_until_the_queues_are_counted(
    tmp_path: Path, magento: str, trials: int
) -> None:
    (tmp_path / "env.yaml").write_text("queue: {only_spawn_when_message_available: true}\n")
    own_queue(tmp_path)
    shop = Shop(consumers=0, setup=Setup(magento=magento, config=(tmp_path,)))
    config = shop.queue_config.consumers[ALL]
    empty = await Processes(shop).worth_starting(config)
    await shop.submit(SAVE, [(0, product("a"))], 0)
    found = await Processes(shop).worth_starting(config)

    assert (empty, found) == (False, True)
    assert {row[5] for row in rows(shop, "queue_message_status") if row[1] == 1} == {trials}


def test_the_smaller_limit_of_consumer_and_cron_counts(tmp_path: Path) -> None:
    (tmp_path / "env.yaml").write_text(
        f"{{cron_consumers_runner: {{}}, queue: {{consumers: {{{OWN}: {{maxMessages: 7}}}}}}}}"
    )
    own_queue(tmp_path)
    shop = Shop(setup=Setup(config=(tmp_path,)))
    consumers, environment = shop.queue_config.consumers, shop.environment

    assert [environment.limit(consumers[name]) for name in (ALL, OWN)] == [10_000, 7]
    assert Shop().environment.limit(consumers[ALL]) == 0


async def test_a_consumer_that_cron_limits_is_started_again_and_everything_is_done(tmp_path: Path) -> None:
    (tmp_path / "env.yaml").write_text(f"cron_consumers_runner: {{max_messages: 3, consumers: [{ALL}]}}\n")
    own_queue(tmp_path, pattern="nothing")
    shop = Shop(token=TOKEN, setup=Setup(config=(tmp_path,)))
    async with practice(shop) as client:
        uuid = await client.bulk(*(product(f"s{n}") for n in range(10)))

        assert [row["status"] for row in await client.operations(uuid)] == [1] * 10


@pytest.mark.parametrize(
    ("magento", "connection", "url", "store"),
    [
        ("2.4.4", "amqp", "/rest/all", 0),
        ("2.4.4", "amqp", "/rest", 1),
        ("2.4.4", "db", "/rest/all", 1),  # lost on the way: the default store view
        ("2.4.6", "amqp", "/rest/all", 0),
        ("2.4.6", "db", "/rest/all", 0),
        ("2.4.6", "db", "/rest/default", 1),
    ],
)
async def test_the_store_of_the_url_reaches_the_handler_where_the_version_carries_it(
    tmp_path: Path, magento: str, connection: str, url: str, store: int
) -> None:
    own_queue(tmp_path, connection=connection, pattern=SAVE)
    (tmp_path / "queue_publisher.xml").write_text(
        f'<config><publisher topic="{SAVE}"><connection name="{connection}" exchange="magento"/></publisher></config>'
    )
    (tmp_path / "env.yaml").write_text(f"cron_consumers_runner: {{consumers: [{OWN}], max_messages: 0}}\n")
    shop, stores = Shop(token=TOKEN, setup=Setup(magento=magento, config=(tmp_path,))), []
    real = shop.desk.call

    def seen(*words: Any, store_id: int, **more: Any) -> Any:
        stores.append(store_id)
        return real(*words, store_id=store_id, **more)

    shop.desk.call = seen  # type: ignore[method-assign]
    async with practice(shop) as client:
        await client.http.post(f"{url}/async/bulk/V1/products", json=[product("a")])
        while not shop.journal.writes:
            await asyncio.sleep(0)

    assert stores == [store]
