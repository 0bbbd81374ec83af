"""A file goes in, a true report comes out: the practice shop over real HTTP, the state in a real database."""

import asyncio
import csv
import io
import random
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from importer.domain.history import EventKind
from importer.domain.imports import ImportStatus, Mode
from importer.domain.rows import Outcome, RowError
from importer.sandbox.catalog import load_catalog
from importer.sandbox.faults import Refuse
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from importer.services.checking import check
from importer.settings import Settings
from importer.store.database import open_database
from importer.store.tables import batches
from tests.integration.books import check_books, written
from tests.integration.conftest import Running, make_settings, working

Products = Callable[..., Path]

ROOT = Path(__file__).parents[2]
BULK = "/rest/all/async/bulk"


async def rows_csv(run: Running, import_id: str) -> list[dict[str, str]]:
    text = b"".join([line async for line in run.importer.reporting.rows(import_id)]).decode()
    return list(csv.DictReader(io.StringIO(text)))


async def test_every_row_is_confirmed_by_the_shop(service: Running, shop: Shop, products: Products) -> None:
    state = await service.run(products(35))

    assert state.status is ImportStatus.COMPLETED
    assert state.counts == {Outcome.SUCCEEDED: 35}
    assert sorted(written(shop)) == [f"A-{n:04d}" for n in range(1, 36)]
    await check_books(service, state)


async def test_bad_rows_are_told_and_the_others_succeed(
    service: Running, shop: Shop, products: Products
) -> None:
    state = await service.run(products(20, {3: {"price": "cheap"}, 7: {"name": ""}, 11: {"price": "-1"}}))
    report = await service.importer.reporting.report(state.id)

    assert state.equation == "20 rows read = 17 succeeded + 3 invalid"
    assert [(r["row"], r["line"], r["column"], r["value"], r["code"]) for r in report["rows"]] == [
        (3, 4, "price", "cheap", "number"),
        (7, 8, "name", "", "required"),
        (11, 12, "price", "-1", "number.minimum"),
    ]
    assert len(written(shop)) == 17
    await check_books(service, state)


async def test_what_only_the_shop_can_know_is_told_in_its_own_words(
    service: Running, shop: Shop, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("article,name,price,web address\na,A,1,same\nb,B,1,same\nc,C,1,other\n")

    state = await service.run(path)
    [row] = (await service.importer.reporting.report(state.id))["rows"]

    assert state.equation == "3 rows read = 2 succeeded + 1 failed"
    assert (row["key"], row["outcome"], row["text"]) == (
        "b",
        "failed",
        "URL key for specified store already exists.",
    )
    assert len(shop.products) == 2


async def test_failed_rows_come_back_in_their_own_layout_and_can_be_mended(
    service: Running, tmp_path: Path, products: Products
) -> None:
    path = products(4, {2: {"name": "=cmd()", "price": "x"}})
    state = await service.run(path)

    [row] = await rows_csv(service, state.id)
    assert (row["article"], row["name"], row["price"]) == ("A-0002", "'=cmd()", "x")
    assert (row["_row"], row["_line"], row["_outcome"], row["_code"]) == ("2", "3", "invalid", "number")

    mended = tmp_path / "mended.csv"
    with mended.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow({**row, "price": "5"})
    again = await service.run(mended)

    assert again.equation == "1 row read = 1 succeeded"
    assert again.columns["unknown"] == []


async def test_a_dry_run_writes_nothing_and_finds_the_same_faults(
    service: Running, shop: Shop, products: Products
) -> None:
    path = products(25, {3: {"price": "cheap"}})
    state = await service.run(path, dry_run=True)

    assert state.equation == "25 rows read = 1 invalid + 24 not sent"
    assert {entry["method"] for entry in shop.journal.requests} == {"GET"}
    assert written(shop) == []
    await check_books(service, state)


async def test_a_check_finds_what_the_command_finds_and_makes_nothing_ready_to_be_sent(
    service: Running, shop: Shop, products: Products, settings: Settings
) -> None:
    path = products(25, {3: {"price": "cheap"}, 7: {"article": ""}, 9: {"article": "A-0010"}})
    state = await service.run(path, check_only=True)
    ports = service.importer.ports
    mapping = ports.mappings.parse("products", ports.mappings.text("products"))
    told: list[RowError] = []
    found = check(path, path.name, mapping, await ports.shops.reader("main").look_ups(), told=told.append)

    assert (state.mode, state.status, state.dry_run) == (Mode.CHECK, ImportStatus.COMPLETED, True)
    assert state.equation == "25 rows read = 1 skipped + 2 invalid + 22 not sent"
    assert (state.counts[Outcome.NOT_SENT], state.batches) == (found.sendable, 0)
    assert await ports.rows.of(state.id, outcomes=list(Outcome), limit=100) == told
    kept = settings.data_dir / "files" / "imports" / state.id
    assert sorted(one.name for one in kept.iterdir()) == ["look_ups.json", "mapping.yaml", "source"]
    assert {entry["method"] for entry in shop.journal.requests} == {"GET"}
    await check_books(service, state)


async def test_a_check_stops_at_too_many_wrong_rows(service: Running, products: Products) -> None:
    state = await service.run(products(5, {2: {"price": "x"}}), check_only=True, max_errors=0)

    assert state.failure is not None
    assert (state.status, state.failure.code) == (ImportStatus.FAILED, "errors.too_many")
    await check_books(service, state)


async def test_a_request_refused_as_a_whole_is_split_until_the_culprit_stands_alone(
    service: Running, shop: Shop, tmp_path: Path
) -> None:
    """The label passes our check (its table says text) and the shop refuses the whole bulk, naming no row (S2)."""
    (tmp_path / "raw.yaml").write_text(
        "importer: 1\nentity: product\nrequest: {method: POST, path: /V1/products, idempotent: true}\nkey: sku\n"
        "columns:\n  sku: {to: product.sku}\n  name: {to: product.name}\n  price: {to: product.price}\n"
        "  set: {to: product.attribute_set_id, rules: [integer]}\n",
    )
    path = tmp_path / "a.csv"
    lines = [f"s{n},N{n},{'abc' if n == 6 else 1},4" for n in range(1, 11)]
    path.write_text("\n".join(["sku,name,price,set", *lines]) + "\n")

    state = await service.run(path, "raw")
    [row] = (await service.importer.reporting.report(state.id))["rows"]

    assert state.equation == "10 rows read = 9 succeeded + 1 failed"
    assert (row["row"], row["line"], row["key"], row["code"]) == (6, 7, "s6", "shop.refused")
    assert 'The "abc" value\'s type is invalid' in row["text"]
    assert len(written(shop)) == len(set(written(shop))) == 9
    await check_books(service, state)


async def test_a_shop_that_is_away_makes_the_import_wait_and_go_on(
    service: Running, shop: Shop, products: Products
) -> None:
    shop.faults.down = True
    accepted = await service.accept(products(15))
    state = await service.until(lambda state: state.waiting is not None, accepted.id)

    assert state.waiting is not None
    assert state.waiting.code == "shop.error"
    assert "503" in state.waiting.text

    shop.faults.down = False
    state = await service.finished(accepted.id)
    assert state.equation == "15 rows read = 15 succeeded"
    assert state.waiting is None


async def test_a_server_error_on_submission_is_looked_up_and_sent_again(
    service: Running, shop: Shop, products: Products
) -> None:
    shop.faults.refuse.append(Refuse(times=1, status=500, body={"message": "Internal Error."}, path=BULK))

    state = await service.run(products(5))
    kinds = [event.kind for event in await service.importer.ports.imports.events(state.id)]

    assert state.equation == "5 rows read = 5 succeeded"
    assert kinds.count(EventKind.IN_DOUBT) == kinds.count(EventKind.NOT_TAKEN) == 1
    assert len(written(shop)) == 5


@pytest.mark.parametrize("held", [False, True], ids=["processed meanwhile", "still in the queue"])
async def test_a_lost_receipt_is_found_again_and_nothing_is_sent_twice(
    service: Running, shop: Shop, products: Products, *, held: bool
) -> None:
    shop.faults.drop_answers = 1
    shop.faults.hold_consumers = held
    accepted = await service.accept(products(5))

    await service.until(lambda state: state.sent == 5, accepted.id)
    shop.faults.hold_consumers = False
    shop.wake()
    state = await service.finished(accepted.id)

    assert state.equation == "5 rows read = 5 succeeded"
    assert len(written(shop)) == 5
    posts = [entry for entry in shop.journal.requests if entry["method"] == "POST"]
    assert len(posts) == 1


async def test_an_earlier_import_of_the_same_rows_is_not_taken_for_the_lost_one(
    service: Running, shop: Shop, products: Products
) -> None:
    path = products(5)
    await service.run(path)
    shop.faults.refuse.append(Refuse(times=1, status=502, body="<html>", path=BULK))

    state = await service.run(path)

    assert state.equation == "5 rows read = 5 succeeded"
    assert len(written(shop)) == 10


async def test_a_deadlock_is_sent_again_in_a_batch_of_its_own(
    service: Running, shop: Shop, products: Products
) -> None:
    real, hit = shop.call, []

    def deadlocks_once(topic: str, item: Any, **where: Any) -> Any:
        if item["product"]["sku"] == "A-0003" and not hit:
            hit.append(item)
            raise shop_refusal("Database deadlock found when trying to get lock")
        return real(topic, item, **where)

    shop.call = deadlocks_once  # type: ignore[method-assign]
    state = await service.run(products(5))

    assert hit
    assert state.equation == "5 rows read = 5 succeeded"
    assert state.batches == 2
    await check_books(service, state)


def shop_refusal(text: str) -> Exception:
    from importer.sandbox.errors import Refusal

    return Refusal(400, text)


async def test_a_token_that_the_shop_refuses_ends_a_command_line_run_with_every_row_accounted_for(
    shop: Shop, tmp_path: Path, products: Products
) -> None:
    settings = make_settings(tmp_path, shop.address, token="wrong", patience_seconds=1.0)  # type: ignore[attr-defined]
    async with working(settings) as run:
        state = await run.run(products(5))

    assert state.status is ImportStatus.FAILED
    assert state.failure is not None
    assert state.failure.code == "shop.token"
    assert "isn't authorized to access Magento_Catalog::sets" in state.failure.text
    assert "wrong" not in state.failure.text
    assert state.equation_holds


async def test_a_shop_that_goes_away_halfway_leaves_no_row_unaccounted(
    tmp_path: Path, products: Products
) -> None:
    practice = Shop(catalog=load_catalog(), token="practice-token")
    async with running(practice) as address:
        settings = make_settings(tmp_path, address, patience_seconds=0.2, batches_in_flight=1)
        async with working(settings) as run:
            practice.faults.hold_consumers = True
            accepted = await run.accept(products(30))
            await run.until(lambda state: state.sent == 10, accepted.id)
            practice.faults.down = True
            state = await run.finished(accepted.id)

    assert state.status is ImportStatus.FAILED
    assert state.equation == "30 rows read = 10 unknown + 20 not sent"


async def test_a_file_in_which_every_row_is_wrong_completes_and_sends_nothing(
    service: Running, shop: Shop, products: Products
) -> None:
    state = await service.run(products(3, {n: {"price": "x"} for n in (1, 2, 3)}))

    assert state.status is ImportStatus.COMPLETED
    assert state.equation == "3 rows read = 3 invalid"
    assert written(shop) == []


@pytest.mark.parametrize(
    ("name", "mapping", "equation", "made"),
    [
        ("coffee.csv", "products", "84 rows read = 76 succeeded + 1 skipped + 6 invalid + 1 failed", 76),
        ("magento-products.csv", "magento-products", "9 rows read = 7 succeeded + 2 invalid", 6),
        ("magento-catalogue.csv", "magento-products", "8 rows read = 7 succeeded + 1 blocked", 7),
    ],
)
async def test_the_samples_give_what_they_promise(
    service: Running, shop: Shop, name: str, mapping: str, equation: str, made: int
) -> None:
    state = await service.run(ROOT / "samples" / name, mapping)

    assert state.equation == equation
    assert len(shop.products) == made


async def test_one_idempotency_key_makes_one_import(service: Running, products: Products) -> None:
    first = await service.accept(products(3), idempotency_key="k")
    again = await service.accept(products(3), idempotency_key="k")

    assert again.id == first.id
    assert len(await service.importer.ports.imports.latest(limit=10)) == 1


async def test_a_restart_goes_on_where_the_last_process_stopped(
    settings: Settings, shop: Shop, products: Products
) -> None:
    shop.faults.hold_consumers = True
    async with working(settings) as run:
        accepted = await run.accept(products(60))
        await run.until(lambda state: state.sent >= 20, accepted.id)
    shop.faults.hold_consumers = False
    shop.wake()

    async with working(settings) as run:
        state = await run.finished(accepted.id)
        await check_books(run, state)

    assert state.equation == "60 rows read = 60 succeeded"
    assert len(written(shop)) == 60


async def test_a_process_killed_between_request_and_receipt_finds_its_bulk_again(
    settings: Settings, shop: Shop, products: Products
) -> None:
    """The shop has done the work and holds its answer back; the process ends without having seen it."""
    shop.faults.answer_seconds = 60.0
    async with working(settings) as run:
        accepted = await run.accept(products(5))
        async with asyncio.timeout(10):
            while not shop.journal.writes:
                await asyncio.sleep(0)
    [batch] = await batches_of(settings, accepted.id)
    assert batch == ("sending", 1)

    shop.faults.answer_seconds = 0.0
    async with working(settings) as run:
        state = await run.finished(accepted.id)

    assert state.equation == "5 rows read = 5 succeeded"
    assert len(written(shop)) == 5


async def test_after_a_kill_the_import_says_that_it_looks_a_batch_up_and_when(
    settings: Settings, shop: Shop, products: Products
) -> None:
    """The settling time is long here: the new process has nothing to do but to wait, and says why."""
    slow = settings.model_copy(
        update={"shops": {"main": settings.shops["main"].model_copy(update={"settle_seconds": 3600.0})}}
    )
    shop.faults.answer_seconds = 60.0
    async with working(slow) as run:
        accepted = await run.accept(products(5))
        async with asyncio.timeout(10):
            while not shop.journal.writes:
                await asyncio.sleep(0)

    async with working(slow) as run:
        state = await run.until(lambda state: state.waiting is not None, accepted.id)
        events = await run.importer.ports.imports.events(accepted.id)
    sending = next(event.at for event in events if event.kind is EventKind.SENDING)

    assert state.waiting is not None
    assert state.waiting.code == "shop.answer_lost"
    assert state.waiting.text.startswith(
        "No answer was seen for batch 1, perhaps because importer was stopped."
    )
    assert f"looked up in the shop at {sending + timedelta(hours=1):%H:%M:}" in state.waiting.text


async def batches_of(settings: Settings, import_id: str) -> list[tuple[str, int]]:
    async with open_database(settings.database_address) as database, database.reading() as c:
        query = select(batches.c.status, batches.c.attempt).where(batches.c.import_id == import_id)
        return [(status, attempt) for status, attempt in await c.execute(query)]


@pytest.mark.magento_data
async def test_the_luma_catalogue_adds_up(data: Path, tmp_path: Path) -> None:
    practice = Shop(catalog=load_catalog(ROOT / "samples/catalogs/luma.yaml"), token="practice-token")
    async with running(practice) as address, working(make_settings(tmp_path, address, batch_size=100)) as run:
        state = await run.run(data / "luma_configurable_products.csv", "magento-products")

    assert state.equation == "1,994 rows read = 1,994 succeeded"
    for page in ("README.md", "docs/howto/read-a-report.md"):  # they show this import
        shown = [line.strip() for line in (ROOT / page).read_text().splitlines() if " rows read = " in line]
        assert shown == [state.equation], page
    assert len(practice.products) == len(written(practice)) == 1994


DAMAGE: dict[str, tuple[Callable[[dict[str, str]], dict[str, str]], str, str]] = {
    "price": (lambda row: {**row, "price": "12,5O"}, "price", "number"),
    "negative": (lambda row: {**row, "price": "-3"}, "price", "number.minimum"),
    "set": (lambda row: {**row, "attribute_set_code": "Topp"}, "attribute_set_code", "look_up.unknown"),
    "website": (lambda row: {**row, "product_websites": "base,moon"}, "product_websites", "look_up.unknown"),
    "visibility": (lambda row: {**row, "visibility": "Somewhere"}, "visibility", "values.unknown"),
    "weight": (lambda row: {**row, "weight": "heavy"}, "weight", "number"),
    "option": (
        lambda row: {**row, "additional_attributes": "color=Octarine"},
        "additional_attributes (color)",
        "look_up.unknown",
    ),
    "attribute": (
        lambda row: {**row, "additional_attributes": "colour=Red"},
        "additional_attributes",
        "attribute.unknown",
    ),
    "sku": (lambda row: {**row, "sku": ""}, "sku", "key.empty"),
    "category": (lambda row: {**row, "categories": "Default Category/Moon"}, "categories", "look_up.unknown"),
}
"""Kind of damage -> how it is done, and the column and code that must be reported for it."""


@pytest.mark.magento_data
async def test_of_damaged_luma_rows_each_is_told_and_all_others_succeed(data: Path, tmp_path: Path) -> None:
    """5 % of the simples are damaged in ten ways, and some lines lose their end."""
    dice = random.Random(20)
    with (data / "luma_configurable_products.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    simples = [n for n, row in enumerate(rows, 1) if row["product_type"] == "simple"]
    chosen = dice.sample(simples, len(rows) // 20)
    kinds = {number: list(DAMAGE)[place % len(DAMAGE)] for place, number in enumerate(chosen[10:])}
    path, lines = tmp_path / "damaged.csv", {}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows[0])
        line = 2
        for number, row in enumerate(rows, 1):
            cells = list((DAMAGE[kinds[number]][0](row) if number in kinds else row).values())
            writer.writerow(cells[:5] if number in chosen[:10] else cells)
            lines[number] = line
            line += 1 + sum(cell.count("\n") for cell in (cells[:5] if number in chosen[:10] else cells))

    practice = Shop(catalog=load_catalog(ROOT / "samples/catalogs/luma.yaml"), token="practice-token")
    async with running(practice) as address, working(make_settings(tmp_path, address, batch_size=100)) as run:
        state = await run.run(path, "magento-products")
        report = await run.importer.reporting.report(state.id)
        await check_books(run, state)

    told = {row["row"]: row for row in report["rows"] if row["outcome"] == "invalid"}
    assert set(told) == set(chosen)
    for number, kind in kinds.items():
        _, column, code = DAMAGE[kind]
        row = told[number]
        assert (row["line"], row["column"], row["code"]) == (lines[number], column, code), kind
        assert row["text"]
        assert row["fix"] or kind == "negative"
        assert row["value"] is not None
    assert all(told[number]["code"] == "record.too_short" for number in chosen[:10])
    damaged = {rows[number - 1]["sku"] for number in chosen}
    parents = [
        row for row in rows if damaged & set(re.findall(r"sku=([^,]+)", row["configurable_variations"]))
    ]
    blocked = [row for row in report["rows"] if row["outcome"] == "blocked"]
    assert {row["key"] for row in blocked} == {row["sku"] for row in parents}
    assert all(any(sku in row["text"] for sku in damaged) for row in blocked)
    assert state.counts == {
        Outcome.SUCCEEDED: len(rows) - len(chosen) - len(parents),
        Outcome.INVALID: len(chosen),
        Outcome.BLOCKED: len(parents),
    }
