"""What a save makes of a product (recordings 10 and 21; native CSV, section 2)."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from importer.sandbox.catalog import BUILT_IN, load_catalog
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from tests.sandbox.conftest import TOKEN, Client, product, values, with_attributes


def without(item: dict[str, Any], name: str) -> dict[str, Any]:
    return {"product": {key: value for key, value in item["product"].items() if key != name}}


EMPTY = 'The "{}" attribute value is empty. Set the attribute and try again.'
NOT_NEGATIVE = "Please enter a number 0 or greater in this field."


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (without(product("a"), "name"), EMPTY.format("Product Name")),
        (product("a", name=""), EMPTY.format("Product Name")),
        (without(product("a"), "price"), EMPTY.format("Price")),
        (product("a", price=None), EMPTY.format("Price")),
        (product("a", price=-0.01), NOT_NEGATIVE),
        (with_attributes("a", special_price=-1), NOT_NEGATIVE),
        (product(" "), EMPTY.format("sku")),
        (product("x" * 65), "SKU length should be 64 characters maximum."),
        (without(product("a"), "attribute_set_id"), "Invalid product data: %1"),
        (
            product("a", extension_attributes={"website_ids": [99]}),
            "The product was unable to be saved. Please try again.",
        ),
    ],
)
async def test_what_cannot_be_saved_is_refused_with_magentos_sentence(
    client: Client, item: Any, message: str
) -> None:
    answer = await client.save(item)

    assert (answer.status_code, answer.json()["message"]) == (400, message)
    assert len(client.shop.products) == 0
    assert client.shop.journal.writes == []


async def test_odd_status_visibility_and_type_are_taken_without_a_word(client: Client) -> None:
    saved = (await client.save(product("a", status=7, visibility=99))).json()
    other = (await client.save(product("b", type_id="nosuchtype", weight=2))).json()

    assert (saved["status"], saved["visibility"]) == (7, 99)
    assert {"price", "weight"}.isdisjoint(other)
    assert other["type_id"] == "nosuchtype"


async def test_a_sku_loses_the_blanks_around_it_and_keeps_everything_inside(client: Client) -> None:
    sku = "a/b é %"
    assert (await client.save(product(f"  {sku} "))).json()["sku"] == sku
    found = await client.http.get("/rest/all/V1/products/a%2Fb%20%C3%A9%20%25", params={"fields": "sku"})

    assert found.json() == {"sku": sku}


async def test_a_virtual_product_has_no_weight(client: Client) -> None:
    assert "weight" not in (await client.save(product("a", type_id="virtual", weight=3))).json()


async def test_unknown_attributes_and_categories_vanish(client: Client) -> None:
    saved = (await client.save(with_attributes("a", nosuch="x", category_ids=[2, "3", 99999]))).json()

    assert "nosuch" not in values(saved)
    assert values(saved)["category_ids"] == ["2", "3"]
    assert saved["extension_attributes"]["category_links"] == [
        {"position": 0, "category_id": "2"},
        {"position": 0, "category_id": "3"},
    ]


async def test_category_links_are_added_and_an_empty_list_clears(client: Client) -> None:
    async def links(*sent: dict[str, Any]) -> list[str]:
        item = {"product": {"sku": "a", "extension_attributes": {"category_links": list(sent)}}}
        extensions = (await client.save(item)).json()["extension_attributes"]
        return [link["category_id"] for link in extensions.get("category_links", [])]

    await client.save(with_attributes("a", category_ids=["2"]))

    assert await links({"category_id": "3", "position": 5}) == ["2", "3"]
    assert await links() == []


async def test_an_update_changes_only_what_is_sent(client: Client) -> None:
    first = product("a", weight=2, extension_attributes={"stock_item": {"qty": 7, "is_in_stock": True}})
    first["product"]["custom_attributes"] = [{"attribute_code": "description", "value": "Good."}]
    before = (await client.save(first)).json()
    after = (await client.save({"product": {"sku": "a", "price": 1}})).json()

    assert after == {**before, "price": 1, "updated_at": after["updated_at"]}


async def test_an_empty_value_clears_an_attribute_and_lists_are_joined(client: Client) -> None:
    await client.save(with_attributes("a", description="Good.", flavour_notes=["507", "508"], organic="1"))
    again = (await client.save(with_attributes("a", description=""))).json()

    assert "description" not in values(again)
    assert (values(again)["flavour_notes"], values(again)["organic"]) == ("507,508", "1")


async def test_a_url_key_is_made_from_the_name_or_from_the_key_given(client: Client) -> None:
    made = (await client.save(product("a", name="Thé Vert / Grüße 100 g"))).json()
    given = (await client.save(with_attributes("b", url_key="My Own Key"))).json()

    assert (values(made)["url_key"], values(given)["url_key"]) == ("the-vert-grusse-100-g", "my-own-key")


async def test_a_product_that_cannot_be_seen_gives_its_url_key_up(client: Client) -> None:
    await client.save(product("a", name="Same"))
    assert (await client.save(product("b", name="Same"))).status_code == 400
    await client.save({"product": {"sku": "a", "visibility": 1}})
    assert (await client.save(product("b", name="Same"))).status_code == 200
    back = await client.save({"product": {"sku": "a", "visibility": 4}})

    assert back.json() == {"message": "URL key for specified store already exists."}


async def test_names_in_camel_case_are_understood_inside_a_product(client: Client) -> None:
    item = {"product": {"sku": "a", "name": "A", "attributeSetId": "4", "Price": "9.90",
                        "extensionAttributes": {"stockItem": {"qty": "3", "isInStock": "true"}}}}  # fmt: skip
    saved = (await client.save(item)).json()

    assert (saved["attribute_set_id"], saved["price"]) == (4, 9.9)
    stock = saved["extension_attributes"]["stock_item"]
    assert (stock["qty"], stock["is_in_stock"]) == (3, True)


async def test_pictures_get_a_file_name_and_lose_their_content(client: Client) -> None:
    picture = {
        "media_type": "image",
        "label": "Front",
        "types": ["image"],
        "content": {"base64_encoded_data": "iVBORw0KGgo=", "type": "image/png", "name": "Front.png"},
    }
    [entry] = (await client.save(product("a", media_gallery_entries=[picture]))).json()[
        "media_gallery_entries"
    ]

    assert (entry["file"], entry["types"], "content" in entry) == ("/f/r/front.png", ["image"], False)


async def test_characters_of_four_bytes_become_question_marks(client: Client) -> None:
    assert (await client.save(product("a", name="emoji 😀 日本語"))).json()["name"] == "emoji ???? 日本語"


async def test_a_new_product_goes_to_every_website_or_to_that_of_the_stores_url(tmp_path: Path) -> None:
    path = tmp_path / "catalog.yaml"
    text = BUILT_IN.read_text(encoding="utf-8")
    text = text.replace("websites: [base]", "websites: [base, second]")
    path.write_text(text.replace("  default: base", "  default: base\n  french: second"), encoding="utf-8")
    shop = Shop(catalog=load_catalog(path), token=TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    found = {}
    async with running(shop) as address, httpx.AsyncClient(base_url=address, headers=headers) as http:
        for store in ("all/", "french/", ""):
            answer = await http.post(f"/rest/{store}V1/products", json=product(f"a{store[:1]}"))
            found[store] = answer.json()["extension_attributes"]["website_ids"]

    assert found == {"all/": [1, 2], "french/": [2], "": [1]}


async def test_an_attribute_that_the_catalogue_requires_is_required(tmp_path: Path) -> None:
    path = tmp_path / "catalog.yaml"
    path.write_text(
        BUILT_IN.read_text(encoding="utf-8") + "  brand: {label: Brand, required: true}\n", encoding="utf-8"
    )
    shop = Shop(catalog=load_catalog(path), token=TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with running(shop) as address, httpx.AsyncClient(base_url=address, headers=headers) as http:
        refused = await http.post("/rest/all/V1/products", json=product("a"))
        taken = await http.post("/rest/all/V1/products", json=with_attributes("a", brand="Ours"))

    assert refused.json() == {"message": EMPTY.format("Brand")}
    assert taken.status_code == 200
