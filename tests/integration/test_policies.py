"""Checking first: nothing is sent before the whole file was checked, and nothing at all beyond so many wrong rows."""

from collections.abc import Callable
from pathlib import Path

import pytest

from importer.domain.history import EventKind, rebuild
from importer.domain.imports import ImportStatus
from importer.domain.rows import Outcome
from importer.formats.frames import FRAME_ROWS
from importer.sandbox.shop import Shop
from importer.settings import Settings
from tests.integration.conftest import Running, working

Products = Callable[..., Path]


def posts(shop: Shop) -> int:
    return len([entry for entry in shop.journal.requests if entry["method"] == "POST"])


async def test_nothing_is_sent_before_the_whole_file_was_checked(
    service: Running, products: Products
) -> None:
    state = await service.run(products(25, {3: {"price": "x"}}), check_first=True)

    kinds = [event.kind for event in await service.importer.ports.imports.events(state.id)]
    assert state.equation == "25 rows read = 24 succeeded + 1 invalid"
    assert state.check_first
    assert kinds.index(EventKind.SENDING) > kinds.index(EventKind.READ_WHOLE)


async def test_nothing_is_sent_between_frames_either(
    settings: Settings, shop: Shop, products: Products
) -> None:
    """The first frame is good and ready to go when the second one turns out to be wrong."""
    settings = settings.model_copy(
        update={"shops": {"main": settings.shops["main"].model_copy(update={"batch_size": 5000})}}
    )
    path = products(FRAME_ROWS + 5, {FRAME_ROWS + 2: {"price": "x"}})
    async with working(settings) as service:
        state = await service.run(path, max_errors=0)

        assert (state.status, state.rows_read, state.sent) == (ImportStatus.FAILED, FRAME_ROWS + 5, 0)
        assert posts(shop) == 0


@pytest.mark.parametrize(("allowed", "status"), [(1, ImportStatus.FAILED), (2, ImportStatus.COMPLETED)])
async def test_more_wrong_rows_than_may_be_end_an_import_before_anything_is_sent(
    service: Running, shop: Shop, products: Products, allowed: int, status: ImportStatus
) -> None:
    state = await service.run(products(12, {3: {"price": "x"}, 7: {"price": "y"}}), max_errors=allowed)

    assert state.status is status
    assert state.equation_holds
    assert rebuild(await service.importer.ports.imports.events(state.id)) == state
    if status is ImportStatus.FAILED:
        assert state.failure is not None
        assert state.failure.code == "errors.too_many"
        assert state.failure.text == "2 of the first 12 of 12 rows are wrong, more than 1. Nothing was sent."
        assert state.counts == {Outcome.INVALID: 2, Outcome.NOT_SENT: 10}
        assert posts(shop) == 0


async def test_a_dry_run_that_is_checked_first_comes_to_its_end(service: Running, products: Products) -> None:
    state = await service.run(products(5), dry_run=True, check_first=True)

    assert state.equation == "5 rows read = 5 not sent"
