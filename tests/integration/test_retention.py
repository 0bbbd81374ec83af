"""Files of ended imports are removed when their time is over; what became of the rows stays, and whoever asks is told."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from importer.bootstrap import join_services
from importer.domain.commands import Command, Retry, fitting
from importer.domain.errors import StateUnavailable, Untimely
from importer.domain.imports import Import
from importer.sandbox.shop import Shop
from importer.services.payloads import folder
from importer.services.retention import Removed
from importer.store.files import LocalFiles
from tests.integration.conftest import Running, let_go
from tests.integration.test_events import typed

Products = Callable[..., Path]

GONE = "were removed on .*when their time was over. Import the file again"
SOMEBODY = Command(by="somebody")


def kept(run: Running, state: Import) -> list[Path]:
    place = run.importer.settings.data_dir / "files" / folder(state.id)
    return [path for path in place.rglob("*") if path.is_file()]


async def half_failed(run: Running, products: Products) -> Import:
    return await run.run(products(12, {3: {"price": "x"}}))


async def test_the_files_go_and_everything_else_stays(service: Running, products: Products) -> None:
    state = await half_failed(service, products)
    before = await service.importer.reporting.report(state.id)
    assert kept(service, state)

    assert await service.importer.retention.sweep(0) == Removed(1, state.kept.size)

    assert kept(service, state) == []
    after = await service.importer.reporting.report(state.id)
    assert (after["equation"], after["causes"], after["rows"]) == (
        before["equation"],
        before["causes"],
        before["rows"],
    )
    assert after["files_removed_at"]
    assert "their time was over" in after["timeline"][-1]["text"]
    assert (await typed(service, "rebuild", state.id, "--check"))[0] == 0
    assert await service.importer.retention.sweep(0) == Removed()


async def cancelled(run: Running, shop: Shop, products: Products) -> Import:
    """25 rows, of which some were not sent."""
    shop.faults.hold_consumers = True
    state = await run.accept(products(25))
    await run.until(lambda one: one.sent > 0, state.id)
    await run.importer.steering.cancel(state.id, SOMEBODY)
    let_go(shop)
    state = await run.finished(state.id)
    assert "retry" in fitting(state)
    return state


async def test_a_retry_and_rows_to_mend_are_refused_with_the_reason(
    service: Running, shop: Shop, products: Products
) -> None:
    state = await cancelled(service, shop, products)
    await service.importer.retention.sweep(0)
    state = await service.importer.ports.imports.get(state.id)

    assert "retry" not in fitting(state)
    with pytest.raises(Untimely, match=GONE) as caught:
        await service.importer.retrying.retry(state.id, Retry(), SOMEBODY)
    assert caught.value.code == "files.removed"
    with pytest.raises(Untimely, match=GONE):
        await service.importer.reporting.write_rows(state.id, Path("mend.csv"))
    assert (await typed(service, "report", state.id, "--rows", "mend.csv"))[0] == 2


async def test_without_a_setting_everything_is_kept_and_with_one_what_is_younger(
    service: Running, products: Products
) -> None:
    state = await half_failed(service, products)

    assert await service.importer.retention.sweep() == Removed()
    assert await service.importer.retention.sweep(1) == Removed()
    assert kept(service, state)


async def test_what_is_under_way_keeps_its_files(service: Running, shop: Shop, products: Products) -> None:
    shop.faults.hold_consumers = True
    state = await service.accept(products(12))
    await service.until(lambda one: one.sent == 12, state.id)

    assert await service.importer.retention.sweep(0) == Removed()
    let_go(shop)
    assert (await service.finished(state.id)).equation == "12 rows read = 12 succeeded"


class Interrupted(LocalFiles):
    """Something else happens just before a file is written, or a folder is removed."""

    def __init__(self, place: Path, before: Callable[[], Awaitable[object]]) -> None:
        super().__init__(place)
        self._before = before
        self._over = False

    async def _once(self) -> None:
        if not self._over:
            self._over = True
            await self._before()

    async def write(self, name: str, content: bytes) -> None:
        await self._once()
        await super().write(name, content)

    async def remove(self, folder: str) -> None:
        await self._once()
        await super().remove(folder)


def interrupted(run: Running, before: Callable[[], Awaitable[object]]) -> Running:
    """The same importer, whose files are interrupted once."""
    settings = run.importer.settings
    ports = replace(run.importer.ports, files=Interrupted(settings.data_dir / "files", before))
    return Running(
        join_services(settings, ports, run.importer.nights, run.importer.tokens, run.importer.notices)
    )


async def test_a_retry_overtaken_by_the_removal_is_refused_and_leaves_no_file(
    service: Running, shop: Shop, products: Products
) -> None:
    state = await cancelled(service, shop, products)
    retrying = interrupted(service, lambda: service.importer.retention.sweep(0)).importer.retrying

    with pytest.raises(Untimely, match=GONE):
        await retrying.retry(state.id, Retry(), SOMEBODY)
    assert kept(service, state) == []
    assert (await service.importer.ports.imports.get(state.id)).attempt == 1


async def test_while_it_is_being_removed_it_is_gone_for_all_who_ask(
    service: Running, products: Products
) -> None:
    state = await half_failed(service, products)
    seen = []

    async def ask() -> None:
        seen.append(kept(service, state) != [])
        with pytest.raises(Untimely, match=GONE):
            await service.importer.reporting.write_rows(state.id, Path("mend.csv"))

    await interrupted(service, ask).importer.retention.sweep(0)

    assert seen == [True]
    assert kept(service, state) == []


async def test_what_one_sweep_recorded_and_did_not_remove_the_next_one_removes(
    service: Running, products: Products
) -> None:
    state = await half_failed(service, products)

    async def away() -> None:
        raise StateUnavailable("The place is away.")

    with pytest.raises(StateUnavailable):
        await interrupted(service, away).importer.retention.sweep(0)
    assert kept(service, state)

    await service.importer.retention.sweep()
    assert kept(service, state) == []


async def test_several_sweeps_at_once_count_each_import_once(service: Running, products: Products) -> None:
    for number in range(3):
        await service.run(products(3, {3: {"price": "x"}}, name=f"{number}.csv"))

    removed = await asyncio.gather(*(service.importer.retention.sweep(0) for _ in range(4)))

    assert sum(one.imports for one in removed) == 3


async def test_cleanup_lists_removes_and_says_what_it_did(service: Running, products: Products) -> None:
    state = await half_failed(service, products)

    code, told = await typed(service, "cleanup", "--json")
    assert (code, "Files are kept for ever: say --older-than DAYS" in told) == (2, True)
    code, told = await typed(service, "cleanup", "--older-than", "0", "--dry-run")
    assert (code, state.id in told, "would be removed" in told) == (0, True, True)
    assert kept(service, state)
    code, told = await typed(service, "cleanup", "--older-than", "0", "--json")
    document = json.loads(told)
    assert (code, document["imports"], document["bytes"]) == (0, 1, state.kept.size)
    assert kept(service, state) == []
    assert "Files of 0 imports" in (await typed(service, "cleanup", "--older-than", "0"))[1]
