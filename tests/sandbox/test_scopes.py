"""Store views: what a save at one of them changes, and what each of them sees."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from tests.sandbox.conftest import TOKEN, Client, product, values

CATALOG = """
websites: [base, club]
stores: {default: base, german: base, club_en: club}
attribute_sets: [Default, Coffee]
tax_classes: {Taxable Goods: 2}
categories: {Default Category: {Coffee: }}
attributes:
  origin: {scope: store, sets: [Coffee]}
  grade: {required: true, sets: [Coffee]}
  warranty: {scope: website}
"""


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[Client]:
    path = tmp_path / "catalog.yaml"
    path.write_text(CATALOG)
    shop = Shop(catalog=load_catalog(path), token=TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with running(shop) as address, httpx.AsyncClient(base_url=address, headers=headers) as http:
        yield Client(shop, http)


async def seen(client: Client, store: str, sku: str = "a") -> dict[str, object]:
    saved = (await client.http.get(f"/rest/{store}/V1/products/{sku}")).json()
    return {"name": saved["name"], "price": saved["price"], "status": saved["status"], **values(saved)}


async def test_a_name_for_a_store_view_leaves_the_others_alone(stores: Client) -> None:
    await stores.save(product("a", name="Coffee"))
    changed = await stores.save({"product": {"sku": "a", "name": "Kaffee"}}, "/rest/german/V1/products")

    assert changed.json()["name"] == "Kaffee"
    assert {store: (await seen(stores, store))["name"] for store in ("all", "default", "german")} == {
        "all": "Coffee", "default": "Coffee", "german": "Kaffee",
    }  # fmt: skip


async def test_a_price_counts_for_all_store_views(stores: Client) -> None:
    await stores.save(product("a", price=5))
    await stores.save({"product": {"sku": "a", "price": 7}}, "/rest/german/V1/products")

    assert {(await seen(stores, store))["price"] for store in ("all", "default", "german")} == {7}


async def test_a_status_belongs_to_a_whole_store_view(stores: Client) -> None:
    await stores.save(product("a"))
    await stores.save({"product": {"sku": "a", "status": 2}}, "/rest/german/V1/products")

    assert ((await seen(stores, "all"))["status"], (await seen(stores, "german"))["status"]) == (1, 2)


async def test_a_website_attribute_counts_for_every_store_of_the_website(stores: Client) -> None:
    item = {
        "product": {"sku": "a", "custom_attributes": [{"attribute_code": "warranty", "value": "2 years"}]}
    }
    await stores.save(product("a"))
    await stores.save(item, "/rest/german/V1/products")

    told = {
        store: (await seen(stores, store)).get("warranty")
        for store in ("all", "default", "german", "club_en")
    }
    assert told == {"all": None, "default": "2 years", "german": "2 years", "club_en": None}


async def test_no_store_in_the_url_is_the_default_store_view(stores: Client) -> None:
    await stores.save(product("a", name="Coffee"))
    await stores.save({"product": {"sku": "a", "name": "House coffee"}}, "/rest/V1/products")

    assert ((await seen(stores, "all"))["name"], (await seen(stores, "default"))["name"]) == (
        "Coffee",
        "House coffee",
    )


async def test_a_new_product_of_a_store_view_counts_everywhere_and_goes_to_its_website(
    stores: Client,
) -> None:
    await stores.save(product("a", name="Club coffee"), "/rest/club_en/V1/products")

    assert (await seen(stores, "all"))["name"] == "Club coffee"
    club = (await stores.get("/V1/store/websites"))[-1]["id"]
    assert (await stores.get("/V1/products/a"))["extension_attributes"]["website_ids"] == [club]


async def test_a_bulk_keeps_the_store_view_of_its_url(stores: Client) -> None:
    await stores.save(product("a", name="Coffee"))
    await stores.http.post(
        "/rest/german/async/bulk/V1/products", json=[{"product": {"sku": "a", "name": "Kaffee"}}]
    )
    await stores.shop.idle()

    assert ((await seen(stores, "all"))["name"], (await seen(stores, "german"))["name"]) == (
        "Coffee",
        "Kaffee",
    )


async def test_an_empty_name_for_a_store_view_is_refused(stores: Client) -> None:
    await stores.save(product("a"))
    answer = await stores.save({"product": {"sku": "a", "name": ""}}, "/rest/german/V1/products")

    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json()["message"].startswith('The "Product Name" attribute value is empty.')


async def test_required_attributes_are_those_of_the_products_set(stores: Client) -> None:
    [coffee] = [
        one["attribute_set_id"]
        for one in (await stores.get("/V1/products/attribute-sets/sets/list", searchCriteria=""))["items"]
        if one["attribute_set_name"] == "Coffee"
    ]
    plain = await stores.save(product("a"))
    lacking = await stores.save(product("b", attribute_set_id=coffee))
    grade = [{"attribute_code": "grade", "value": "A"}, {"attribute_code": "origin", "value": "Peru"}]
    whole = await stores.save(product("c", attribute_set_id=coffee, custom_attributes=grade))
    foreign = await stores.save(product("d", custom_attributes=grade))

    assert plain.status_code == httpx.codes.OK
    assert lacking.json() == {
        "message": 'The "Grade" attribute value is empty. Set the attribute and try again.'
    }
    assert values(whole.json())["origin"] == "Peru"
    assert "origin" not in values(foreign.json())  # an attribute of another set vanishes without a word
