"""Three ways to send rows, against the practice shop over real HTTP: the same outcomes, and few questions."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from importer.backends.magento.access import Access, Bearer, Mode
from importer.backends.magento.backend import MagentoBackend
from importer.domain.batches import Operation, Receipt
from importer.domain.errors import AnswerLost, BackendRefused
from importer.domain.failures import Verdict, classify
from importer.domain.rows import Outcome
from importer.sandbox.shop import Shop
from importer.sources.mappings import MappingFolders
from tests.integration.conftest import ROOT, make_settings, working

MAPPINGS = MappingFolders([ROOT / "mappings"])
POST = MAPPINGS.parse("products", MAPPINGS.text("products"))


def other_request(line: str) -> Any:
    text = MAPPINGS.text("products")
    assert "request: {method: POST, path: /V1/products, idempotent: true}" in text
    return MAPPINGS.parse(
        "products", text.replace("request: {method: POST, path: /V1/products, idempotent: true}", line)
    )


PUT = other_request('request: {method: PUT, path: "/V1/products/:sku", idempotent: true}')
DELETE = other_request('request: {method: DELETE, path: "/V1/products/:sku", idempotent: true}')


def product(sku: str, **words: Any) -> Operation:
    item = {"product": {"sku": sku, "name": f"Thing {sku}", "attribute_set_id": 4, "price": 9.9, **words}}
    return Operation(row=1, line=2, key=sku, payload=json.dumps(item).encode())


@asynccontextmanager
async def backend_of(shop: Shop, mode: Mode) -> AsyncIterator[MagentoBackend]:
    access = Access(
        base_url=shop.address,  # type: ignore[attr-defined]
        credentials=Bearer(token="practice-token"),
        mode=mode,
    )
    backend = MagentoBackend(access)
    try:
        yield backend
    finally:
        await backend.close()


async def verdict_of(shop: Shop, backend: MagentoBackend, receipt: Receipt) -> tuple[Verdict, str]:
    await shop.idle()
    seen = await backend.poll(receipt, operations=1)
    assert seen.statuses is not None
    [one] = seen.statuses
    return classify(one), one.text


@pytest.mark.parametrize("mode", list(Mode))
async def test_each_way_of_sending_ends_in_the_same_outcomes_and_words(
    shop: Shop, products: Callable[..., Path], tmp_path: Path, mode: Mode
) -> None:
    path = products(12, {3: {"price": "-1"}, 7: {"price": "x"}})
    async with working(make_settings(tmp_path, shop.address, mode=mode)) as run:  # type: ignore[attr-defined]
        state = await run.run(path)
        rows = await run.importer.ports.rows.of(state.id, outcomes=list(Outcome), limit=50)

    assert state.counts == {Outcome.SUCCEEDED: 10, Outcome.INVALID: 2}
    assert {row.row for row in rows} == {3, 7}
    assert len(shop.products) == 10


@pytest.mark.parametrize("mode", list(Mode))
async def test_what_only_the_shop_can_refuse_is_told_in_its_words_in_every_way(
    shop: Shop, mode: Mode
) -> None:
    async with backend_of(shop, mode) as backend:
        receipt = await backend.submit(POST, [product("A-1", price=-1)])

        assert await verdict_of(shop, backend, receipt) == (
            Verdict.FAILED, "Please enter a number 0 or greater in this field.",
        )  # fmt: skip


@pytest.mark.parametrize("mode", list(Mode))
async def test_put_and_delete_are_written_as_ordinary_routes_in_every_way(shop: Shop, mode: Mode) -> None:
    sku = "A/1 é"  # contract S38
    async with backend_of(shop, mode) as backend:
        for mapping, operation, outcome in (
            (PUT, product(sku), Verdict.SUCCEEDED),
            (PUT, product(sku, name="Changed"), Verdict.SUCCEEDED),
            (DELETE, Operation(row=1, line=2, key=sku, payload=b"{}"), Verdict.SUCCEEDED),
            (DELETE, Operation(row=1, line=2, key=sku, payload=b"{}"), Verdict.FAILED),
        ):
            verdict, text = await verdict_of(shop, backend, await backend.submit(mapping, [operation]))
            assert verdict is outcome, text
            assert (sku in shop.products) is (mapping is PUT)


@pytest.mark.parametrize("mode", [Mode.ASYNC, Mode.SYNC])
async def test_a_batch_cut_for_bulk_is_refused_without_a_word_to_the_shop(shop: Shop, mode: Mode) -> None:
    async with backend_of(shop, mode) as backend:
        with pytest.raises(BackendRefused) as caught:
            await backend.submit(POST, [product("A-1"), product("A-2")])

    assert caught.value.code == "shop.one_by_one"
    assert list(shop.journal.requests) == []


async def test_an_import_whose_batches_were_cut_for_bulk_goes_on_one_by_one(
    shop: Shop, products: Callable[..., Path], tmp_path: Path
) -> None:
    """The mode is changed while an import is under way."""
    address = shop.address  # type: ignore[attr-defined]
    shop.faults.refuse_next(1000, 429, {"message": "busy"}, path="/rest/all/async/bulk")
    async with working(make_settings(tmp_path, address)) as run:
        accepted = await run.accept(products(25))
        await run.until(lambda state: state.waiting is not None, accepted.id)
    async with working(make_settings(tmp_path, address, mode="async")) as run:
        state = await run.finished(accepted.id)

    assert state.counts == {Outcome.SUCCEEDED: 25}
    assert len(shop.products) == 25


@pytest.mark.parametrize(("mode", "mapping"), [(Mode.ASYNC, POST), (Mode.ASYNC, PUT), (Mode.BULK, PUT)])
@pytest.mark.parametrize("worked_off", [True, False])
async def test_a_lost_receipt_is_found_again_in_every_way(
    shop: Shop, mode: Mode, mapping: Any, *, worked_off: bool
) -> None:
    since = datetime.now(UTC) - timedelta(seconds=5)
    shop.faults.hold_consumers = not worked_off
    async with backend_of(shop, mode) as backend:
        others = [await backend.submit(mapping, [product(f"B-{n}")]) for n in range(3)]
        shop.faults.drop_answer_next()
        with pytest.raises(AnswerLost):
            await backend.submit(mapping, [product("A-1")])
        if worked_off:
            await shop.idle()

        found = await backend.find(mapping, [product("A-1")], since=since, known={others[0].bulk_uuid})
        missing = await backend.find(mapping, [product("A-2")], since=since, known=set())

    assert found is not None
    assert found not in others
    assert missing is None


async def test_a_synchronous_answer_outlives_the_process_that_heard_it(shop: Shop) -> None:
    async with backend_of(shop, Mode.SYNC) as backend:
        good = await backend.submit(POST, [product("A-1")])
        bad = await backend.submit(POST, [product("A-2", price=-1)])
    requests = len(list(shop.journal.requests))

    async with backend_of(shop, Mode.SYNC) as another:
        assert (await verdict_of(shop, another, good))[0] is Verdict.SUCCEEDED
        verdict, text = await verdict_of(shop, another, bad)

    assert verdict is Verdict.FAILED
    assert "words are lost" in text
    assert len(list(shop.journal.requests)) == requests  # nothing was asked again
    assert all(len(receipt.bulk_uuid) <= 64 for receipt in (good, bad))


async def test_a_deadlock_answered_at_once_is_tried_again(shop: Shop) -> None:
    shop.faults.refuse_next(1, 400, {"message": "Database deadlock found when trying to get lock"})
    async with backend_of(shop, Mode.SYNC) as backend:
        receipt = await backend.submit(POST, [product("A-1")])
        assert (await verdict_of(shop, backend, receipt))[0] is Verdict.AGAIN
    async with backend_of(shop, Mode.SYNC) as another:
        assert (await verdict_of(shop, another, receipt))[0] is Verdict.AGAIN


@pytest.mark.parametrize("mode", list(Mode))
async def test_lost_answers_are_resolved_in_every_way_and_every_row_gets_its_outcome(
    shop: Shop, products: Callable[..., Path], tmp_path: Path, mode: Mode
) -> None:
    """A bulk or a single operation is found again and not sent twice; a synchronous write leaves nothing to find and is
    repeated, which this mapping allows."""
    shop.faults.drop_answer_next(3)
    async with working(make_settings(tmp_path, shop.address, mode=mode)) as run:  # type: ignore[attr-defined]
        state = await run.run(products(30))

    assert state.counts == {Outcome.SUCCEEDED: 30}
    assert len(shop.products) == 30
    assert len(shop.journal.writes) == (33 if mode is Mode.SYNC else 30)


async def test_a_synchronous_write_that_may_not_be_repeated_is_unknown_after_a_lost_answer(
    shop: Shop, products: Callable[..., Path], tmp_path: Path
) -> None:
    text = MAPPINGS.text("products").replace("idempotent: true", "idempotent: false")
    (tmp_path / "once.yaml").write_text(text)
    shop.faults.drop_answer_next()
    async with working(make_settings(tmp_path, shop.address, mode="sync")) as run:  # type: ignore[attr-defined]
        state = await run.run(products(5), mapping="once")

    assert state.counts == {Outcome.SUCCEEDED: 4, Outcome.UNKNOWN: 1}
    assert len(shop.journal.writes) == 5


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_synchronous_call_without_a_clear_answer_is_in_doubt(shop: Shop, status: int) -> None:
    shop.faults.refuse_next(1, status, "<html>")
    async with backend_of(shop, Mode.SYNC) as backend:
        with pytest.raises(AnswerLost):
            await backend.submit(POST, [product("A-1")])


@pytest.mark.parametrize(("pace", "most"), [(0.0, 6), (250.0, 6)])
async def test_a_bulk_of_five_hundred_takes_at_most_six_requests(
    shop: Shop, products: Callable[..., Path], tmp_path: Path, pace: float, most: int
) -> None:
    """The submission, the counts, the details: counted in the shop's own log, over four bulks at once."""
    shop.pace = pace
    rows = 2000
    async with working(make_settings(tmp_path, shop.address, batch_size=500)) as run:  # type: ignore[attr-defined]
        state = await run.run(products(rows))

    assert state.counts == {Outcome.SUCCEEDED: rows}
    bulks = rows // 500
    asked = Counter(
        line["path"].rpartition("/bulk/")[2].partition("/")[0]
        for line in shop.journal.requests
        if "/V1/bulk/" in line["path"]
    )
    assert len(asked) == bulks
    assert max(asked.values()) + 1 <= most  # with the submission
