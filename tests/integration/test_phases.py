"""Phases against the practice shop: children before configurables, products before their store views."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from importer.domain.rows import Outcome
from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from tests.integration.books import check_books
from tests.integration.conftest import ROOT, Running, make_settings, working


@pytest.fixture
async def luma(tmp_path: Path) -> Any:
    shop = Shop(catalog=load_catalog(ROOT / "samples/catalogs/luma.yaml"), token="practice-token")
    async with running(shop) as address, working(make_settings(tmp_path, address, batch_size=100)) as run:
        yield shop, run


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, dict.fromkeys(name for row in rows for name in row))
        out.writeheader()
        out.writerows(rows)
    return path


def child(color: str, **more: str) -> dict[str, str]:
    return {
        "sku": f"bag-{color}", "attribute_set_code": "Top", "product_type": "simple", "name": f"Bag {color}", "price": "5",
        "additional_attributes": f"color={color}", "url_key": f"bag-{color}", "visibility": "Not Visible Individually", **more,
    }  # fmt: skip


def parent(*colors: str) -> dict[str, str]:
    variations = "|".join(f"sku=bag-{color},color={color}" for color in colors)
    return {
        "sku": "bag", "attribute_set_code": "Top", "product_type": "configurable", "name": "Bag", "url_key": "bag",
        "configurable_variations": variations,
    }  # fmt: skip


def writes(shop: Shop) -> Iterator[str]:
    return (entry["sku"] for entry in shop.journal.writes)


async def test_children_go_before_their_configurable_whatever_the_order_of_the_file(
    luma: tuple[Shop, Running], tmp_path: Path
) -> None:
    shop, run = luma
    path = write(tmp_path / "bags.csv", [parent("Red", "Blue"), child("Red"), child("Blue")])
    state = await run.run(path, "magento-products")
    await check_books(run, state)

    assert state.equation == "3 rows read = 3 succeeded"
    assert list(writes(shop)) == ["bag-Red", "bag-Blue", "bag"]
    extension = shop.products.get("bag")["extension_attributes"]
    ids = [shop.products.get(f"bag-{color}")["id"] for color in ("Red", "Blue")]
    assert sorted(extension["configurable_product_links"]) == sorted(ids)
    [option] = extension["configurable_product_options"]
    assert len(option["values"]) == 2


async def test_a_configurable_whose_child_failed_is_blocked_and_names_it(
    luma: tuple[Shop, Running], tmp_path: Path
) -> None:
    shop, run = luma
    rows = [child("Red"), child("Blue", price="free"), parent("Red", "Blue")]
    state = await run.run(write(tmp_path / "bags.csv", rows), "magento-products")
    report = await run.importer.reporting.report(state.id)
    await check_books(run, state)

    assert state.equation == "3 rows read = 1 succeeded + 1 invalid + 1 blocked"
    [blocked] = [row for row in report["rows"] if row["outcome"] == "blocked"]
    assert (blocked["row"], blocked["key"], blocked["code"]) == (3, "bag", "needs.failed")
    assert blocked["text"] == "It needs bag-Blue (record 2), which did not succeed."
    assert list(writes(shop)) == ["bag-Red"]


async def test_a_configurable_with_a_child_that_is_nowhere_is_blocked_and_its_neighbours_go_on(
    luma: tuple[Shop, Running], tmp_path: Path
) -> None:
    shop, run = luma
    other = {**parent("Red"), "sku": "bag2", "name": "Bag 2", "url_key": "bag2"}
    state = await run.run(
        write(tmp_path / "bags.csv", [child("Red"), parent("Red", "Blue"), other]), "magento-products"
    )
    report = await run.importer.reporting.report(state.id)
    await check_books(run, state)

    assert state.equation == "3 rows read = 2 succeeded + 1 blocked"
    assert report["rows"][0]["text"] == "It needs bag-Blue, which the shop does not have."
    assert list(writes(shop)) == ["bag-Red", "bag2"]


async def test_a_dry_run_blocks_what_would_be_blocked(luma: tuple[Shop, Running], tmp_path: Path) -> None:
    shop, run = luma
    rows = [child("Red"), child("Blue", price="free"), parent("Red", "Blue")]
    state = await run.run(write(tmp_path / "bags.csv", rows), "magento-products", dry_run=True)

    assert state.counts == {Outcome.INVALID: 1, Outcome.BLOCKED: 1, Outcome.NOT_SENT: 1}
    assert not list(writes(shop))


async def test_store_views_come_last_and_need_their_product(
    luma: tuple[Shop, Running], tmp_path: Path
) -> None:
    shop, run = luma
    german = {"sku": "bag-Red", "store_view_code": "default", "name": "Tasche"}
    moon = {"sku": "bag-Red", "store_view_code": "moon", "name": "?"}
    orphan = {"sku": "bag-Blue", "store_view_code": "default", "name": "Blaue Tasche"}
    rows = [german, moon, orphan, child("Red"), child("Blue", price="free")]
    state = await run.run(write(tmp_path / "bags.csv", rows), "magento-products")
    report = await run.importer.reporting.report(state.id)
    await check_books(run, state)

    assert state.equation == "5 rows read = 2 succeeded + 2 invalid + 1 blocked"
    assert [(row["row"], row["code"]) for row in report["rows"]] == [
        (2, "scope.unknown"), (3, "needs.failed"), (5, "number"),
    ]  # fmt: skip
    scopes = [entry["path"].split("/")[2] for entry in shop.journal.requests if entry["method"] == "POST"]
    assert scopes == ["all", "default"]


@pytest.mark.magento_data
async def test_the_luma_catalogue_arrives_whole(luma: tuple[Shop, Running], data: Path) -> None:
    shop, run = luma
    state = await run.run(data / "luma_configurable_products.csv", "magento-products")
    await check_books(run, state)

    assert state.equation == "1,994 rows read = 1,994 succeeded"
    found = [shop.products.get(sku) for sku in writes(shop)]
    configurables = [product for product in found if product["type_id"] == "configurable"]
    assert len(configurables) == 147
    linked = {
        number
        for product in configurables
        for number in product["extension_attributes"]["configurable_product_links"]
    }
    assert len(linked) == len(found) - 147 == 1847
