"""Pause, resume and cancel against a shop whose consumers hold what they were given: every row keeps its true outcome."""

from collections.abc import Callable
from pathlib import Path

import pytest

from importer.domain.commands import Command
from importer.domain.errors import Untimely
from importer.domain.history import Event, EventKind
from importer.domain.imports import Import, ImportStatus
from importer.domain.rows import Outcome
from importer.formats.frames import FRAME_ROWS
from importer.sandbox.shop import Shop
from importer.settings import Settings
from tests.integration.books import check_books, written
from tests.integration.conftest import Running, let_go, make_settings, working

Products = Callable[..., Path]

NILS = Command(by="nils", note="the shop is busy")
ROWS, IN_FLIGHT = 60, 20


@pytest.fixture
def settings(shop: Shop, tmp_path: Path) -> Settings:
    """Two batches of ten in flight."""
    return make_settings(tmp_path, shop.address, batches_in_flight=2)  # type: ignore[attr-defined]


async def half_way(run: Running, shop: Shop, products: Products) -> Import:
    """Two batches are with the shop, which does not work on them; four wait."""
    shop.faults.hold_consumers = True
    accepted = await run.accept(products(ROWS), check_first=True)
    return await run.until(lambda state: state.sent == IN_FLIGHT and state.read_whole, accepted.id)


async def only(run: Running, import_id: str, kind: EventKind) -> Event:
    [event] = [event for event in await run.importer.ports.imports.events(import_id) if event.kind is kind]
    return event


async def test_a_paused_import_sends_nothing_more_and_follows_what_is_in_flight(
    service: Running, shop: Shop, products: Products
) -> None:
    begun = await half_way(service, shop, products)
    paused = await service.importer.steering.pause(begun.id, NILS)
    assert paused.status is ImportStatus.PAUSED

    let_go(shop)
    state = await service.until(lambda state: state.confirmed == IN_FLIGHT, begun.id)
    await service.importer.dispatch.sweep()
    other = await service.run(products(3, name="other.csv"))  # and many steps later

    assert other.status is ImportStatus.COMPLETED
    state = await service.importer.ports.imports.get(begun.id)
    assert (state.status, state.sent) == (ImportStatus.PAUSED, IN_FLIGHT)
    assert state.counts == {Outcome.SUCCEEDED: IN_FLIGHT, Outcome.PENDING: ROWS - IN_FLIGHT}
    assert len(written(shop)) == IN_FLIGHT + 3
    await check_books(service, state)


async def test_the_log_says_who_paused_it_why_and_how_far_it_was(
    service: Running, shop: Shop, products: Products
) -> None:
    begun = await half_way(service, shop, products)
    for _ in range(2):
        await service.importer.steering.pause(begun.id, NILS)

    event = await only(service, begun.id, EventKind.PAUSED)
    assert event.data == {
        "by": "nils", "note": "the shop is busy", "done": 0, "in_flight": 20, "not_sent": 40, "not_read": 0
    }  # fmt: skip


async def test_it_goes_on_exactly_where_it_was_after_a_restart(
    settings: Settings, shop: Shop, products: Products
) -> None:
    async with working(settings) as service:
        begun = await half_way(service, shop, products)
        await service.importer.steering.pause(begun.id, NILS)
    let_go(shop)
    async with working(settings) as service:
        state = await service.until(lambda state: state.confirmed == IN_FLIGHT, begun.id)
        assert state.status is ImportStatus.PAUSED
    async with working(settings) as service:
        for _ in range(2):
            resumed = await service.importer.steering.resume(begun.id, NILS)
            assert resumed.status is ImportStatus.DELIVERING
        state = await service.finished(begun.id)

        assert state.counts == {Outcome.SUCCEEDED: ROWS}
        assert sorted(written(shop)) == [f"A-{n:04d}" for n in range(1, ROWS + 1)]
        assert (await only(service, begun.id, EventKind.RESUMED)).data["by"] == "nils"
        await check_books(service, state)


async def test_a_paused_file_is_read_to_its_end(service: Running, shop: Shop, products: Products) -> None:
    shop.faults.down = True
    accepted = await service.accept(products(25))
    await service.importer.steering.pause(accepted.id, NILS)
    shop.faults.down = False

    state = await service.until(lambda state: state.read_whole, accepted.id)
    assert (state.status, state.sent) == (ImportStatus.PAUSED, 0)
    assert (await service.importer.steering.resume(accepted.id, NILS)).status is ImportStatus.DELIVERING
    assert (await service.finished(accepted.id)).counts == {Outcome.SUCCEEDED: 25}


async def test_cancelled_in_the_middle_it_adds_up_and_what_is_in_flight_gets_its_true_outcome(
    service: Running, shop: Shop, products: Products
) -> None:
    """One of the rows in flight is refused by the shop, long after the command."""
    shop.faults.hold_consumers = True
    path = products(ROWS, {30: {"price": "x"}})
    head, *lines = path.read_text().splitlines()
    same = [line + (",same" if line.startswith(("A-0005", "A-0006")) else ",") for line in lines]
    path.write_text("\n".join([f"{head},web address", *same]))
    accepted = await service.accept(path, check_first=True)
    await service.until(lambda state: state.sent == IN_FLIGHT and state.read_whole, accepted.id)

    for _ in range(2):
        await service.importer.steering.cancel(accepted.id, NILS)
    event = await only(service, accepted.id, EventKind.CANCELLING)
    done, in_flight, not_sent = (event.data[name] for name in ("done", "in_flight", "not_sent"))
    assert (done, in_flight, not_sent) == (1, IN_FLIGHT, ROWS - IN_FLIGHT - 1)

    state = await service.until(lambda state: state.counts.get(Outcome.NOT_SENT) == not_sent, accepted.id)
    assert (state.status, state.counts[Outcome.PENDING]) == (ImportStatus.CANCELLING, IN_FLIGHT)
    await check_books(service, state)

    let_go(shop)
    state = await service.finished(accepted.id)
    assert state.status is ImportStatus.CANCELLED
    assert state.equation == "60 rows read = 19 succeeded + 1 invalid + 1 failed + 39 not sent"
    assert len(written(shop)) == IN_FLIGHT - 1
    assert (await service.importer.steering.cancel(accepted.id, NILS)).status is ImportStatus.CANCELLED
    kinds = [event.kind for event in await service.importer.ports.imports.events(accepted.id)]
    assert kinds.index(EventKind.CANCELLING) < kinds.index(EventKind.CONFIRMED) < kinds.index(EventKind.ENDED)
    assert EventKind.SENDING not in kinds[kinds.index(EventKind.CANCELLING) :]
    await check_books(service, state)


async def test_the_rest_of_a_cancelled_file_is_read_and_every_row_is_in_the_download(
    settings: Settings, shop: Shop, products: Products
) -> None:
    rows = FRAME_ROWS + 15
    big = settings.shops["main"].model_copy(update={"batch_size": 5000})
    async with working(settings.model_copy(update={"shops": {"main": big}})) as service:
        shop.faults.hold_consumers = True
        accepted = await service.accept(products(rows, {rows: {"price": "x"}}))
        await service.until(lambda state: state.rows_read > 0, accepted.id)
        await service.importer.steering.cancel(accepted.id, NILS)
        let_go(shop)
        state = await service.finished(accepted.id)

        assert (state.status, state.rows_read) == (ImportStatus.CANCELLED, rows)
        assert state.counts[Outcome.INVALID] == 1
        text = b"".join([part async for part in service.importer.reporting.rows(accepted.id)])
        assert len(text.splitlines()) - 1 == rows - state.counts.get(Outcome.SUCCEEDED, 0)
        await check_books(service, state)


async def test_cancelled_before_its_shop_ever_answered_it_ends_at_once(
    service: Running, shop: Shop, products: Products
) -> None:
    shop.faults.down = True
    accepted = await service.accept(products(5))
    await service.until(lambda state: state.waiting is not None, accepted.id)
    await service.importer.steering.cancel(accepted.id, NILS)

    state = await service.finished(accepted.id)
    assert (state.status, state.rows_read) == (ImportStatus.CANCELLED, 0)


@pytest.mark.parametrize(
    ("fault", "taken"), [("drop_answers", 10), ("cut_connections", 0)], ids=["taken", "never seen"]
)
async def test_what_is_in_doubt_is_looked_up_and_never_sent_again_after_a_cancel(
    tmp_path: Path, shop: Shop, products: Products, fault: str, taken: int
) -> None:
    """The shop did the work and its answer was lost; or the request never came to it."""
    address: str = shop.address  # type: ignore[attr-defined]
    async with working(make_settings(tmp_path, address, batches_in_flight=1, settle_seconds=2.0)) as service:
        accepted = await service.accept(products(30))
        await service.importer.steering.pause(accepted.id, NILS)
        await service.until(lambda state: state.read_whole, accepted.id)
        setattr(shop.faults, fault, 1)
        await service.importer.steering.resume(accepted.id, NILS)
        await service.until(lambda state: state.waiting is not None, accepted.id)
        await service.importer.steering.cancel(accepted.id, NILS)
        assert (await only(service, accepted.id, EventKind.CANCELLING)).data["in_flight"] == 10

        state = await service.until(lambda state: state.counts.get(Outcome.NOT_SENT) == 20, accepted.id)
        assert state.counts[Outcome.PENDING] == 10
        setattr(shop.faults, fault, 0)
        state = await service.finished(accepted.id)
        assert (state.counts.get(Outcome.SUCCEEDED, 0), state.counts[Outcome.NOT_SENT]) == (taken, 30 - taken)
        assert len(written(shop)) == taken
        kinds = [event.kind for event in await service.importer.ports.imports.events(accepted.id)]
        assert kinds.count(EventKind.SENDING) == 1
        await check_books(service, state)


async def test_a_cancelled_dry_run_ends(service: Running, products: Products) -> None:
    accepted = await service.accept(products(30), dry_run=True)
    await service.importer.steering.pause(accepted.id, NILS)
    await service.importer.steering.cancel(accepted.id, NILS)

    state = await service.finished(accepted.id)
    assert state.counts in ({Outcome.NOT_SENT: 30}, {})


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
async def test_what_has_ended_is_not_steered_any_more(
    service: Running, products: Products, verb: str
) -> None:
    state = await service.run(products(3))
    with pytest.raises(Untimely, match=f"has ended \\(completed\\): there is nothing left to {verb}"):
        await getattr(service.importer.steering, verb)(state.id, NILS)


async def test_what_is_being_cancelled_is_neither_paused_nor_resumed(
    service: Running, shop: Shop, products: Products
) -> None:
    begun = await half_way(service, shop, products)
    await service.importer.steering.cancel(begun.id, NILS)
    for steer in (service.importer.steering.pause, service.importer.steering.resume):
        with pytest.raises(Untimely, match="is being cancelled"):
            await steer(begun.id, NILS)


async def test_an_import_whose_shop_was_taken_out_of_the_settings_can_be_cancelled(
    settings: Settings, shop: Shop, products: Products
) -> None:
    shop.faults.down = True
    async with working(settings) as service:
        accepted = await service.accept(products(5))
    async with working(settings.model_copy(update={"shops": {}})) as service:
        await service.importer.steering.cancel(accepted.id, NILS)
        state = await service.finished(accepted.id)

    assert (state.status, state.equation_holds) == (ImportStatus.CANCELLED, True)
