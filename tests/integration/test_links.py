"""Links between products: a second operation of their rows, once every product is in the shop."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from importer.domain.batches import BatchStatus
from importer.domain.history import EventKind
from importer.domain.imports import Import, ImportStatus, Reason
from importer.domain.rows import Outcome
from importer.sandbox.errors import Refusal
from importer.sandbox.faults import Refuse
from importer.sandbox.shop import Shop
from importer.settings import Settings
from tests.integration.books import check_books
from tests.integration.conftest import ROOT, Running, working

LINKS = "/rest/all/async/bulk/V1/products/bySku/links"
MAPPING = "magento-products"
WRITTEN = "The product was written, its links were not."


def product(sku: str, related: str = "", **more: str) -> dict[str, str]:
    row = {"sku": sku, "attribute_set_code": "Default", "product_type": "simple", "name": f"Thing {sku}"}
    return {**row, "price": "5", "url_key": f"thing-{sku}", "related_skus": related, **more}


@pytest.fixture
def listed(tmp_path: Path) -> Callable[..., Path]:
    def write(*rows: dict[str, str]) -> Path:
        path = tmp_path / "links.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            out = csv.DictWriter(file, dict.fromkeys(name for row in rows for name in row))
            out.writeheader()
            out.writerows(rows)
        return path

    return write


Listed = Callable[..., Path]


def related(shop: Shop, sku: str) -> list[str]:
    return [link["linked_product_sku"] for link in shop.products.get(sku)["product_links"]]


def requests(shop: Shop) -> list[str]:
    return [entry["path"].partition("V1/")[2] for entry in shop.journal.requests if entry["method"] == "POST"]


async def rows_of(run: Running, state: Import) -> list[dict[str, Any]]:
    await check_books(run, state)
    rows: list[dict[str, Any]] = (await run.importer.reporting.report(state.id))["rows"]
    return rows


async def test_products_are_linked_in_both_directions_whatever_the_order(
    service: Running, shop: Shop, listed: Listed
) -> None:
    state = await service.run(listed(product("a", "b,c"), product("b", "a"), product("c")), MAPPING)

    assert state.equation == "3 rows read = 3 succeeded"
    assert (state.sent, state.confirmed) == (3, 3)
    assert (related(shop, "a"), related(shop, "b"), related(shop, "c")) == (["b", "c"], ["a"], [])
    assert requests(shop) == ["products", "products/bySku/links"]
    assert await rows_of(service, state) == []


async def test_the_sample_catalogue_is_a_configurable_a_grouped_product_a_store_view_and_links(
    service: Running, shop: Shop
) -> None:
    state = await service.run(ROOT / "samples/magento-catalogue.csv", MAPPING)
    [row] = await rows_of(service, state)

    assert state.equation == "8 rows read = 7 succeeded + 1 blocked"
    assert (row["key"], row["code"]) == ("FILTER", "needs.missing")
    assert row["text"] == f"{WRITTEN} It needs KETTLE, which the shop does not have."
    mug = shop.products.get("MUG")
    assert {(link["link_type"], link["linked_product_sku"], link["position"]) for link in mug["product_links"]} == {
        ("related", "BEANS", 1), ("crosssell", "FILTER", 2), ("crosssell", "BEANS", 1),
    }  # fmt: skip
    assert "MUG" in related(shop, "BEANS")
    assert len(mug["extension_attributes"]["configurable_product_links"]) == 2
    gift = shop.products.get("GIFT")
    assert [link["extension_attributes"]["qty"] for link in gift["product_links"]] == [2, 1]
    assert shop.products.get("MUG", 1)["name"] == "Emaillebecher"
    assert requests(shop) == ["products", "products", "products", "products/bySku/links"]


async def test_links_are_added_to_those_that_are_there(service: Running, shop: Shop, listed: Listed) -> None:
    await service.run(listed(product("a", "b"), product("b"), product("c")), MAPPING)
    await service.run(listed(product("a", "c")), MAPPING)

    assert related(shop, "a") == ["b", "c"]


async def test_a_target_that_failed_blocks_the_links_and_is_named(
    service: Running, shop: Shop, listed: Listed
) -> None:
    path = listed(product("a", "b"), product("b", price="free"), product("c", "a"), product("d", "c,nowhere"))
    state = await service.run(path, MAPPING)
    told = {row["key"]: row["text"] for row in await rows_of(service, state) if row["outcome"] == "blocked"}

    assert state.equation == "4 rows read = 1 succeeded + 1 invalid + 2 blocked"
    assert told == {
        "a": f"{WRITTEN} It needs b (record 2), which did not succeed.",
        "d": f"{WRITTEN} It needs nowhere, which the shop does not have.",
    }
    assert related(shop, "c") == ["a"]  # the product a was written, only its own links were not
    assert related(shop, "d") == []


async def test_links_to_a_row_whose_own_links_failed_go_all_the_same(
    settings: Settings, shop: Shop, listed: Listed
) -> None:
    settings.shops["main"] = settings.shops["main"].model_copy(update={"batch_size": 1})
    async with working(settings) as run:
        state = await run.run(listed(product("a", "nowhere"), product("b", "a")), MAPPING)
        [row] = await rows_of(run, state)

    assert state.equation == "2 rows read = 1 succeeded + 1 blocked"
    assert row["key"] == "a"
    assert related(shop, "b") == ["a"]


async def test_what_the_shop_says_of_links_stands_behind_what_it_has(
    service: Running, shop: Shop, listed: Listed
) -> None:
    refuses(shop, "items", "a", "The linked products data is invalid. Verify the data and try again.")
    state = await service.run(listed(product("a", "b"), product("b", "a")), MAPPING)
    [row] = await rows_of(service, state)

    assert state.equation == "2 rows read = 1 succeeded + 1 failed"
    assert row["text"] == f"{WRITTEN} The linked products data is invalid. Verify the data and try again."
    assert related(shop, "b") == ["a"]


async def test_of_a_row_whose_product_failed_the_links_are_dropped_and_not_counted(
    service: Running, shop: Shop, listed: Listed
) -> None:
    refuses(shop, "product", "a", "Magento does not like it.")
    state = await service.run(listed(product("a", "c"), product("b", "c"), product("c")), MAPPING)
    [row] = await rows_of(service, state)

    assert state.equation == "3 rows read = 2 succeeded + 1 failed"
    assert row["text"] == "Magento does not like it."
    assert related(shop, "b") == ["c"]
    assert requests(shop).count("products/bySku/links") == 1


async def test_when_all_products_with_links_failed_no_links_are_sent(
    service: Running, shop: Shop, listed: Listed
) -> None:
    refuses(shop, "product", "a", "Magento does not like it.")
    state = await service.run(listed(product("a", "b"), product("b")), MAPPING)
    await check_books(service, state)

    assert state.equation == "2 rows read = 1 succeeded + 1 failed"
    assert requests(shop) == ["products"]


def refuses(shop: Shop, part: str, sku: str, text: str) -> None:
    """The shop refuses this SKU's product, or its links."""
    real = shop.call

    def call(topic: str, item: Any, **where: Any) -> Any:
        if part in item and item.get("product", item).get("sku") == sku:
            raise Refusal(400, text)
        return real(topic, item, **where)

    shop.call = call  # type: ignore[method-assign]


async def test_a_dry_run_tells_whose_links_would_be_blocked(
    service: Running, shop: Shop, listed: Listed
) -> None:
    path = listed(product("a", "b"), product("b", price="free"), product("c", "a"))
    state = await service.run(path, MAPPING, dry_run=True)
    rows = await rows_of(service, state)

    assert state.counts == {Outcome.INVALID: 1, Outcome.BLOCKED: 1, Outcome.NOT_SENT: 1}
    assert [row["text"] for row in rows if row["key"] == "a"] == [
        "It needs b (record 2), which did not succeed."
    ]
    assert requests(shop) == []


@pytest.mark.parametrize("taken", ["still in the queue", "done meanwhile"])
async def test_links_whose_receipt_was_lost_are_found_or_sent_again(
    service: Running, shop: Shop, listed: Listed, taken: str
) -> None:
    after_the_last_product(shop, "b", lambda: lose_a_receipt(shop, held=taken == "still in the queue"))
    accepted = await service.accept(listed(product("a", "b"), product("b", "a")), MAPPING)
    await service.until(lambda state: state.ended or _is_waiting(state), accepted.id)
    await service.until(
        lambda state: not _is_waiting(state), accepted.id
    )  # its bulk was found, or sent again
    shop.faults.hold_consumers = False
    shop.wake()
    state = await service.finished(accepted.id)
    kinds = [event.kind for event in await service.importer.ports.imports.events(state.id)]
    await check_books(service, state)

    assert state.equation == "2 rows read = 2 succeeded"
    assert (related(shop, "a"), related(shop, "b")) == (["b"], ["a"])
    assert kinds.count(EventKind.IN_DOUBT) == 1
    found = taken == "still in the queue"  # of links that are done the shop keeps nothing to know them by
    assert requests(shop).count("products/bySku/links") == (1 if found else 2)
    assert not shop.journal.overlapping()


def _is_waiting(state: Import) -> bool:
    return state.waiting is not None


def lose_a_receipt(shop: Shop, *, held: bool) -> None:
    shop.faults.drop_answers = 1
    shop.faults.hold_consumers = held


def after_the_last_product(shop: Shop, sku: str, then: Callable[[], None]) -> None:
    real = shop.call

    def call(topic: str, item: Any, **where: Any) -> Any:
        done = real(topic, item, **where)
        if item.get("product", {}).get("sku") == sku:
            then()
        return done

    shop.call = call  # type: ignore[method-assign]


@pytest.fixture
async def between(settings: Settings, shop: Shop, listed: Listed) -> tuple[str, Shop]:
    """An import whose process has ended when the products were confirmed and no link was taken."""
    shop.faults.refuse.append(Refuse(times=100, status=401, body={"message": "Not allowed."}, path=LINKS))
    path = listed(product("a", "b"), product("b", "a"), product("c", price="free"), product("d"))
    async with working(settings) as run:
        accepted = await run.accept(path, MAPPING)
        state = await run.until(_is_waiting, accepted.id)
        await check_books(run, state)
    assert state.counts == {Outcome.PENDING: 2, Outcome.SUCCEEDED: 1, Outcome.INVALID: 1}
    return accepted.id, shop


async def test_a_process_that_ends_between_products_and_links_goes_on_with_the_links(
    settings: Settings, between: tuple[str, Shop]
) -> None:
    import_id, shop = between
    shop.faults.refuse.clear()
    async with working(settings) as run:
        state = await run.finished(import_id)
        await check_books(run, state)

    assert state.equation == "4 rows read = 3 succeeded + 1 invalid"
    assert (related(shop, "a"), related(shop, "b")) == (["b"], ["a"])
    assert requests(shop).count("products") == 1


async def test_an_import_that_ends_between_products_and_links_says_what_is_in_the_shop(
    settings: Settings, between: tuple[str, Shop]
) -> None:
    import_id, _ = between
    reason = Reason(code="cancelled", text="It was cancelled.")
    async with working(settings) as run:
        await run.importer.closing.abandon(import_id, ImportStatus.CANCELLED, reason)
        state = await run.importer.ports.imports.get(import_id)
        rows = await rows_of(run, state)

    assert state.equation == "4 rows read = 1 succeeded + 1 invalid + 2 not sent"
    unsent = next(row for row in rows if row["outcome"] == Outcome.NOT_SENT)
    assert unsent["text"] == f"{WRITTEN} They were not sent. It was cancelled."


async def test_an_import_that_ends_before_its_products_are_taken_counts_each_row_once(
    service: Running, shop: Shop, listed: Listed
) -> None:
    shop.faults.hold_consumers = True
    accepted = await service.accept(listed(product("a", "b"), product("b", "a"), product("c")), MAPPING)
    await service.until(lambda state: state.sent == 3, accepted.id)
    batches = await service.importer.ports.batches.of(accepted.id)
    reason = Reason(code="cancelled", text="It was cancelled.")
    await service.importer.closing.abandon(accepted.id, ImportStatus.CANCELLED, reason)
    state = await service.importer.ports.imports.get(accepted.id)
    rows = await rows_of(service, state)

    assert [(batch.status, batch.operations) for batch in batches] == [
        (BatchStatus.SENT, 3), (BatchStatus.WAITING, 2),
    ]  # fmt: skip
    assert state.equation == "3 rows read = 3 unknown"
    assert "written" not in rows[0]["text"]


@pytest.mark.parametrize("mode", ["async", "sync"])
async def test_links_go_one_by_one_where_bulk_routes_are_broken(
    settings: Settings, shop: Shop, listed: Listed, mode: str
) -> None:
    settings.shops["main"] = settings.shops["main"].model_copy(update={"mode": mode})
    german = {"sku": "a", "store_view_code": "default", "name": "Ding"}
    path = listed(product("a", "b", store_view_code=""), product("b", "a"), german)
    async with working(settings) as run:
        state = await run.run(path, MAPPING)
        await check_books(run, state)

    assert state.equation == "3 rows read = 3 succeeded"
    assert (related(shop, "a"), related(shop, "b")) == (["b"], ["a"])
    assert (shop.products.get("a")["name"], shop.products.get("a", 1)["name"]) == ("Thing a", "Ding")
