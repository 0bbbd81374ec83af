"""Configurable products: options with ids, children by id or by SKU, and Magento's refusals."""

from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Client, product, values, with_attributes


@pytest.fixture
async def shirts(client: Client) -> Client:
    """Three simple shirts; the third has no colour."""
    black, white = await options(client, "Black", "White")
    for sku, color in (("shirt-black", black), ("shirt-white", white)):
        assert (await client.save(with_attributes(sku, color=color))).status_code == httpx.codes.OK
    assert (await client.save(product("shirt-plain"))).status_code == httpx.codes.OK
    return client


async def options(client: Client, *labels: str) -> list[str]:
    known = {one["label"]: one["value"] for one in await client.get("/V1/products/attributes/color/options")}
    return [known[label] for label in labels]


async def color_option(client: Client) -> dict[str, Any]:
    attribute = await client.get("/V1/products/attributes/color")
    used = await options(client, "Black", "White")
    return {
        "attribute_id": str(attribute["attribute_id"]),
        "label": "Color",
        "values": [{"value_index": int(number)} for number in used],
    }


async def number(client: Client, sku: str) -> int:
    return int((await client.get(f"/V1/products/{sku}"))["id"])


async def parent(client: Client, *children: str) -> httpx.Response:
    extension: dict[str, Any] = {"configurable_product_options": [await color_option(client)]}
    if children:
        extension["configurable_product_links"] = [await number(client, sku) for sku in children]
    return await client.save(
        product("shirt", type_id="configurable", price=None, extension_attributes=extension)
    )


async def test_a_configurable_is_saved_with_its_children_and_read_back_by_sku(shirts: Client) -> None:
    answer = await parent(shirts, "shirt-black", "shirt-white")

    assert answer.status_code == httpx.codes.OK, answer.text
    children = await shirts.get("/V1/configurable-products/shirt/children")
    [option] = await shirts.get("/V1/configurable-products/shirt/options/all")
    assert [child["sku"] for child in children] == ["shirt-black", "shirt-white"]
    assert option["label"] == "Color"
    assert await shirts.get(f"/V1/configurable-products/shirt/options/{option['id']}") == option


async def test_a_child_without_the_attribute_is_refused(shirts: Client) -> None:
    answer = await parent(shirts, "shirt-plain")

    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json() == {
        "message": 'Product with id "%1" does not contain required attribute "%2".',
        "parameters": [await number(shirts, "shirt-plain"), "color"],
    }


async def test_children_with_the_same_values_are_refused(shirts: Client) -> None:
    [black] = await options(shirts, "Black")
    await shirts.save(with_attributes("shirt-black-2", color=black))

    answer = await parent(shirts, "shirt-black", "shirt-black-2")

    assert (answer.status_code, answer.json()["message"]) == (
        400, 'Products "%1" and "%2" have the same set of attribute values.',
    )  # fmt: skip


async def test_an_unknown_child_is_refused(shirts: Client) -> None:
    extension = {
        "configurable_product_options": [await color_option(shirts)],
        "configurable_product_links": [999],
    }

    answer = await shirts.save(product("shirt", type_id="configurable", extension_attributes=extension))

    assert answer.status_code == httpx.codes.NOT_FOUND


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"label": None}, "Option label is not specified."),
        ({"values": []}, "Option values are not specified."),
        ({"attribute_id": None}, "Option attribute ID is not specified."),
        ({"label": None, "values": []}, "One or more input exceptions have occurred."),
    ],
)
async def test_an_option_must_be_whole(shirts: Client, words: dict[str, Any], message: str) -> None:
    await shirts.save(product("shirt"))
    option = {**await color_option(shirts), **words}

    answer = await shirts.save({"option": option}, "/rest/all/V1/configurable-products/shirt/options")

    assert (answer.status_code, answer.json()["message"]) == (400, message)


async def test_an_option_makes_a_configurable_and_children_come_one_by_one(shirts: Client) -> None:
    await shirts.save(product("shirt"))
    url = "/rest/all/V1/configurable-products/shirt"
    too_early = await shirts.save({"childSku": "shirt-black"}, f"{url}/child")

    added = await shirts.save({"option": await color_option(shirts)}, f"{url}/options")
    twice = await shirts.save({"option": await color_option(shirts)}, f"{url}/options")
    child = await shirts.save({"childSku": "shirt-black"}, f"{url}/child")
    again = await shirts.save({"childSku": "shirt-black"}, f"{url}/child")
    plain = await shirts.save({"childSku": "shirt-plain"}, f"{url}/child")

    assert too_early.json()["message"] == "The parent product doesn't have configurable product options."
    assert isinstance(added.json(), int)
    assert twice.json()["message"] == "The product already has this option."
    assert child.json() is True
    assert again.json() == {"message": "The product is already attached."}
    assert plain.json() == {
        "message": 'The child product doesn\'t have the "%1" attribute value. Verify the value and try again.',
        "parameters": ["color"],
    }
    assert (await shirts.get("/V1/products/shirt"))["type_id"] == "configurable"


async def test_children_and_options_can_be_taken_away(shirts: Client) -> None:
    await parent(shirts, "shirt-black", "shirt-white")
    [option] = await shirts.get("/V1/configurable-products/shirt/options/all")
    url = "/rest/all/V1/configurable-products/shirt"

    gone = await shirts.http.delete(f"{url}/children/shirt-black")
    again = await shirts.http.delete(f"{url}/children/shirt-black")
    changed = await shirts.http.put(f"{url}/options/{option['id']}", json={"option": {"label": "Colour"}})
    [renamed] = await shirts.get("/V1/configurable-products/shirt/options/all")
    removed = await shirts.http.delete(f"{url}/options/{option['id']}")

    assert (gone.json(), again.status_code) == (True, 404)
    assert (changed.json(), renamed["label"]) == (option["id"], "Colour")
    assert removed.json() is True
    assert await shirts.get("/V1/configurable-products/shirt/children") == []


async def test_options_of_a_simple_product_are_refused(shirts: Client) -> None:
    answer = await shirts.http.get("/rest/all/V1/configurable-products/shirt-plain/options/all")

    assert (answer.status_code, answer.json()) == (
        400, {"message": "Only implemented for configurable product: %1", "parameters": ["shirt-plain"]},
    )  # fmt: skip


async def test_children_are_attached_in_bulk_by_sku(shirts: Client) -> None:
    await parent(shirts)
    items = [{"sku": "shirt", "childSku": "shirt-black"}, {"sku": "shirt", "childSku": "shirt-plain"}]
    answer = await shirts.http.post("/rest/all/async/bulk/V1/configurable-products/bySku/child", json=items)
    await shirts.shop.idle()

    first, second = await shirts.operations(answer.json()["bulk_uuid"])
    assert (first["status"], first["result_serialized_data"]) == (1, "true")
    assert (second["status"], second["error_code"]) == (3, 0)
    assert second["result_message"] == (
        'The child product doesn\'t have the "color" attribute value. Verify the value and try again.'
    )


async def test_a_new_option_of_an_attribute_can_be_used_at_once(client: Client) -> None:
    url = "/rest/all/V1/products/attributes/color/options"
    added = await client.save({"option": {"label": "Teal"}}, url)
    twice = await client.save({"option": {"label": "teal"}}, url)
    empty = await client.save({"option": {"label": " "}}, url)
    saved = await client.save(with_attributes("a", color=added.json()))
    gone = await client.http.delete(f"{url}/{added.json()}")
    again = await client.http.delete(f"{url}/{added.json()}")

    assert added.json().isdigit()
    assert twice.json() == {
        "message": 'Admin store attribute option label "%1" is already exists.', "parameters": ["teal"],
    }  # fmt: skip
    assert empty.json()["message"] == "The attribute option label is empty. Enter the value and try again."
    assert values(saved.json())["color"] == added.json()
    assert (gone.json(), again.status_code) == (True, 404)
