"""Safety limits: an import that breaks one is held before anything is sent, and a person decides."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from importer.bootstrap import open_importer
from importer.domain.commands import Command, fitting
from importer.domain.errors import Untimely
from importer.domain.history import EventKind
from importer.domain.imports import Import, ImportStatus
from importer.domain.limits import Limits
from importer.domain.rows import Outcome
from importer.sandbox.shop import Shop
from importer.services.intake import prepare_step
from importer.services.reporting import summary
from importer.settings import Settings
from tests.integration.books import check_books, written
from tests.integration.conftest import Running, working
from tests.integration.test_steering_stops import Died, copied, looked_at, mortal
from tests.integration.test_web import Site, site

__all__ = ["site"]  # a fixture

Products = Callable[..., Path]
NILS = Command(by="nils", note="the supplier is new")
ROWS = 20
STRICT = Limits(most_invalid=0.04)
WRONG = {3: {"price": "x"}}
MOST_WRITES = 6
"""More than a release makes, and than the reading of the file does."""
WRITING, DELETING = "{method: POST, path: /V1/products,", '{method: DELETE, path: "/V1/products/:sku",'


async def held(run: Running, products: Products, limits: Limits = STRICT) -> Import:
    accepted = await run.accept(products(ROWS, WRONG), limits=limits)
    return await run.until(lambda state: state.status is ImportStatus.HELD or state.ended, accepted.id)


async def test_an_import_with_too_large_a_share_of_wrong_rows_is_held_with_the_figures(
    service: Running, shop: Shop, products: Products
) -> None:
    state = await held(service, products)
    assert state.held is not None
    assert state.held.code == "limits.invalid"
    for part in ("1 of 20 rows are wrong (5 %)", "the limit is 4 %", f"importer release {state.id}"):
        assert part in state.held.text
    assert summary(state)["waiting"]["text"] == state.held.text
    assert fitting(state) == ["release", "cancel"]

    await service.importer.dispatch.sweep()
    other = await service.run(products(1, {1: {"article": "B-1"}}, name="other.csv"))  # and many steps later
    assert (other.status, written(shop)) == (ImportStatus.COMPLETED, ["B-1"])
    await check_books(service, await service.importer.ports.imports.get(state.id))


async def test_what_a_person_releases_is_sent_and_the_log_says_who(
    service: Running, shop: Shop, products: Products
) -> None:
    begun = await held(service, products)
    await service.importer.steering.release(begun.id, NILS)
    state = await service.finished(begun.id)
    assert (state.status, len(written(shop))) == (ImportStatus.COMPLETED, ROWS - 1)
    await check_books(service, state)

    events = await service.importer.ports.imports.events(begun.id)
    [released] = [event for event in events if event.kind is EventKind.RELEASED]
    assert (released.data["by"], released.data["not_sent"]) == ("nils", ROWS - 1)
    with pytest.raises(Untimely, match="has ended"):
        await service.importer.steering.release(begun.id, NILS)


async def test_what_a_person_refuses_is_never_sent(service: Running, shop: Shop, products: Products) -> None:
    begun = await held(service, products)
    with pytest.raises(Untimely, match="importer release"):
        await service.importer.steering.resume(begun.id, NILS)
    await service.importer.steering.cancel(begun.id, NILS)
    state = await service.finished(begun.id)

    assert (state.status, state.held, written(shop)) == (ImportStatus.CANCELLED, None, [])
    assert state.counts == {Outcome.INVALID: 1, Outcome.NOT_SENT: ROWS - 1}
    await check_books(service, state)


async def test_an_import_within_its_limits_is_not_held(service: Running, products: Products) -> None:
    state = await held(service, products, Limits(most_invalid=0.05, rows_within=0.5, median=35, earlier=3))

    assert state.status is ImportStatus.COMPLETED


async def test_an_import_of_which_nothing_could_be_sent_is_held_too(
    service: Running, products: Products
) -> None:
    accepted = await service.accept(products(1, {1: {"price": "x"}}), limits=STRICT)
    await service.until(lambda state: state.status is ImportStatus.HELD, accepted.id)
    await service.importer.steering.release(accepted.id, NILS)

    assert (await service.finished(accepted.id)).status is ImportStatus.COMPLETED


async def test_one_that_was_paused_while_it_was_read_is_held_when_it_is_resumed(
    settings: Settings, shop: Shop, products: Products
) -> None:
    async with open_importer(settings) as importer:
        accepted = await Running(importer).accept(products(ROWS, WRONG), limits=STRICT)
        await importer.steering.pause(accepted.id, NILS)
    async with working(settings) as run:
        state = await run.until(lambda state: state.read_whole, accepted.id)
        assert state.status is ImportStatus.PAUSED
        state = await run.importer.steering.resume(accepted.id, NILS)
        assert (state.status, written(shop)) == (ImportStatus.HELD, [])
        await check_books(run, state)


async def test_deletions_are_limited_where_the_mapping_deletes(
    service: Running, products: Products, tmp_path: Path
) -> None:
    text = service.importer.ports.mappings.text("products")
    (tmp_path / "remove.yaml").write_text(text.replace(WRITING, DELETING))
    removing = await service.accept(products(3), "remove", limits=Limits(most_deletions=2))
    state = await service.until(lambda state: state.status is ImportStatus.HELD, removing.id)
    assert state.held is not None
    assert "3 rows would delete something in the shop; the limit is 2." in state.held.text

    sent = await service.run(products(1, {1: {"article": "B-1"}}), limits=Limits(most_deletions=0))
    assert (sent.status, sent.limits) == (ImportStatus.COMPLETED, None)


async def test_a_dry_run_is_not_held(service: Running, products: Products) -> None:
    state = await service.run(products(ROWS, WRONG), limits=STRICT, dry_run=True)

    assert state.status is ImportStatus.COMPLETED


async def test_release_over_http_is_answered_with_the_id(site: Site, products: Products) -> None:
    begun = await held(site.run, products)
    shown = (await site.http.get(f"/v1/imports/{begun.id}")).json()
    assert (shown["status"], shown["waiting"]["code"]) == ("held", "limits.invalid")

    for _ in range(2):
        answer = await site.http.post(f"/v1/imports/{begun.id}/release", json={"note": "fine"})
        assert answer.status_code in (httpx.codes.ACCEPTED, httpx.codes.CONFLICT)
    assert (await site.run.finished(begun.id)).status is ImportStatus.COMPLETED
    released = [e for e in await site.run.importer.ports.imports.events(begun.id) if e.kind == "released"]
    assert [event.data["note"] for event in released] == ["fine"]


async def test_stopped_anywhere_while_it_is_read_nothing_is_sent(
    settings: Settings, shop: Shop, products: Products
) -> None:
    async with open_importer(settings) as importer:
        accepted = await Running(importer).accept(products(ROWS, WRONG), limits=STRICT)
    seen = set()
    for lives in range(MOST_WRITES):
        async with copied(settings, lives) as copy:
            async with mortal(copy, lives) as dying:
                with suppress(Died):
                    await dying.preparation.prepare(prepare_step(accepted))
            seen.add((await looked_at(copy, accepted.id)).status)
            async with working(copy) as run:
                await run.until(lambda state: state.status is ImportStatus.HELD, accepted.id)
    assert seen == {ImportStatus.ACCEPTED, ImportStatus.PREPARING, ImportStatus.HELD}
    assert written(shop) == []


async def test_stopped_anywhere_in_a_release(settings: Settings, shop: Shop, products: Products) -> None:
    async with working(settings) as run:
        begun = await held(run, products)
    seen = set()
    for lives in range(MOST_WRITES):
        async with copied(settings, lives) as copy:
            async with mortal(copy, lives) as dying:
                with suppress(Died):
                    await dying.steering.release(begun.id, NILS)
            state = await looked_at(copy, begun.id)
            seen.add(state.status)
            async with working(copy) as run:
                if state.held:
                    await run.importer.steering.release(begun.id, NILS)
                state = await run.finished(begun.id)
                assert state.counts == {Outcome.INVALID: 1, Outcome.SUCCEEDED: ROWS - 1}
                await check_books(run, state)
    assert seen == {ImportStatus.HELD, ImportStatus.DELIVERING}
