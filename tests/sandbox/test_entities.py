"""Links, categories, customers, prices, stock and the rest: stored, read back, and refused in Magento's words."""

from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Client, product

ADDRESS = {
    "firstname": "A", "lastname": "B", "street": ["Road 1"], "city": "Town", "country_id": "US", "postcode": "1",
    "telephone": "1", "region": {"region_id": 12},
}  # fmt: skip


def customer(email: str, **words: Any) -> dict[str, Any]:
    return {"customer": {"email": email, "firstname": "A", "lastname": "B", "website_id": 1, **words}}


async def put(client: Client, path: str, item: Any) -> httpx.Response:
    return await client.http.put(f"/rest/all/V1{path}", json=item)


async def post(client: Client, path: str, item: Any) -> httpx.Response:
    return await client.http.post(f"/rest/all/V1{path}", json=item)


async def test_links_are_added_by_sku_read_by_type_and_taken_away(client: Client) -> None:
    for sku in ("a", "b", "c"):
        await client.save(product(sku))
    url = "/products/a/links"
    related = {"sku": "a", "link_type": "related", "linked_product_sku": "b", "position": 1}
    first = await post(client, url, {"items": [related]})
    second = await post(
        client, url, {"items": [{"sku": "a", "link_type": "upsell", "linked_product_sku": "c"}]}
    )
    unknown = await post(client, url, {"items": [{**related, "linked_product_sku": "nosuch"}]})
    nameless = await post(client, url, {"items": [{**related, "sku": None}]})
    odd = await post(client, url, {"items": [{**related, "link_type": "friend"}]})
    read = await client.get("/V1/products/a/links/related")
    gone = await client.http.delete("/rest/all/V1/products/a/links/related/b")
    again = await client.http.delete("/rest/all/V1/products/a/links/related/b")

    assert (first.json(), second.json()) == (True, True)
    assert unknown.json() == {
        "message": "The linked products data is invalid. Verify the data and try again."
    }
    assert nameless.json() == unknown.json()
    assert odd.json()["parameters"] == ["friend"]
    assert read == [
        {
            "sku": "a",
            "link_type": "related",
            "linked_product_sku": "b",
            "linked_product_type": "simple",
            "position": 1,
        }
    ]
    assert (gone.json(), again.status_code) == (True, 404)
    assert [link["link_type"] for link in (await client.get("/V1/products/a"))["product_links"]] == ["upsell"]


async def test_links_in_a_product_replace_all_kinds_and_an_unknown_sku_fails_it(client: Client) -> None:
    for sku in ("a", "b", "c"):
        await client.save(product(sku))
    link = {
        "sku": "a",
        "link_type": "related",
        "linked_product_sku": "b",
        "linked_product_type": "simple",
        "position": 0,
    }
    await client.save(product("a", product_links=[link, {**link, "link_type": "upsell"}]))
    await client.save(product("a", product_links=[{**link, "linked_product_sku": "c"}]))
    unknown = await client.save(product("a", product_links=[{**link, "linked_product_sku": "nosuch"}]))

    assert [one["linked_product_sku"] for one in (await client.get("/V1/products/a"))["product_links"]] == [
        "c"
    ]
    assert unknown.status_code == httpx.codes.NOT_FOUND


async def test_a_category_is_made_moved_and_deleted_with_what_is_below(client: Client) -> None:
    made = (
        await post(client, "/categories", {"category": {"name": "Syrups", "parent_id": 2, "is_active": True}})
    ).json()
    below = (
        await post(client, "/categories", {"category": {"name": "Vanilla", "parent_id": made["id"]}})
    ).json()
    tea = (await client.get("/V1/categories/list", **{
        "searchCriteria[filterGroups][0][filters][0][field]": "name",
        "searchCriteria[filterGroups][0][filters][0][value]": "Tea",
    }))["items"][0]["id"]  # fmt: skip

    below_itself = await put(client, f"/categories/{made['id']}/move", {"parentId": below["id"]})
    moved = await put(client, f"/categories/{made['id']}/move", {"parentId": tea, "afterId": 0})

    assert below_itself.json()["message"] == (
        "Operation do not allow to move a parent category to any of children category"
    )
    assert moved.json() is True
    assert (await client.get(f"/V1/categories/{below['id']}"))[
        "path"
    ] == f"1/2/{tea}/{made['id']}/{below['id']}"
    assert (await client.http.delete(f"/rest/all/V1/categories/{made['id']}")).json() is True
    assert (
        await client.http.get(f"/rest/all/V1/categories/{below['id']}")
    ).status_code == httpx.codes.NOT_FOUND
    root = await client.http.delete("/rest/all/V1/categories/2")
    assert root.json() == {"message": "Cannot delete category with id %1", "parameters": [2]}


async def test_products_come_into_a_category_and_leave_it(client: Client) -> None:
    await client.save(product("a"))
    link = {"productLink": {"sku": "a", "position": 3, "category_id": "3"}}
    assert (await post(client, "/categories/3/products", link)).json() is True

    assert await client.get("/V1/categories/3/products") == [{"sku": "a", "position": 3, "category_id": "3"}]
    assert (await client.get("/V1/products/a"))["extension_attributes"]["category_links"] == [
        {"position": 3, "category_id": "3"}
    ]
    counted = (await client.get("/V1/categories"))["children_data"][0]["children_data"][0]
    assert (counted["id"], counted["product_count"]) == (3, 1)
    assert (await client.http.delete("/rest/all/V1/categories/3/products/a")).json() is True
    again = await client.http.delete("/rest/all/V1/categories/3/products/a")
    assert again.json() == {"message": "The category doesn't contain the specified product."}


@pytest.mark.parametrize(
    ("words", "status", "answer"),
    [
        ({"region": None}, 400, {"fieldName": "regionId"}),
        ({"region": {"region_id": 999}}, 400, {"fieldName": "regionId", "value": "999"}),
        ({"city": ""}, 400, {"fieldName": "city"}),
    ],
    ids=["no region", "unknown region", "no city"],
)
async def test_an_address_that_lacks_something_refuses_the_whole_customer(
    client: Client, words: dict[str, Any], status: int, answer: dict[str, str]
) -> None:
    made = await post(client, "/customers", customer("a@example.com", addresses=[{**ADDRESS, **words}]))

    assert (made.status_code, made.json()["parameters"]) == (status, answer)
    found = await client.get("/V1/customers/search", searchCriteria="")
    assert found["total_count"] == 0


async def test_addresses_that_are_not_sent_are_gone_and_one_can_be_deleted(client: Client) -> None:
    two = [ADDRESS, {**ADDRESS, "city": "Other", "default_billing": True}]
    made = (await post(client, "/customers", customer("a@example.com", addresses=two))).json()
    first, second = made["addresses"]

    kept = (await put(client, f"/customers/{made['id']}", {"customer": {"addresses": [second]}})).json()
    read = await client.get(f"/V1/customers/addresses/{second['id']}")
    gone = await client.http.delete(f"/rest/all/V1/addresses/{second['id']}")

    assert [one["city"] for one in kept["addresses"]] == ["Other"]
    assert first["id"] not in {one["id"] for one in kept["addresses"]}
    assert (read["city"], kept["default_billing"]) == ("Other", str(second["id"]))
    assert gone.json() is True
    assert "default_billing" not in await client.get(f"/V1/customers/{made['id']}")


async def test_an_e_mail_is_taken_whatever_its_case_until_the_customer_goes(client: Client) -> None:
    made = (await post(client, "/customers", customer("a@example.com"))).json()
    taken = await post(client, "/customers", customer("A@Example.com"))
    await client.http.delete(f"/rest/all/V1/customers/{made['id']}")
    free = await post(client, "/customers", customer("A@Example.com"))

    assert taken.json() == {
        "message": "A customer with the same email address already exists in an associated website."
    }
    assert free.status_code == httpx.codes.OK


async def test_a_partial_change_of_a_customer_works_at_once_but_not_in_a_consumer(client: Client) -> None:
    """Contract S41: the plugin that merges is not there in a consumer."""
    made = (await post(client, "/customers", customer("a@example.com"))).json()
    url = "/rest/all/async/V1/customers"
    accepted = await client.http.put(
        f"{url}/{made['id']}", json={"customer": {"id": made["id"], "firstname": "New"}}
    )
    await client.shop.idle()
    [operation] = await client.operations(accepted.json()["bulk_uuid"])

    assert (operation["status"], operation["result_message"]) == (3, '"Email" is a required value.\n"Last Name" is a required value.')  # fmt: skip
    at_once = await put(client, f"/customers/{made['id']}", {"customer": {"firstname": "New"}})
    assert at_once.json()["firstname"] == "New"


async def test_snake_case_passes_submission_and_fails_in_the_consumer(client: Client) -> None:
    """Contract S0."""
    block = (
        await post(client, "/cmsBlock", {"block": {"identifier": "b", "title": "B", "content": "x"}})
    ).json()
    url = "/rest/all/async/bulk/V1/cmsBlock/byBlockId"
    answer = await client.http.request(
        "DELETE", url, json=[{"block_id": block["id"]}, {"blockId": block["id"]}]
    )
    await client.shop.idle()
    wrong, right = await client.operations(answer.json()["bulk_uuid"])

    topic = "async.magento.cms.api.blockrepositoryinterface.deletebyid.delete"
    assert (wrong["status"], wrong["result_message"]) == (
        3, f'Data item corresponding to "blockId" must be specified in the message with topic "{topic}".',
    )  # fmt: skip
    assert right["status"] == 1


async def test_row_errors_of_prices_hide_in_a_success(client: Client) -> None:
    """Contract S40."""
    await client.save(product("a"))
    good = {
        "sku": "a",
        "price": 5,
        "price_type": "fixed",
        "website_id": 0,
        "customer_group": "ALL GROUPS",
        "quantity": 2,
    }
    items = [{"prices": [good, {**good, "customer_group": "nosuch"}]}]
    answer = await client.http.post("/rest/all/async/bulk/V1/products/tier-prices", json=items)
    await client.shop.idle()
    [operation] = await client.operations(answer.json()["bulk_uuid"])

    assert operation["status"] == 1
    assert "No such entity with Customer Group = %customerGroup." in operation["result_serialized_data"]
    information = await post(client, "/products/tier-prices-information", {"skus": ["a"]})
    assert [row["quantity"] for row in information.json()] == [2]


async def test_tier_prices_of_a_list_replace_those_of_its_products(client: Client) -> None:
    await client.save(product("a"))
    tier = {
        "sku": "a",
        "price": 5,
        "price_type": "fixed",
        "website_id": 0,
        "customer_group": "General",
        "quantity": 2,
    }
    await post(client, "/products/tier-prices", {"prices": [tier]})
    clash = await post(client, "/products/tier-prices", {"prices": [{**tier, "website_id": 1}]})
    await put(
        client, "/products/tier-prices", {"prices": [{**tier, "quantity": 9, "price_type": "discount"}]}
    )

    assert clash.json()[0]["parameters"] == ["a", "0", "General", "2.0000"]
    information = (await post(client, "/products/tier-prices-information", {"skus": ["a"]})).json()
    assert [(row["quantity"], row["price_type"], row["price"]) for row in information] == [(9, "discount", 5)]


async def test_stock_and_the_default_source_are_one_quantity(client: Client) -> None:
    await client.save(product("a"))
    source = {"sku": "a", "source_code": "default", "quantity": 12, "status": 1}
    await post(client, "/inventory/source-items", {"sourceItems": [source]})
    told = await client.get("/V1/stockItems/a")
    await post(client, "/inventory/source-items-delete", {"sourceItems": [source]})

    assert (told["qty"], told["is_in_stock"]) == (12, True)
    assert (await client.get("/V1/stockItems/a"))["qty"] == 0


async def test_a_set_begins_as_its_skeleton_and_gets_its_own_attributes(client: Client) -> None:
    words = {"attribute_set_name": "Machines", "sort_order": 5}
    made = (await post(client, "/products/attribute-sets", {"attributeSet": words, "skeletonId": 4})).json()
    twice = await post(client, "/products/attribute-sets", {"attributeSet": words, "skeletonId": 4})
    new = {
        "attribute_code": "bars",
        "frontend_input": "text",
        "default_frontend_label": "Bars",
        "is_required": True,
    }
    attribute = await post(client, "/products/attributes", {"attribute": new})
    groups = (await client.get("/V1/products/attribute-sets/groups/list", searchCriteria=""))["items"]
    group = next(one for one in groups if one["attribute_set_id"] == made["attribute_set_id"])
    number = {
        "attributeSetId": made["attribute_set_id"],
        "attributeGroupId": int(group["attribute_group_id"]),
    }
    await post(
        client, "/products/attribute-sets/attributes", {**number, "attributeCode": "bars", "sortOrder": 1}
    )

    assert twice.json()["parameters"] == ["Machines"]
    assert attribute.json()["attribute_code"] == "bars"
    lacking = await client.save(product("a", attribute_set_id=made["attribute_set_id"]))
    assert lacking.json() == {
        "message": 'The "Bars" attribute value is empty. Set the attribute and try again.'
    }
    assert (await client.save(product("a"))).status_code == httpx.codes.OK
    members = await client.get(f"/V1/products/attribute-sets/{made['attribute_set_id']}/attributes")
    assert "bars" in {one["attribute_code"] for one in members}


CRUD = [
    ("/taxClasses", "taxClass", {"class_name": "Books", "class_type": "PRODUCT"}, "/taxClasses", "class_id"),
    ("/customerGroups", "group", {"code": "Club", "tax_class_id": 3}, "/customerGroups", "id"),
    ("/cmsBlock", "block", {"identifier": "b", "title": "B", "content": "x"}, "/cmsBlock", "id"),
    ("/cmsPage", "page", {"identifier": "p-age", "title": "P", "content": "x"}, "/cmsPage", "id"),
    ("/coupons", "coupon", {"rule_id": 1, "code": "SAVE"}, "/coupons", "coupon_id"),
    (
        "/taxRates", "taxRate", {"code": "DE", "tax_country_id": "DE", "tax_postcode": "*", "rate": 19},
        "/taxRates", "id",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("url", "name", "words", "read", "key"), CRUD, ids=[row[1] for row in CRUD])
async def test_the_rest_is_stored_read_back_found_and_deleted(
    client: Client, url: str, name: str, words: dict[str, Any], read: str, key: str
) -> None:
    made = await post(client, url, {name: words})
    assert made.status_code == httpx.codes.OK, made.text
    number = made.json()[key] if isinstance(made.json(), dict) else made.json()
    twice = await post(client, url, {name: words})
    row = await client.get(f"/V1{read}/{number}")
    found = await client.get(f"/V1{read}/search", searchCriteria="")
    gone = await client.http.delete(f"/rest/all/V1{read}/{number}")
    after = await client.http.get(f"/rest/all/V1{read}/{number}")

    assert twice.status_code == httpx.codes.BAD_REQUEST
    assert {word: row[word] for word in words} == words
    assert str(number) in {str(one[key]) for one in found["items"]}
    assert (gone.json(), after.status_code) == (True, 404)


async def test_countries_tell_their_regions_to_anybody(client: Client) -> None:
    async with httpx.AsyncClient(base_url=client.http.base_url) as stranger:
        answer = await stranger.get("/rest/V1/directory/countries/US")

    regions = {one["id"]: one["code"] for one in answer.json()["available_regions"]}
    assert regions["12"] == "CA"


async def test_what_a_bundle_or_a_download_consists_of_is_given_back(client: Client) -> None:
    options = [{"title": "Cup", "required": True, "type": "select", "sku": "a", "product_links": []}]
    await client.save(
        product("a", type_id="bundle", extension_attributes={"bundle_product_options": options})
    )
    await client.save({"product": {"sku": "a", "name": "Set"}})

    saved = await client.get("/V1/products/a")
    assert saved["extension_attributes"]["bundle_product_options"] == options
