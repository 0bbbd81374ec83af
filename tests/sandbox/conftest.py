"""A practice shop on a free port, and a client with its token."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.setup import Setup
from importer.sandbox.shop import Shop
from importer.sandbox.versions import DEFAULT

TOKEN = "practice-token"


class Client:
    """Asks a shop over HTTP; `shop` is the one that answers."""

    def __init__(self, shop: Shop, http: httpx.AsyncClient) -> None:
        self.shop = shop
        self.http = http

    async def get(self, path: str, **query: str) -> Any:
        answer = await self.http.get(f"/rest/all{path}", params=query)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()

    async def save(self, item: Any, path: str = "/rest/all/V1/products") -> httpx.Response:
        return await self.http.post(path, json=item)

    async def bulk(self, *items: Any) -> str:
        """Submit, and wait until it is worked off; the bulk's uuid."""
        answer = await self.http.post("/rest/all/async/bulk/V1/products", json=list(items))
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        await self.shop.idle()
        return str(answer.json()["bulk_uuid"])

    async def operations(self, uuid: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await self.get(f"/V1/bulk/{uuid}/detailed-status"))["operations_list"]
        return rows


@pytest.fixture
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    """Its parameter is the version of the shop; without one it is the recorded one."""
    setup = Setup(magento=getattr(request, "param", DEFAULT))
    shop = Shop(catalog=load_catalog(), token=TOKEN, setup=setup)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with running(shop) as address, httpx.AsyncClient(base_url=address, headers=headers) as http:
        yield Client(shop, http)


def product(sku: str, **words: Any) -> dict[str, Any]:
    """An item with what a new product needs."""
    return {"product": {"sku": sku, "name": f"Product {sku}", "attribute_set_id": 4, "price": 9.99, **words}}


def with_attributes(sku: str, **values: Any) -> dict[str, Any]:
    entries = [{"attribute_code": code, "value": value} for code, value in values.items()]
    return product(sku, custom_attributes=entries)


def values(saved: dict[str, Any]) -> dict[str, Any]:
    """Custom attributes of an answer by code."""
    return {entry["attribute_code"]: entry["value"] for entry in saved["custom_attributes"]}
