"""The tables behind a bulk, stage by stage, and what they cut and refuse."""

import json
from typing import Any

import httpx
import pytest

from importer.sandbox.consumer import Consumer
from importer.sandbox.server import running
from importer.sandbox.setup import Setup
from importer.sandbox.shop import Shop
from tests.sandbox.conftest import TOKEN, Client, product

ALL = "async.operations.all"
BULK = "/rest/all/async/bulk/V1/products"
HEADERS = {"authorization": f"Bearer {TOKEN}"}
SUCCESS = r"Service execution success Magento\Catalog\Model\ProductRepository\Interceptor::save"


async def work(shop: Shop, messages: int, name: str = ALL) -> int:
    """A consumer that serves so many messages and ends."""
    return await Consumer(shop, shop.queue_config.consumers[name], limit=messages).run()


async def counts(http: httpx.AsyncClient, uuid: str) -> dict[int, int]:
    return {
        status: (await http.get(f"/rest/V1/bulk/{uuid}/operation-status/{status}")).json()
        for status in range(6)
    }


async def test_a_bulk_of_150_with_5_bad_ones_tells_every_stage_as_the_worked_example() -> None:
    bad = {7, 31, 32, 99, 149}
    items = [product(f"w{n}", **({"attribute_set_id": 9999} if n in bad else {})) for n in range(150)]
    shop = Shop(token=TOKEN, consumers=0)
    async with running(shop) as address, httpx.AsyncClient(base_url=address, headers=HEADERS) as http:
        answer = await http.post(BULK, json=items)
        submitted = answer.json()
        uuid = submitted["bulk_uuid"]
        before = (await http.get(f"/rest/V1/bulk/{uuid}/status")).json()

        assert answer.status_code == 202
        assert [(item["id"], item["status"]) for item in submitted["request_items"]] == [
            (n, "accepted") for n in range(150)
        ]
        assert submitted["errors"] is False
        assert before == {
            "operations_list": [
                {"id": n, "status": 4, "result_message": None, "error_code": None} for n in range(150)
            ],
            "user_type": 1,
            "bulk_id": uuid,
            "description": "Topic async.magento.catalog.api.productrepositoryinterface.save.post",
            "start_time": before["start_time"],
            "user_id": 1,
            "operation_count": 150,
        }
        assert await counts(http, uuid) == {0: 0, 1: 0, 2: 0, 3: 0, 4: 150, 5: 0}

        await work(shop, 40)
        assert await counts(http, uuid) == {0: 0, 1: 37, 2: 0, 3: 3, 4: 110, 5: 0}

        await work(shop, 110)
        assert await counts(http, uuid) == {0: 0, 1: 145, 2: 0, 3: 5, 4: 0, 5: 0}
        done = (await http.get(f"/rest/V1/bulk/{uuid}/detailed-status")).json()["operations_list"]

    good, failed = done[0], done[7]
    assert (good["status"], good["error_code"], good["serialized_data"]) == (1, None, None)
    assert good["result_message"] == SUCCESS
    assert json.loads(good["result_serialized_data"])["sku"] == "w0"
    assert (failed["status"], failed["error_code"], failed["result_serialized_data"]) == (3, 0, None)
    assert failed["result_message"] == "Invalid product data: Invalid attribute set entity type"
    assert json.loads(json.loads(failed["serialized_data"])["meta_information"]) == items[7]
    assert {row["id"] for row in done if row["status"] == 3} == bad


async def test_the_messages_of_a_bulk_are_the_operations_as_they_were_accepted() -> None:
    shop = Shop(consumers=0, setup=Setup(magento="2.4.6"))
    topic = "async.magento.catalog.api.productrepositoryinterface.save.post"
    taken = await shop.submit(topic, [(0, product("ü/1"))], 1)
    [(body, found)] = shop.state.connection.execute("SELECT body, topic_name FROM queue_message").fetchall()
    message = json.loads(body)

    assert found == topic
    assert list(message) == [
        "id", "bulk_uuid", "topic_name", "serialized_data", "result_serialized_data", "status", "result_message",
        "error_code",
    ]  # fmt: skip
    assert (message["id"], message["bulk_uuid"], message["status"]) == (0, taken["bulk_uuid"], 4)
    assert message["serialized_data"].startswith(
        '{"entity_id":null,"entity_link":"","meta_information":"{\\"product\\":{\\"sku\\":\\"\\\\u00fc\\\\\\/1\\"'
    )
    assert json.loads(message["serialized_data"])["store_id"] == "1"


async def test_the_store_travels_in_a_header_on_244_and_is_lost_on_the_connection_db() -> None:
    shop = Shop(consumers=0)
    topic = "async.magento.catalog.api.productrepositoryinterface.save.post"
    await shop.submit(topic, [(0, product("a"))], 0)
    body, properties = shop.state.connection.execute("SELECT body, properties FROM queue_message").fetchone()

    assert json.loads(properties) == {"store_id": "0"}
    assert "store_id" not in body


async def test_a_payload_over_64_kib_is_cut_in_the_table_and_whole_in_the_message(client: Client) -> None:
    long = product(
        "a", custom_attributes=[{"attribute_code": "description", "value": "x" * 70_000}], price=-1
    )
    uuid = await client.bulk(long)
    [row] = await client.operations(uuid)

    assert row["result_message"] == "Please enter a number 0 or greater in this field."
    assert len(row["serialized_data"]) == 65_535
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(row["serialized_data"])


async def test_a_result_is_what_was_answered_then_whatever_is_written_later(client: Client) -> None:
    uuid = await client.bulk(product("a", name="First"))
    later = await client.bulk(product("a", name="Second"), product("a", price=-1))
    await client.save(product("a", name="Third"))

    def names(found: list[dict[str, Any]]) -> list[Any]:
        texts = (row["result_serialized_data"] for row in found)
        return [json.loads(text)["name"] if text else None for text in texts]

    assert names(await client.operations(uuid)) == ["First"]
    assert names(await client.operations(later)) == ["Second", None]
    assert names(await client.operations(later)) == ["Second", None]


async def test_a_code_beyond_a_smallint_is_clipped() -> None:
    shop = Shop(consumers=0)
    uuid = (await shop.submit("async.x", [(0, {})], 0))["bulk_uuid"]
    shop.bulks.operations.fail(uuid, 0, message="x", code=70_000)

    assert shop.bulks.operations.of_bulk(uuid)[0].error_code == 32_767


def criteria(**filters: str) -> dict[str, str]:
    query = {"searchCriteria": ""}
    for place, (field, value) in enumerate(filters.items()):
        query[f"searchCriteria[filter_groups][{place}][filters][0][field]"] = field
        query[f"searchCriteria[filter_groups][{place}][filters][0][value]"] = value
    return query


@pytest.mark.parametrize(
    ("client", "status"), [("2.4.4", 500), ("2.4.6", 200), ("latest", 200)], indirect=["client"]
)
async def test_operations_of_two_bulks_with_one_key_cannot_be_searched_on_244(
    client: Client, status: int
) -> None:
    uuids = [await client.bulk(product(sku)) for sku in ("a", "b")]
    both = await client.http.get("/rest/V1/bulk", params=criteria(status="1"))
    one = await client.http.get("/rest/V1/bulk", params=criteria(status="1", bulk_uuid=uuids[1]))

    assert both.status_code == status
    assert [item["bulk_uuid"] for item in one.json()["items"]] == [uuids[1]]
    if status == 200:
        assert both.json()["total_count"] == 2
        assert [item["bulk_uuid"] for item in both.json()["items"]] == uuids


async def test_groups_of_filters_must_all_hold_and_filters_of_a_group_are_alternatives(
    client: Client,
) -> None:
    uuid = await client.bulk(product("a"), product("b", price=-1), product("c"))
    group = "searchCriteria[filter_groups][{}][filters][{}][{}]"
    query = {
        group.format(0, 0, "field"): "bulk_uuid", group.format(0, 0, "value"): uuid,
        group.format(1, 0, "field"): "status", group.format(1, 0, "value"): "3",
        group.format(1, 1, "field"): "operation_key", group.format(1, 1, "value"): "2",
    }  # fmt: skip
    found = (await client.http.get("/rest/V1/bulk", params=query)).json()

    assert [(item["id"], item["status"]) for item in found["items"]] == [(1, 3), (2, 1)]
    unknown = await client.http.get("/rest/V1/bulk", params=criteria(color="red"))
    assert unknown.status_code == 500


async def test_the_whole_bulk_is_gone_when_it_cannot_be_scheduled(client: Client) -> None:
    client.shop.bugs.on("broker-down")
    answer = await client.http.post(BULK, json=[product("a")])

    assert (answer.status_code, answer.json()) == (
        400,
        {"message": "Something went wrong while processing the request."},
    )
    assert client.shop.state.connection.execute("SELECT count(*) FROM magento_bulk").fetchone() == (0,)


def rows(shop: Shop, table: str) -> list[Any]:
    return shop.state.connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - our own names


async def test_what_took_too_long_is_an_unknown_error_after_12_hours_and_what_never_started_stays_open(
    client: Client,
) -> None:
    uuid = await client.bulk({"product": []}, product("b"))
    client.shop.bugs.on("lost-message")
    lost = await client.bulk(product("c"))
    early = await client.http.post("/practice/clock", json={"hours": 11.9})
    before = [row["status"] for row in await client.operations(uuid)]
    ran = (await client.http.post("/practice/clock", json={"minutes": 20})).json()["ran"]

    assert early.json()["ran"]
    assert before == [4, 1]
    assert "bulk_mark_incomplete_operations_as_failed" in ran
    [first, second] = await client.operations(uuid)
    assert (first["status"], first["error_code"], first["result_message"]) == (2, 0, "Unknown Error")
    assert second["status"] == 1
    assert [row["status"] for row in await client.operations(lost)] == [4]


async def test_locks_go_at_the_full_hour_and_bulks_after_60_days(client: Client) -> None:
    uuid = await client.bulk(product("a"))
    locked = len(client.shop.locks)
    await client.http.post("/practice/clock", json={"hours": 1})

    assert (locked, len(client.shop.locks)) == (1, 0)
    await client.http.post("/practice/clock", json={"days": 59})
    assert len(await client.operations(uuid)) == 1
    await client.http.post("/practice/clock", json={"days": 1})
    assert (await client.http.get(f"/rest/V1/bulk/{uuid}/status")).status_code == 404
    assert rows(client.shop, "magento_operation") == []


@pytest.mark.parametrize("body", [{}, [], {"hours": -1}, {"years": 1}, {"hours": "x"}, {"hours": True}])
async def test_a_clock_goes_forward_by_known_steps_only(client: Client, body: Any) -> None:
    answer = await client.http.post("/practice/clock", json=body)

    assert answer.status_code == 400
    assert answer.json()["message"].endswith("there.") or answer.json()["message"].endswith("here.")
