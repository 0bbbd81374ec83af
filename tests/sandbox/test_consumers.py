"""The queue and the consumers: order, pace, death by a PHP error; and the faults that keep a shop from answering."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from tests.sandbox.conftest import TOKEN, Client, product

HEADERS = {"Authorization": f"bearer {TOKEN}"}
BULK = "/rest/all/async/bulk/V1/products"


async def test_messages_are_worked_off_in_the_order_of_their_arrival(client: Client) -> None:
    client.shop.faults.hold_consumers = True
    for name in ("a", "b"):
        await client.http.post(BULK, json=[product(f"{name}{place}") for place in range(3)])
    assert (len(client.shop.bulks.queue), len(client.shop.products)) == (6, 0)
    await client.http.post("/practice/faults", json={"hold_consumers": False})
    await client.shop.idle()

    assert [write["sku"] for write in client.shop.journal.writes] == ["a0", "a1", "a2", "b0", "b1", "b2"]


@pytest.mark.parametrize("consumers", [1, 3])
async def test_the_consumers_together_keep_the_pace(consumers: int) -> None:
    shop = Shop(catalog=load_catalog(), token=TOKEN, pace=100.0, consumers=consumers)
    async with running(shop) as address, httpx.AsyncClient(base_url=address, headers=HEADERS) as http:
        began = time.monotonic()
        await http.post(BULK, json=[product(f"a{place}") for place in range(12)])
        await shop.idle()

    assert time.monotonic() - began >= 0.12
    assert len(shop.products) == 12


async def test_a_shop_that_stops_leaves_what_is_not_worked_off() -> None:
    shop = Shop(catalog=load_catalog(), token=TOKEN, pace=0.01)
    async with asyncio.timeout(5):
        async with running(shop) as address, httpx.AsyncClient(base_url=address, headers=HEADERS) as http:
            await http.post(BULK, json=[product("a"), product("b")])

    assert len(shop.products) == 0


@pytest.mark.parametrize("broken", [[], "x"])
async def test_a_php_error_leaves_its_operation_open_and_the_next_is_done(
    client: Client, broken: Any
) -> None:
    uuid = await client.bulk({"product": broken}, product("b"))

    assert [row["status"] for row in await client.operations(uuid)] == [4, 1]


async def test_the_same_sku_twice_in_a_bulk_is_created_and_updated(client: Client) -> None:
    await client.bulk(product("a"), product("A", price=1))

    outcomes = [(write["sku"], write["outcome"], write["via"]) for write in client.shop.journal.writes]
    assert outcomes == [("a", "created", "bulk"), ("A", "updated", "bulk")]


async def test_bulk_put_and_delete_name_their_product_in_the_item(client: Client) -> None:
    await client.save(product("a"))
    put = await client.http.put(f"{BULK}/bySku", json=[{"product": {"sku": "a", "price": 5}, "sku": "other"}])
    gone = await client.http.request("DELETE", f"{BULK}/bySku", json=[{"sku": "a"}, {"sku": "none"}])
    await client.shop.idle()

    assert put.status_code == gone.status_code == 202
    done = await client.operations(gone.json()["bulk_uuid"])
    assert [row["result_message"] for row in done] == [
        r"Service execution success Magento\Catalog\Model\ProductRepository\Interceptor::deleteById",
        "The product that was requested doesn't exist. Verify the product and try again.",
    ]
    assert [write["outcome"] for write in client.shop.journal.writes] == ["created", "updated", "deleted"]
    assert done[0]["topic_name"] == "async.magento.catalog.api.productrepositoryinterface.deletebyid.delete"
    assert (await client.http.request("DELETE", f"{BULK}/bysku", json=[])).status_code == 404


async def test_query_parameters_of_a_bulk_become_items_and_crash(client: Client) -> None:
    answer = await client.http.post(BULK, json=[product("a")], params={"x": "1"})

    assert (answer.status_code, len(client.shop.products)) == (500, 0)


async def test_the_same_payload_has_the_same_hash_and_another_has_another(client: Client) -> None:
    answers = [await client.http.post(BULK, json=[product(sku)]) for sku in ("a", "a", "b")]
    first, second, third = (answer.json()["request_items"][0]["data_hash"] for answer in answers)

    assert first == second != third
    assert len(first) == 64


async def test_a_long_message_is_cut(client: Client) -> None:
    client.shop.faults.hold_consumers = True
    answer = await client.http.post(BULK, json=[product("a")])
    table, uuid = client.shop.bulks.operations, answer.json()["bulk_uuid"]
    table.fail(uuid, 0, message="x" * 300)

    assert len((await client.operations(uuid))[0]["result_message"]) == 255


async def test_an_unknown_bulk_is_404_and_counts_zero(client: Client) -> None:
    status = await client.http.get("/rest/V1/bulk/none/status")
    text = await client.http.get("/rest/V1/bulk/none/operation-status/abc")

    assert (status.status_code, status.json()) == (
        404,
        {"message": "Bulk uuid %bulkUuid not exist", "parameters": {"bulkUuid": "none"}},
    )
    assert await client.get("/V1/bulk/none/operation-status/4") == 0
    assert text.status_code == 400


async def test_every_entry_of_the_log_is_a_line_of_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "practice.jsonl"
    shop = Shop(catalog=load_catalog(), token=TOKEN, log_path=path)
    async with running(shop) as address, httpx.AsyncClient(base_url=address, headers=HEADERS) as http:
        await http.post("/rest/V1/products", json=product("a"))
        lines = [json.loads(line) for line in path.read_text().splitlines()]

    assert [line["kind"] for line in lines] == ["write", "request"]
    assert (lines[0]["sku"], lines[0]["via"], lines[0]["outcome"]) == ("a", "sync", "created")
    assert (lines[1]["method"], lines[1]["path"], lines[1]["status"]) == ("POST", "/rest/V1/products", 200)


async def test_a_shop_that_is_down_says_503_and_still_obeys_its_owner(client: Client) -> None:
    await client.http.post("/practice/faults", json={"down": True})
    down = await client.http.get("/rest/V1/store/websites")
    told = await client.http.post("/practice/faults", json={"down": False})

    assert (down.status_code, told.json()["down"]) == (503, False)
    assert len(await client.get("/V1/store/websites")) == 2


async def test_a_shop_that_cuts_connections_answers_nothing_and_does_nothing(client: Client) -> None:
    client.shop.faults.cut_connections = True
    with pytest.raises(httpx.TransportError):
        await client.save(product("a"))

    assert len(client.shop.products) == 0


async def test_the_next_requests_can_be_refused_or_lose_their_answer(client: Client) -> None:
    client.shop.faults.refuse_next(1, 502, "<html>Bad Gateway</html>", path=BULK)
    client.shop.faults.drop_answer_next()
    refused = client.http.post(BULK, json=[product("a")])
    with pytest.raises(httpx.TransportError):
        await client.save(product("b"))
    answer = await refused

    assert (answer.status_code, answer.text) == (502, "<html>Bad Gateway</html>")
    assert [saved["sku"] for saved in client.shop.products] == ["b"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ([], "An object with the names of faults belongs here."),
        ({"up": True}, "up is no fault; there are down,"),
        ({"down": 1}, "down: bool belongs here."),
        ({"drop_answers": True}, "drop_answers: int belongs here."),
        ({"refuse": {"status": 500}}, "refuse: an object with times and status belongs here"),
    ],
)
async def test_a_fault_that_is_none_is_refused_and_changes_nothing(
    client: Client, body: Any, sentence: str
) -> None:
    answer = await client.http.post("/practice/faults", json=body)

    assert answer.status_code == 400
    assert answer.json()["message"].startswith(sentence)


async def test_a_refusal_goes_on_until_it_is_ended(client: Client) -> None:
    refuse = {"times": 99, "status": 500, "method": "GET"}
    told = await client.http.post("/practice/faults", json={"refuse": refuse})
    before = await client.http.get("/rest/V1/bulk/x/status")
    ended = await client.http.post("/practice/faults", json={"refuse": None})
    after = await client.http.get("/rest/V1/bulk/x/status")

    assert [one["times"] for one in told.json()["refuse"]] == [99]
    assert (before.status_code, after.status_code) == (500, 404)
    assert ended.json()["refuse"] == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"times": 0, "status": 500}, 'times is a whole number of 1 or more, not 0; {"refuse": null} ends'),
        ({"times": True, "status": 500}, "times is a whole number of 1 or more, not True"),
        ({"times": 1, "status": "500"}, "status is a whole number of 100 or more, not '500'"),
        ({"times": 1, "status": 500, "path": 5}, "path is a text, not 5"),
        ({"times": 1, "status": 500, "headers": "x"}, "headers is an object, not 'x'"),
        ({"times": 1}, "an object with times and status belongs here"),
    ],
)
async def test_a_refusal_that_is_none_is_told_so_and_changes_nothing(
    client: Client, words: dict[str, object], sentence: str
) -> None:
    answer = await client.http.post("/practice/faults", json={"refuse": words, "down": True})

    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert sentence in answer.json()["message"]
    assert (client.shop.faults.refuse, client.shop.faults.down) == ([], False)
