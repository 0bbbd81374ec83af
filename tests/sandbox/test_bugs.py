"""Every bug that can be switched on does what its list says, and nothing else."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from importer.sandbox.bugs import BUGS, Bugs, UnknownBug, parsed
from importer.sandbox.latency import Latency
from importer.sandbox.setup import Setup
from importer.sandbox.shop import Shop
from importer.sandbox.versions import UnknownVersion
from tests.sandbox.conftest import TOKEN, Client, product
from tests.sandbox.test_operations import BULK
from tests.sandbox.test_queue import practice

DOCS = Path(__file__).parents[2] / "docs" / "sandbox.md"


async def told(client: Client, *items: Any) -> list[tuple[int, int | None]]:
    """Status and code of the operations of a bulk."""
    uuid = await client.bulk(*items)
    return [(row["status"], row["error_code"]) for row in await client.operations(uuid)]


@pytest.mark.parametrize(
    ("bug", "status", "code"),
    [("deadlock", 2, 1213), ("wrapped-deadlock", 3, 1213), ("lock-wait", 2, 1205)],
)
async def test_trouble_of_the_database_writes_nothing_and_can_be_sent_again(
    client: Client, bug: str, status: int, code: int
) -> None:
    client.shop.bugs.on(bug)
    first = await told(client, product("a"))
    written = len(client.shop.journal.writes)
    client.shop.bugs.off(bug)

    assert (first, written) == ([(status, code)], 0)
    assert await told(client, product("a")) == [(1, None)]


async def test_a_rate_hits_as_often_as_it_says_and_the_seed_repeats_it() -> None:
    async def hit(seed: int) -> list[int]:
        shop = Shop(token=TOKEN, setup=Setup(bugs={"deadlock": 0.25, "lost-message": 0.1}, seed=seed))
        async with practice(shop) as client:
            found = await told(client, *(product(f"s{n}") for n in range(400)))
        return [status for status, _ in found]

    first, again, other = await hit(7), await hit(7), await hit(8)

    assert first == again != other
    assert 60 <= first.count(2) <= 120
    assert 20 <= first.count(4) <= 65
    assert set(first) == {1, 2, 4}


async def test_a_bug_has_dice_of_its_own() -> None:
    alone, together = Bugs(3, {"deadlock": 0.5}), Bugs(3, {"deadlock": 0.5, "lock-wait": 0.5})
    throws = []
    for _ in range(50):
        together.hits("lock-wait")
        throws.append((alone.hits("deadlock"), together.hits("deadlock")))

    assert all(a == b for a, b in throws)
    assert {a for a, _ in throws} == {True, False}


async def test_a_lost_message_leaves_its_operation_open_and_writes_nothing(client: Client) -> None:
    client.shop.bugs.on("lost-message")

    assert await told(client, product("a")) == [(4, None)]
    assert client.shop.journal.writes == []


async def test_a_message_delivered_twice_is_executed_twice(client: Client) -> None:
    client.shop.bugs.on("duplicate-delivery")

    assert await told(client, product("a")) == [(1, None)]
    assert [write["outcome"] for write in client.shop.journal.writes_of("A")] == ["created", "updated"]


async def test_a_row_that_comes_after_the_work_is_open_for_ever(client: Client) -> None:
    client.shop.bugs.on("row-inserted-late")

    assert await told(client, product("a"), product("b")) == [(4, None), (4, None)]
    assert len(client.shop.journal.writes) == 2
    await client.http.post("/practice/clock", json={"hours": 13})
    found = await client.http.get("/rest/V1/bulk", params={"searchCriteria": ""})
    assert [item["status"] for item in found.json()["items"]] == [4, 4]


async def test_a_killed_consumer_leaves_open_what_it_held_done_or_not(client: Client) -> None:
    client.shop.bugs.on("consumer-killed", 0.5)
    statuses = [status for status, _ in await told(client, *(product(f"s{n}") for n in range(100)))]
    written = {write["operation_id"] for write in client.shop.journal.writes}
    open_ones = {place for place, status in enumerate(statuses) if status == 4}

    assert set(statuses) == {1, 4}
    assert open_ones & written
    assert open_ones - written
    assert {place for place, status in enumerate(statuses) if status == 1} <= written
    assert client.shop.journal.repeated() == {}


async def test_a_status_that_lies_says_complete_and_nothing_was_written(client: Client) -> None:
    client.shop.bugs.on("status-lies")

    assert await told(client, product("a")) == [(1, None)]
    assert client.shop.journal.writes == []
    assert (await client.http.get("/rest/all/V1/products/a")).status_code == 404


async def test_refusals_hide_in_an_operation_that_is_complete(client: Client) -> None:
    client.shop.bugs.on("row-errors")
    uuid = await client.bulk(product("a"))
    [row] = await client.operations(uuid)

    assert row["status"] == 1
    assert row["result_serialized_data"].startswith('[{"message":"')
    assert client.shop.journal.writes == []


@pytest.mark.parametrize(("on", "found"), [(True, 2), (False, 1)])
async def test_writes_of_one_sku_that_overlap_make_two_products_of_it(on: bool, found: int) -> None:
    bugs = {"slow-consumer": 0.02, **({"double-write": None} if on else {})}
    shop = Shop(token=TOKEN, consumers=2, setup=Setup(bugs=bugs))
    async with practice(shop) as client:
        await client.bulk(product("a", name="First"), product("a", name="Second"))
        query = {
            f"searchCriteria[filter_groups][0][filters][0][{k}]": v
            for k, v in (("field", "sku"), ("value", "a"))
        }
        items = (await client.http.get("/rest/all/V1/products", params=query)).json()["items"]
        overlaps = (await client.http.get("/practice/overlaps")).json()

    assert [item["sku"] for item in items] == ["a"] * found
    assert len({item["id"] for item in items}) == found
    assert len(overlaps) == 1
    assert [write["overlapping"] for write in shop.journal.writes] == [True, True]
    assert shop.journal.writes[1]["outcome"] == ("doubled" if on else "updated")


async def test_writes_one_after_the_other_do_not_overlap() -> None:
    shop = Shop(token=TOKEN, consumers=1, setup=Setup(bugs={"slow-consumer": 0.01, "double-write": None}))
    async with practice(shop) as client:
        await client.bulk(product("a"), product("a"))

    assert shop.journal.overlapping() == []
    assert [write["outcome"] for write in shop.journal.writes] == ["created", "updated"]


async def test_bulk_routes_with_a_parameter_crash_and_those_without_do_not(client: Client) -> None:
    client.shop.bugs.on("bulk-put-crash")
    put = await client.http.put(f"{BULK}/bySku", json=[product("a")])

    assert (put.status_code, put.text) == (
        500,
        "An error has happened during application run. See exception log for details.\n",
    )
    assert (await client.http.post(BULK, json=[product("a")])).status_code == 202


@pytest.mark.parametrize(
    ("bug", "status"),
    [("down", 503), ("unavailable", 503), ("too-many-requests", 429), ("internal-error", 500)],
)
async def test_a_shop_in_trouble_refuses_and_does_nothing(client: Client, bug: str, status: int) -> None:
    client.shop.bugs.on(bug)
    answer = await client.http.post(BULK, json=[product("a")])
    client.shop.bugs.off()

    assert answer.status_code == status
    assert (bug == "internal-error") is ("Report ID: webapi-" in answer.text)
    assert ("Retry-After" in answer.headers) is (status in (429, 503))
    assert client.shop.journal.writes == []


async def test_a_connection_is_reset_after_the_bulk_was_stored(client: Client) -> None:
    client.shop.bugs.on("reset-after-store")
    with pytest.raises(httpx.TransportError):
        await client.http.post(BULK, json=[product("a")])
    await client.shop.idle()

    assert [write["sku"] for write in client.shop.journal.writes] == ["a"]
    assert (await client.http.get("/rest/V1/store/websites")).status_code == 200


async def test_a_body_over_the_limit_is_refused(client: Client) -> None:
    client.shop.bugs.on("body-limit", 2000)
    small = await client.http.post(BULK, json=[product("a")])
    large = await client.http.post(BULK, json=[product("b", name="x" * 2000)])
    await client.shop.idle()

    assert (small.status_code, large.status_code) == (202, 413)
    assert [write["sku"] for write in client.shop.journal.writes] == ["a"]


async def test_requests_beyond_the_processes_of_the_server_are_refused_without_work() -> None:
    shop = Shop(token=TOKEN, setup=Setup(bugs={"max-processes": 3}, latency={"save": 0.05}))
    async with practice(shop) as client:
        answers = await asyncio.gather(*(client.save(product(f"s{n}")) for n in range(8)))

    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [200] * 3 + [502] * 5
    assert len(shop.journal.writes) == 3


async def test_an_answer_that_is_held_back_has_done_its_work(client: Client) -> None:
    client.shop.bugs.on("slow-accept", 30)
    request = asyncio.create_task(client.http.post(BULK, json=[product("a")]))
    while not client.shop.journal.writes:
        await asyncio.sleep(0)

    assert not request.done()
    request.cancel()


async def test_held_consumers_leave_messages_where_they_are(client: Client) -> None:
    await client.http.post("/practice/bugs", json={"hold-consumers": True})
    await client.http.post(BULK, json=[product("a")])
    waiting = len(client.shop.bulks.queue)
    await client.http.post("/practice/bugs", json={"hold-consumers": False})
    await client.shop.idle()

    assert (waiting, len(client.shop.bulks.queue), len(client.shop.journal.writes)) == (1, 0, 1)


async def test_a_full_queue_takes_no_bulk_that_is_too_much_for_it(client: Client) -> None:
    shop = client.shop
    shop.bugs.on("queue-limit", 3)
    shop.bugs.on("hold-consumers")

    statuses = [
        (
            await client.http.post(BULK, json=[product(f"F-{bulk}-{number}") for number in range(size)])
        ).status_code
        for bulk, size in enumerate([5, 1])
    ]
    shop.bugs.off("hold-consumers")
    shop.wake()
    await shop.idle()
    again = await client.http.post(BULK, json=[product("F-2")])
    await shop.idle()

    assert statuses == [202, 429]
    assert again.status_code == 202
    assert len(shop.journal.writes) == 6


async def test_the_pace_of_the_consumers_is_changed_while_they_work(client: Client) -> None:
    answer = await client.http.post("/practice/pace", json={"operations": 250})
    refused = [
        (await client.http.post("/practice/pace", json=body)).status_code
        for body in ({}, [], {"operations": -1})
    ]

    assert answer.json() == {"operations": 250}
    assert client.shop.pace == 250
    assert refused == [400, 400, 400]


async def test_bugs_are_switched_over_http_and_listed_with_what_they_do(client: Client) -> None:
    on = await client.http.post("/practice/bugs", json={"deadlock": "5%", "lock-wait": 0.5, "down": False})
    listed = (await client.http.get("/practice/bugs")).json()
    off = await client.http.post("/practice/bugs", json={"deadlock": None, "lock-wait": False})

    assert on.json() == {"deadlock": 0.05, "lock-wait": 0.5}
    assert set(listed) == set(BUGS)
    assert (listed["deadlock"]["value"], listed["down"]["value"], listed["down"]["kind"]) == (
        0.05,
        None,
        "flag",
    )
    assert off.json() == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("up", "up is no bug of this shop; there are deadlock, wrapped-deadlock,"),
        ("deadlock=often", "deadlock=often: a rate such as 0.05 or 5% belongs there."),
        ("deadlock=1.5", "deadlock=1.5: a rate"),
        ("deadlock=-1%", "deadlock=-1%: a rate"),
        ("slow-accept=inf", "slow-accept=inf: a number of seconds belongs there."),
        ("slow-accept=nan", "slow-accept=nan: a number of seconds belongs there."),
    ],
)
async def test_a_bug_that_is_none_is_refused_with_what_there_is(
    client: Client, text: str, sentence: str
) -> None:
    with pytest.raises(UnknownBug) as caught:
        parsed(text)
    name, _, value = text.partition("=")
    client.shop.bugs.on("down")
    answer = await client.http.post("/practice/bugs", json={"deadlock": 0.1, name: value or True})

    assert str(caught.value).startswith(sentence)
    assert answer.status_code == 400
    assert client.shop.bugs.active == {"down": 1.0}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("deadlock", 1.0),
        ("deadlock=5%", 0.05),
        ("deadlock=0.5", 0.5),
        ("slow-accept=3", 3.0),
        ("max-processes", 134.0),
    ],
)
def test_a_bug_is_said_with_or_without_its_value(text: str, value: float) -> None:
    assert parsed(text)[1] == value


def test_an_unknown_version_is_refused_with_those_there_are() -> None:
    with pytest.raises(
        UnknownVersion, match=r"^Magento 2\.3 is not known here; there are 2\.4\.4, 2\.4\.6, latest\.$"
    ):
        Shop(setup=Setup(magento="2.3"))


def test_every_bug_is_documented() -> None:
    text = DOCS.read_text()

    assert [name for name in BUGS if f"`{name}`" not in text] == []


def test_latencies_lie_around_their_median_and_are_repeated_by_the_seed() -> None:
    one, two = (Latency({"save": 0.4, "submitted item": 0.001}, seed=5) for _ in range(2))
    drawn = [one.of("save") for _ in range(200)]

    assert drawn == [two.of("save") for _ in range(200)]
    assert min(drawn) >= 0.32
    assert max(drawn) <= 0.48
    assert len(set(drawn)) > 100
    assert Latency().of("save", 1000) == 0.0
    assert 0.08 <= Latency({"submit": 0.0, "submitted item": 0.001}).of("submit", 100) <= 0.12
