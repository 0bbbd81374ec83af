"""What differs between the Magentos in the Web API (contract 1.1, 1.4, S4), and the alias they all have."""

import httpx
import pytest

from tests.sandbox.conftest import Client, product

BULK = "/rest/all/async/bulk/V1/products"


@pytest.mark.parametrize(
    ("client", "status", "answer"),
    [
        ("2.4.4", 400, {"message": "Request method is invalid."}),
        ("2.4.6", 405, {"message": "The %1 HTTP method is not supported.", "parameters": ["PATCH"]}),
    ],
    indirect=["client"],
)
async def test_a_method_that_magento_does_not_know_is_refused(
    client: Client, status: int, answer: dict[str, object]
) -> None:
    refused = await client.http.patch("/rest/V1/products", json={})

    assert (refused.status_code, refused.json()) == (status, answer)


@pytest.mark.parametrize(
    ("client", "status"), [("2.4.4", 500), ("2.4.6", 500), ("latest", 202)], indirect=["client"]
)
async def test_query_parameters_of_a_bulk_crash_older_versions(client: Client, status: int) -> None:
    answer = await client.http.post(f"{BULK}?x=1", json=[product("a")])

    assert answer.status_code == status


@pytest.mark.parametrize(("client", "status"), [("2.4.4", 500), ("latest", 202)], indirect=["client"])
async def test_items_that_are_no_objects_crash_older_versions_and_are_left_out_by_newer_ones(
    client: Client, status: int
) -> None:
    answer = await client.http.post(BULK, json=[product("a"), 1, "x"])

    assert answer.status_code == status
    if status == httpx.codes.ACCEPTED:
        assert len(answer.json()["request_items"]) == 1


async def test_async_products_is_another_name_of_the_asynchronous_route(client: Client) -> None:
    answer = await client.http.post("/rest/all/asyncProducts", json=product("a"))
    await client.shop.idle()

    assert answer.status_code == httpx.codes.ACCEPTED
    assert "a" in client.shop.products
    assert (await client.http.get("/rest/all/asyncProducts")).status_code == httpx.codes.BAD_REQUEST
