"""A shop in trouble gets less at once, a shop that is away is left alone, and the log says why."""

from collections.abc import Callable
from pathlib import Path

import pytest

from importer.domain.history import EventKind
from importer.sandbox.catalog import load_catalog
from importer.sandbox.faults import Refuse
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from tests.integration.conftest import Running, let_go, make_settings, working

Products = Callable[..., Path]
BULK = "/rest/all/async/bulk"


async def paces(run: Running, import_id: str) -> list[dict[str, object]]:
    events = await run.importer.ports.imports.events(import_id)
    return [dict(event.data) for event in events if event.kind is EventKind.PACED]


async def test_more_goes_out_while_the_shop_confirms_and_the_log_says_it(
    service: Running, products: Products
) -> None:
    state = await service.run(products(120))

    told = [entry["in_flight"] for entry in await paces(service, state.id)]
    assert told == sorted(told)
    assert told[-1] == 8
    assert (await service.importer.pacing.get("main")).most == 8


async def test_a_storm_of_refusals_halves_the_pace_once_and_names_its_reason(
    service: Running, shop: Shop, products: Products
) -> None:
    await service.run(products(120, name="warm.csv"))
    shop.faults.refuse.append(
        Refuse(times=3, status=429, body={"message": "Slow down."}, path=BULK, headers={"Retry-After": "0"})
    )

    state = await service.run(products(120, name="storm.csv"))

    assert state.equation == "120 rows read = 120 succeeded"
    down = next(entry for entry in await paces(service, state.id) if entry["reason"] == "shop.busy")
    assert down["in_flight"] == 4
    assert "Slow down." in str(down["text"])


async def test_a_shop_that_is_away_is_asked_by_one_caller_only(tmp_path: Path, products: Products) -> None:
    practice = Shop(catalog=load_catalog(), token="practice-token")
    async with running(practice) as address, working(make_settings(tmp_path, address)) as run:
        practice.faults.hold_consumers = True
        accepted = await run.accept(products(80))
        await run.until(lambda state: state.sent >= 20, accepted.id)
        practice.faults.down = True
        await run.until(lambda state: state.waiting is not None, accepted.id)
        practice.journal.clear()
        pace = await run.importer.pacing.get("main")
        while pace.failures < 2:
            await run.until(lambda _state: True, accepted.id)
            pace = await run.importer.pacing.get("main")
        asked = len(practice.journal.requests)
        practice.faults.down = let_go(practice)
        state = await run.finished(accepted.id)

    assert pace.is_closed
    assert asked <= 2 * pace.failures + 2
    assert state.equation == "80 rows read = 80 succeeded"


@pytest.mark.parametrize("pace", ["adaptive", "fixed"])
async def test_with_the_consumer_off_no_more_is_sent_than_the_pace_allows(
    shop: Shop, tmp_path: Path, products: Products, pace: str
) -> None:
    settings = make_settings(
        tmp_path,
        shop.address,  # type: ignore[attr-defined]
        batches_in_flight=4,
        pace=pace,
        stall_seconds=0.2,
    )
    shop.faults.hold_consumers = True
    async with working(settings) as run:
        accepted = await run.accept(products(200))
        state = await run.until(lambda state: state.waiting is not None, accepted.id)
        assert state.waiting is not None
        assert state.waiting.code == "shop.stalled"
        assert "queue:consumers:start async.operations.all" in state.waiting.text
        assert state.sent == (20 if pace == "adaptive" else 40)
        let_go(shop)
        state = await run.finished(accepted.id)

    assert state.equation == "200 rows read = 200 succeeded"
    assert state.waiting is None


async def test_a_batch_that_the_shop_is_too_slow_for_is_sent_in_smaller_ones(
    shop: Shop, tmp_path: Path, products: Products
) -> None:
    settings = make_settings(
        tmp_path,
        shop.address,  # type: ignore[attr-defined]
        batches_in_flight=1,
        submit_seconds=0.4,
        batch_size=40,
    )
    shop.faults.answer_seconds = 0.15  # a quarter of the time-out is where slow begins
    async with working(settings) as run:
        accepted = await run.accept(products(120))
        await run.until(lambda state: state.sent > 0, accepted.id)
        shop.faults.answer_seconds = 0.0
        state = await run.finished(accepted.id)
        told = await paces(run, state.id)
        kinds = [event.kind for event in await run.importer.ports.imports.events(state.id)]

    assert state.equation == "120 rows read = 120 succeeded"
    assert {"reason": "pace.slow_accept", "batch_size": 20}.items() <= told[0].items()
    assert EventKind.SPLIT in kinds
    assert len(shop.journal.writes) == 120
