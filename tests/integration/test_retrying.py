"""Rows of an ended import go again as a further attempt of it, and what the shop may still have is not sent twice."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.domain.commands import Command, Retry
from importer.domain.errors import RequestError, Untimely
from importer.domain.history import EventKind
from importer.domain.imports import Import, ImportStatus, Reason
from importer.domain.rows import Outcome
from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from importer.settings import Settings
from tests.integration.books import check_books, written
from tests.integration.conftest import ROOT, Running, let_go, make_settings, working
from tests.integration.test_phases import child, parent, write, writes

Products = Callable[..., Path]

DANA = Command(by="dana", note="the set is there now")
ALL = Retry()


async def attempts(run: Running, import_id: str) -> list[dict[str, object]]:
    events = await run.importer.ports.imports.events(import_id)
    return [dict(event.data) for event in events if event.kind is EventKind.RETRIED]


def with_one_that_fails(path: Path) -> Path:
    """The shop refuses A-0006: A-0005 has its URL key."""
    head, *lines = path.read_text().splitlines()
    same = [line + (",same" if line.startswith(("A-0005", "A-0006")) else ",") for line in lines]
    path.write_text("\n".join([f"{head},web address", *same]))
    return path


async def failed(run: Running, shop: Shop, products: Products) -> Import:
    """12 rows, of which 2 are wrong and 1 fails in the shop."""
    state = await run.run(with_one_that_fails(products(12, {3: {"price": "x"}, 7: {"price": "y"}})))
    assert state.equation == "12 rows read = 9 succeeded + 2 invalid + 1 failed"
    return state


async def test_failed_rows_go_again_when_the_shop_was_repaired(
    service: Running, shop: Shop, products: Products
) -> None:
    ended = await failed(service, shop, products)
    shop.products.delete("A-0005")

    begun = await service.importer.retrying.retry(ended.id, ALL, DANA)
    assert (begun.attempt, begun.status, begun.ended_at) == (2, ImportStatus.DELIVERING, None)
    assert begun.equation_holds
    state = await service.finished(ended.id)

    assert state.equation == "12 rows read = 10 succeeded + 2 invalid"
    assert (state.status, state.attempt, state.sent) == (ImportStatus.COMPLETED, 2, 10)
    assert [sku for sku in written(shop) if sku == "A-0006"] == ["A-0006"]
    [event] = await attempts(service, ended.id)
    assert event["outcomes"] == {"failed": 1}
    assert (event["attempt"], event["by"], event["note"]) == (2, "dana", "the set is there now")
    [earlier] = await service.importer.ports.commands.earlier(ended.id)
    assert (earlier.attempt, earlier.outcome, earlier.code, earlier.rows) == (
        1,
        Outcome.FAILED,
        "shop.rejected",
        1,
    )
    await check_books(service, state)


async def test_a_missing_attribute_set_that_was_created_meanwhile(
    service: Running, shop: Shop, tmp_path: Path, products: Products
) -> None:
    text = (ROOT / "mappings/products.yaml").read_text().replace("default: 4 ", "default: 42 ")
    (tmp_path / "sets.yaml").write_text(text)
    ended = await service.run(products(25), "sets")
    assert ended.counts == {Outcome.FAILED: 25}

    eav = shop.entities.eav
    eav.put_set({**eav.sets.get(4), "attribute_set_id": 42, "attribute_set_name": "Bags"})
    await service.importer.retrying.retry(ended.id, Retry(outcomes=frozenset({Outcome.FAILED})), DANA)
    state = await service.finished(ended.id)

    assert state.counts == {Outcome.SUCCEEDED: 25}
    assert shop.products.get("A-0001")["attribute_set_id"] == 42
    await check_books(service, state)


async def test_rows_fail_again_and_every_attempt_is_remembered(
    service: Running, shop: Shop, products: Products
) -> None:
    ended = await failed(service, shop, products)
    for number in (2, 3):
        await service.importer.retrying.retry(ended.id, ALL, DANA)
        state = await service.finished(ended.id)
        assert (state.attempt, state.counts) == (number, ended.counts)
        await check_books(service, state)

    earlier = await service.importer.ports.commands.earlier(ended.id)
    assert [(cause.attempt, cause.rows) for cause in earlier] == [(1, 1), (2, 1)]
    report = await service.importer.reporting.report(ended.id)
    assert [cause["attempt"] for cause in report["earlier_attempts"]] == [1, 2]
    assert report["attempt"] == 3


async def test_blocked_rows_go_again_with_what_blocked_them_in_the_order_of_phases(tmp_path: Path) -> None:
    shop = Shop(catalog=load_catalog(ROOT / "samples/catalogs/luma.yaml"), token="practice-token")
    path = write(tmp_path / "bags.csv", [parent("Red", "Blue"), child("Red"), child("Blue")])
    async with running(shop) as address, working(make_settings(tmp_path, address)) as run:
        accepted = await run.accept(path, "magento-products")
        await run.importer.steering.pause(accepted.id, DANA)
        await run.until(lambda state: state.read_whole, accepted.id)
        eav = shop.entities.eav
        [top] = [row for row in eav.sets if row["attribute_set_name"] == "Top"]
        eav.drop_set(top["attribute_set_id"])
        await run.importer.steering.resume(accepted.id, DANA)
        state = await run.finished(accepted.id)
        assert state.counts == {Outcome.FAILED: 2, Outcome.BLOCKED: 1}

        eav.put_set(top)
        await run.importer.retrying.retry(accepted.id, ALL, DANA)
        state = await run.finished(accepted.id)
        assert state.equation == "3 rows read = 3 succeeded"
        assert list(writes(shop)) == ["bag-Red", "bag-Blue", "bag"]
        await check_books(run, state)


async def test_after_a_cancel_a_retry_brings_the_whole_file_in(
    tmp_path: Path, shop: Shop, products: Products
) -> None:
    address: str = shop.address  # type: ignore[attr-defined]
    async with working(make_settings(tmp_path, address, batches_in_flight=2)) as service:
        shop.faults.hold_consumers = True
        accepted = await service.accept(products(75, {75: {"price": "x"}}), check_first=True)
        await service.until(lambda state: state.sent == 20 and state.read_whole, accepted.id)
        await service.importer.steering.cancel(accepted.id, DANA)
        let_go(shop)
        ended = await service.finished(accepted.id)
        assert ended.equation == "75 rows read = 20 succeeded + 1 invalid + 54 not sent"

        await service.importer.retrying.retry(accepted.id, ALL, DANA)
        state = await service.finished(accepted.id)
        assert state.equation == "75 rows read = 74 succeeded + 1 invalid"
        assert sorted(written(shop)) == [f"A-{n:04d}" for n in range(1, 75)]
        assert state.failure is None
        await check_books(service, state)


async def test_a_file_whose_shop_was_away_before_it_was_read_is_read_by_the_retry(
    tmp_path: Path, shop: Shop, products: Products
) -> None:
    address: str = shop.address  # type: ignore[attr-defined]
    shop.faults.down = True
    async with working(make_settings(tmp_path, address, patience_seconds=0.0)) as service:
        ended = await service.run(products(5))
        assert (ended.status, ended.rows_read) == (ImportStatus.FAILED, 0)

        shop.faults.down = False
        await service.importer.retrying.retry(ended.id, ALL, DANA)
        assert (await service.finished(ended.id)).counts == {Outcome.SUCCEEDED: 5}


@pytest.mark.parametrize("idempotent", ["true", "false"])
async def test_what_the_shop_may_still_be_working_on_is_followed_and_not_sent_again(
    tmp_path: Path, shop: Shop, products: Products, idempotent: str
) -> None:
    """The import was given up with two batches in the shop's queue. Nothing of them is repeated, so it is safe anyway."""
    text = (ROOT / "mappings/products.yaml").read_text()
    (tmp_path / "mine.yaml").write_text(text.replace("idempotent: true", f"idempotent: {idempotent}"))
    address: str = shop.address  # type: ignore[attr-defined]
    given_up = Reason(code="interrupted", text="It was given up.")
    async with working(make_settings(tmp_path, address, batches_in_flight=2)) as service:
        shop.faults.hold_consumers = True
        accepted = await service.accept(products(40), "mine", check_first=True)
        await service.until(lambda state: state.sent == 20 and state.read_whole, accepted.id)
        await service.importer.closing.abandon(accepted.id, ImportStatus.FAILED, given_up)
        ended = await service.finished(accepted.id)
        assert ended.counts == {Outcome.UNKNOWN: 20, Outcome.NOT_SENT: 20}

        begun = await service.importer.retrying.retry(accepted.id, ALL, DANA)
        assert begun.sent == 20
        let_go(shop)
        state = await service.finished(accepted.id)
        assert (state.counts, state.sent) == ({Outcome.SUCCEEDED: 40}, 40)
        assert sorted(written(shop)) == sorted(set(written(shop)))
        [event] = await attempts(service, accepted.id)
        assert len(event["reopened"]) == 2  # type: ignore[arg-type]
        await check_books(service, state)


async def test_what_was_in_doubt_when_it_was_given_up_is_looked_up_by_the_retry(
    tmp_path: Path, shop: Shop, products: Products
) -> None:
    """The shop took it, its answer was lost, and the import ended before anybody looked."""
    address: str = shop.address  # type: ignore[attr-defined]
    async with working(make_settings(tmp_path, address, settle_seconds=2.0)) as service:
        shop.faults.drop_answer_next()
        accepted = await service.accept(products(8))
        await service.until(lambda state: state.waiting is not None, accepted.id)
        given_up = Reason(code="interrupted", text="It was given up.")
        await service.importer.closing.abandon(accepted.id, ImportStatus.CANCELLED, given_up)
        begun = await service.importer.retrying.retry(accepted.id, ALL, DANA)
        assert (begun.sent, begun.counts) == (0, {Outcome.PENDING: 8})
        state = await service.finished(accepted.id)

        assert (state.counts, state.sent) == ({Outcome.SUCCEEDED: 8}, 8)
        assert len(written(shop)) == 8
        await check_books(service, state)


async def test_two_retries_at_once_are_one_attempt(service: Running, shop: Shop, products: Products) -> None:
    ended = await failed(service, shop, products)
    retry = service.importer.retrying.retry
    both = await asyncio.gather(retry(ended.id, ALL, DANA), retry(ended.id, ALL, DANA))

    assert [state.attempt for state in both] == [2, 2]
    state = await service.finished(ended.id)
    assert len(await attempts(service, ended.id)) == 1
    again = await retry(ended.id, Retry(attempt=2), DANA)  # its answer was lost; it asks once more
    assert again == state
    await check_books(service, state)


async def test_a_retry_that_wants_more_than_the_one_under_way_is_told_to_wait(
    tmp_path: Path, shop: Shop, products: Products
) -> None:
    address: str = shop.address  # type: ignore[attr-defined]
    async with working(make_settings(tmp_path, address, batches_in_flight=1)) as service:
        shop.faults.hold_consumers = True
        accepted = await service.accept(with_one_that_fails(products(12)), check_first=True)
        await service.until(lambda state: state.sent == 10 and state.read_whole, accepted.id)
        await service.importer.steering.cancel(accepted.id, DANA)
        let_go(shop)
        ended = await service.finished(accepted.id)
        assert ended.counts == {Outcome.SUCCEEDED: 9, Outcome.FAILED: 1, Outcome.NOT_SENT: 2}

        shop.faults.hold_consumers = True
        for _ in range(2):
            again = Retry(outcomes=frozenset({Outcome.FAILED}))
            state = await service.importer.retrying.retry(accepted.id, again, DANA)
            assert (state.attempt, state.counts[Outcome.PENDING], state.counts[Outcome.NOT_SENT]) == (2, 1, 2)
        with pytest.raises(Untimely, match="is delivering: wait for its end, or cancel it"):
            await service.importer.retrying.retry(accepted.id, ALL, DANA)
        let_go(shop)
        assert (await service.finished(accepted.id)).counts == ended.counts
        assert len(await attempts(service, accepted.id)) == 1


@pytest.mark.parametrize("unsafe", [False, True])
async def test_unknown_rows_of_a_request_that_is_not_safe_to_repeat_need_insistence(
    settings: Settings, shop: Shop, tmp_path: Path, products: Products, unsafe: bool
) -> None:
    text = (ROOT / "mappings/products.yaml").read_text().replace("idempotent: true", "idempotent: false")
    (tmp_path / "unsafe.yaml").write_text(text)
    async with working(settings) as service:
        accepted = await service.accept(products(5), "unsafe")
        await service.importer.steering.pause(accepted.id, DANA)
        await service.until(lambda state: state.read_whole, accepted.id)
        shop.faults.cut_connections = True
        await service.importer.steering.resume(accepted.id, DANA)
        await service.until(lambda state: state.waiting is not None, accepted.id)
        shop.faults.cut_connections = False
        ended = await service.finished(accepted.id)
        assert ended.counts == {Outcome.UNKNOWN: 5}

        if not unsafe:
            with pytest.raises(Untimely, match=r"5 rows .* are unknown.*--even-unsafe"):
                await service.importer.retrying.retry(ended.id, ALL, DANA)
            return
        await service.importer.retrying.retry(ended.id, Retry(even_unsafe=True), DANA)
        assert (await service.finished(ended.id)).counts == {Outcome.SUCCEEDED: 5}


async def test_what_cannot_be_retried_is_told_in_a_sentence(
    service: Running, shop: Shop, products: Products
) -> None:
    retry = service.importer.retrying.retry
    good = await service.run(products(3))
    with pytest.raises(
        Untimely, match=r"No row of import .* is failed or blocked or unknown or not_sent: there is noth"
    ):
        await retry(good.id, ALL, DANA)
    with pytest.raises(Untimely, match=r"The next attempt of import .* is 2, not 5"):
        await retry(good.id, Retry(attempt=5), DANA)
    with pytest.raises(RequestError, match="Rows that are invalid cannot go again as they are"):
        await retry(good.id, Retry(outcomes=frozenset({Outcome.INVALID})), DANA)

    dry = await service.run(products(3), dry_run=True)
    with pytest.raises(Untimely, match="was a dry run"):
        await retry(dry.id, ALL, DANA)
    wrong = await service.run(products(3, {1: {"price": "x"}}), max_errors=0)
    with pytest.raises(Untimely, match="too many rows are wrong"):
        await retry(wrong.id, ALL, DANA)

    shop.faults.hold_consumers = True
    running_ = await service.accept(products(3))
    with pytest.raises(Untimely, match="wait for its end"):
        await retry(running_.id, ALL, DANA)
    await service.importer.steering.cancel(running_.id, DANA)
    with pytest.raises(Untimely, match="is being cancelled"):
        await retry(running_.id, ALL, DANA)
