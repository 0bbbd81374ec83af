"""The practice shop over real HTTP: Magento's routes, statuses, shapes and sentences."""

import json
from typing import Any

import httpx
import pytest

from importer.sandbox import php
from importer.sandbox.catalog import load_catalog
from importer.sandbox.faults import Refuse
from importer.sandbox.shop import Shop
from tests.sandbox.conftest import Client, product

SUCCESS = r"Service execution success Magento\Catalog\Model\ProductRepository\Interceptor::save"


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Bearer", "Basic YTpi"])
@pytest.mark.parametrize(
    ("method", "path", "resource"),
    [
        ("GET", "/rest/V1/products/x", "Magento_Catalog::products"),
        ("POST", "/rest/all/async/bulk/V1/products", "Magento_Catalog::products"),
        ("GET", "/rest/V1/bulk/x/status", "Magento_Logging::system_magento_logging_bulk_operations"),
    ],
)
async def test_without_its_token_the_shop_says_401_and_which_resource(
    client: Client, authorization: str | None, method: str, path: str, resource: str
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    async with httpx.AsyncClient(base_url=client.http.base_url, headers=headers) as stranger:
        answer = await stranger.request(method, path)

    assert answer.status_code == httpx.codes.UNAUTHORIZED
    assert answer.json() == {
        "message": "The consumer isn't authorized to access %resources.",
        "parameters": {"resources": resource},
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/rest/V1/nosuchroute", 404, "Request does not match any route."),
        ("GET", "/rest/moon/V1/products", 400, "Specified request cannot be processed."),
        ("GET", "/rest/all", 400, "Specified request cannot be processed."),
        ("GET", "/rest/all/async/bulk/V1/products", 400, "Specified request cannot be processed."),
        ("PATCH", "/rest/V1/products", 400, "Request method is invalid."),
        ("PUT", "/rest/V1/products", 404, "Request does not match any route."),
        ("PUT", "/rest/all/async/bulk/V1/products/24-MB01", 404, "Request does not match any route."),
        ("GET", "/rest/V1/products", 400, '"%fieldName" is required. Enter and try again.'),
    ],
)
async def test_wrong_addresses_are_refused_as_magento_does(
    client: Client, method: str, path: str, status: int, message: str
) -> None:
    answer = await client.http.request(method, path)

    assert (answer.status_code, answer.json()["message"]) == (status, message)


@pytest.mark.parametrize(
    ("content", "headers", "message"),
    [
        (b'{"product": {', {"Content-Type": "application/json"}, "Decoding error."),
        ("\ufeff[]".encode(), {"Content-Type": "application/json"}, "Decoding error."),
        (b"[]", {}, "Content-Type header is empty."),
        (
            b"[]",
            {"Content-Type": "application/json; charset=iso-8859-1"},
            "UTF-8 is the only supported charset.",
        ),
        (
            b"a=1",
            {"Content-Type": "text/plain"},
            "Server cannot understand Content-Type HTTP header media type text/plain",
        ),
    ],
)
async def test_bodies_that_cannot_be_read_are_400(
    client: Client, content: bytes, headers: dict[str, str], message: str
) -> None:
    answer = await client.http.post("/rest/all/async/bulk/V1/products", content=content, headers=headers)

    assert (answer.status_code, answer.json()) == (400, {"message": message})


async def test_a_bulk_is_accepted_processed_and_told_by_position(client: Client) -> None:
    uuid = await client.bulk(product("a"), product("b", price=-1), product("c", attribute_set_id=99))

    status = await client.get(f"/V1/bulk/{uuid}/status")
    assert [
        (op["id"], op["status"], op["result_message"], op["error_code"]) for op in status["operations_list"]
    ] == [
        (0, 1, SUCCESS, None),
        (1, 3, "Please enter a number 0 or greater in this field.", 0),
        (2, 3, "Invalid product data: Invalid attribute set entity type", 0),
    ]
    assert status["operation_count"] == 3
    assert status["description"] == "Topic async.magento.catalog.api.productrepositoryinterface.save.post"
    assert [await client.get(f"/V1/bulk/{uuid}/operation-status/{n}") for n in (1, 3, 4)] == [1, 2, 0]


@pytest.mark.parametrize("client", ["2.4.6"], indirect=True)
async def test_payloads_are_erased_after_success_and_kept_after_failure(client: Client) -> None:
    uuid = await client.bulk(product("a/b"), product("b", price=-1))
    first, second = (await client.get(f"/V1/bulk/{uuid}/detailed-status"))["operations_list"]

    assert first["serialized_data"] is None
    assert json.loads(first["result_serialized_data"])["sku"] == "a/b"
    carried = json.loads(second["serialized_data"])
    assert json.loads(carried["meta_information"]) == product("b", price=-1)
    assert carried["store_id"] == "0"
    assert second["result_serialized_data"] is None


@pytest.mark.parametrize("body", [b"[]", b"{}", b"", b"null"])
async def test_empty_bulks_are_accepted_with_no_items(client: Client, body: bytes) -> None:
    answer = await client.http.post(
        "/rest/all/async/bulk/V1/products", content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == httpx.codes.ACCEPTED
    assert answer.json()["request_items"] == []


@pytest.mark.parametrize(
    ("item", "status", "message"),
    [
        (
            product("b", price="abc"),
            400,
            'Error occurred during "price" processing. The "abc" value\'s type is invalid.',
        ),
        (product("b", status="enabled"), 400, 'Error occurred during "status" processing.'),
        (product("b", extension_attributes={"stock_item": {"qty": "x"}}), 400, '"float" type was expected'),
        (
            product("b", unknown_key=1),
            500,
            "Internal Error. Details are available in Magento log file. Report ID: webapi-",
        ),
        (product("b", extension_attributes={"nosuch": 1}), 500, "Report ID: webapi-"),
        ({"sku": "no wrapper"}, 400, '"%fieldName" is required. Enter and try again.'),
        (
            product("b", custom_attributes=[{"attribute_code": "color", "value": "Red"}]),
            400,
            'Attribute "color" has invalid value. The "Red" value',
        ),
    ],
)
async def test_the_first_bad_item_refuses_the_whole_bulk_and_names_no_item(
    client: Client, item: Any, status: int, message: str
) -> None:
    answer = await client.http.post("/rest/all/async/bulk/V1/products", json=[product("a"), item])

    assert answer.status_code == status
    assert message in answer.json()["message"]
    await client.shop.idle()
    assert len(client.shop.products) == 0


@pytest.mark.parametrize("body", [[1, "a"], 7, "x"])
async def test_scalars_crash_as_php_does(client: Client, body: Any) -> None:
    answer = await client.http.post("/rest/all/async/bulk/V1/products", json=body)

    assert (answer.status_code, answer.text) == (
        500,
        "An error has happened during application run. See exception log for details.\n",
    )


async def test_a_product_is_created_updated_in_part_and_deleted(client: Client) -> None:
    made = (await client.http.post("/rest/all/V1/products", json=product("a", weight=1))).json()
    changed = (
        await client.http.post("/rest/all/V1/products", json={"product": {"sku": "A", "price": 12.5}})
    ).json()
    put = (
        await client.http.put("/rest/all/V1/products/a", json={"product": {"sku": "other", "price": 13}})
    ).json()

    assert made["extension_attributes"]["website_ids"] == [1]
    assert {"attribute_code": "url_key", "value": "product-a"} in made["custom_attributes"]
    assert (changed["id"], changed["sku"], changed["name"], changed["price"]) == (
        made["id"],
        "A",
        "Product a",
        12.5,
    )
    assert (put["sku"], put["price"]) == ("a", 13)
    assert (await client.http.delete("/rest/all/V1/products/a")).json() is True
    gone = await client.http.delete("/rest/all/V1/products/a")
    assert (gone.status_code, gone.json()["message"]) == (
        404,
        "The product that was requested doesn't exist. Verify the product and try again.",
    )


async def test_a_url_key_belongs_to_one_visible_product_until_it_gives_it_up(client: Client) -> None:
    def with_key(sku: str, key: str) -> dict[str, Any]:
        return product(sku, custom_attributes=[{"attribute_code": "url_key", "value": key}])

    async def save(item: dict[str, Any]) -> int:
        return (await client.http.post("/rest/all/V1/products", json=item)).status_code

    assert await save(with_key("a", "k")) == 200
    assert await save(with_key("b", "k")) == 400
    assert await save({"product": {**with_key("c", "k")["product"], "visibility": 1}}) == 200
    assert await save(with_key("a", "other")) == 200
    assert await save(with_key("b", "k")) == 200


@pytest.mark.parametrize("client", ["2.4.6"], indirect=True)
async def test_the_search_over_operations_finds_by_time_and_position(client: Client) -> None:
    uuids = [await client.bulk(product("a"), product("b")), await client.bulk(product("c"))]
    group = "searchCriteria[filter_groups][{}][filters][0][{}]"
    found = await client.get(
        "/V1/bulk",
        **{
            group.format(0, "field"): "operation_key",
            group.format(0, "value"): "0",
            group.format(1, "field"): "start_time",
            group.format(1, "condition_type"): "gteq",
            group.format(1, "value"): "2020-01-01 00:00:00",
        },
    )

    assert [item["bulk_uuid"] for item in found["items"]] == uuids
    assert found["total_count"] == 2
    assert found["items"][0]["extension_attributes"]["start_time"]


async def test_a_page_past_the_end_repeats_the_last_one(client: Client) -> None:
    query = {"searchCriteria[pageSize]": "4", "searchCriteria[currentPage]": "99"}
    last = await client.get("/V1/products/attributes", **query, fields="items[attribute_code],total_count")

    rest = last["total_count"] % 4
    assert 0 < rest == len(last["items"])
    assert {tuple(item) for item in last["items"]} == {("attribute_code",)}


async def test_the_look_ups_tell_the_catalogue(client: Client) -> None:
    tree = await client.get("/V1/categories")
    sets = await client.get("/V1/products/attribute-sets/sets/list", searchCriteria="")
    options = await client.get("/V1/products/attributes/organic/options")

    assert (tree["id"], tree["children_data"][0]["id"], tree["children_data"][0]["name"]) == (
        1,
        2,
        "Default Category",
    )
    assert {"Default": 4}.items() <= {
        s["attribute_set_name"]: s["attribute_set_id"] for s in sets["items"]
    }.items()
    assert options == [{"label": "Yes", "value": "1"}, {"label": "No", "value": "0"}]
    assert [site["id"] for site in await client.get("/V1/store/websites")] == [0, 1]


async def test_faults_can_be_switched_on_over_http_and_the_log_tells_what_happened(client: Client) -> None:
    await client.http.post(
        "/practice/faults", json={"refuse": {"times": 1, "status": 429, "body": {"message": "slow"}}}
    )
    refused = await client.http.post("/rest/all/async/bulk/V1/products", json=[product("a")])
    await client.bulk(product("a"))

    assert refused.status_code == httpx.codes.TOO_MANY_REQUESTS
    requests = (await client.http.get("/practice/requests")).json()
    assert [(entry["status"], entry.get("items")) for entry in requests] == [(429, None), (202, 1)]
    [write] = (await client.http.get("/practice/writes")).json()
    assert (write["sku"], write["operation_id"]) == ("a", 0)


async def test_a_dropped_answer_has_done_its_work(client: Client) -> None:
    client.shop.faults.drop_answers = 1
    with pytest.raises(httpx.TransportError):
        await client.http.post("/rest/all/async/bulk/V1/products", json=[product("a")])
    await client.shop.idle()

    assert len(client.shop.products) == 1


async def test_the_practice_pages_need_the_token_too(client: Client) -> None:
    async with httpx.AsyncClient(base_url=client.http.base_url) as stranger:
        assert (await stranger.get("/practice/writes")).status_code == httpx.codes.UNAUTHORIZED
        assert (
            await stranger.post("/practice/faults", json={"down": True})
        ).status_code == httpx.codes.UNAUTHORIZED


def test_refusals_count_down_and_match_by_method_and_path() -> None:
    shop = Shop(catalog=load_catalog())
    shop.faults.refuse.append(Refuse(times=1, status=500, path="/rest/all/async"))

    assert shop.faults.refusal("GET", "/rest/all/async/x") is None
    assert shop.faults.refusal("POST", "/rest/V1/x") is None
    assert shop.faults.refusal("POST", "/rest/all/async/x") is not None
    assert shop.faults.refusal("POST", "/rest/all/async/x") is None


def test_json_is_written_as_php_writes_it() -> None:
    assert (
        php.encode({"a": "ü/€", "b": {}, "c": [1, 1.5, None, True]})
        == '{"a":"\\u00fc\\/\\u20ac","b":[],"c":[1,1.5,null,true]}'
    )
