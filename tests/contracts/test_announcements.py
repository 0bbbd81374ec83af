"""The outbox on every database: it is filled with the event, addressed once, and each delivery is tried by one at a time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from importer.domain.announcements import Announcement, Kind
from importer.domain.deliveries import Delivery, DeliveryStatus, Sent
from importer.domain.errors import UnknownName
from importer.domain.history import TURN, EventKind
from importer.domain.imports import ImportStatus, Reason
from importer.domain.webhooks import NewWebhook
from importer.store import journal
from importer.store.announcements import SqlAnnouncements
from importer.store.database import Database, open_database
from importer.store.schedules import SqlDues
from importer.store.tables import announcements, delivery_tries
from importer.store.webhooks import SqlWebhooks
from tests.clocks import HandClock
from tests.contracts.test_state import REASON, State

MANY = 8
GOOD, BAD = Sent(status=204), Sent(status=500, error="It answered 500.")


class Outbox(State):
    def __init__(self, database: Database, clock: HandClock) -> None:
        super().__init__(database, clock)
        self.database, self.clock = database, clock
        self.outbox = SqlAnnouncements(database, clock)
        self.webhooks = SqlWebhooks(database, clock)
        self.dues = SqlDues(database, clock)

    async def fresh(self) -> list[Announcement]:
        return await self.outbox.fresh(limit=50)

    async def kinds_told(self) -> list[str]:
        """Whether they are due or not."""
        query = select(announcements.c.kind).order_by(announcements.c.at, announcements.c.id)
        async with self.database.reading() as connection:
            return list((await connection.execute(query)).scalars())

    async def addressed(self, *receivers: str) -> Announcement:
        """An import ended, and that is on its way to them."""
        name = await self.accept(f"imp_{len(await self.kinds_told())}")
        await self.imports.record_ended(name, ImportStatus.FAILED, reason=REASON)
        [one] = await self.fresh()
        assert await self.outbox.address(one, receivers)
        return one

    async def claim(self) -> list[Delivery]:
        return await self.outbox.claim(limit=20, seconds=60)

    async def record(self, delivery: Delivery, sent: Sent, after: float | None = None) -> None:
        now = self.clock.now()
        again_at = now + timedelta(seconds=after) if after is not None else None
        await self.outbox.record(delivery, sent, at=now, ms=7, again_at=again_at)


@pytest.fixture
def state(database: Database, clock: HandClock) -> Outbox:
    return Outbox(database, clock)


@pytest.fixture
async def other(state_address: str, clock: HandClock) -> AsyncIterator[Outbox]:
    """Another node on the same state."""
    async with open_database(state_address) as database:
        yield Outbox(database, clock)


async def test_the_end_of_an_import_is_told_with_its_figures(state: Outbox, clock: HandClock) -> None:
    name = await state.accept()
    await state.imports.record_ended(name, ImportStatus.FAILED, reason=REASON)
    assert not await state.imports.record_ended(name, ImportStatus.FAILED, reason=REASON)
    [told] = await state.fresh()

    assert (told.kind, told.subject, told.shop, told.at) == (Kind.FAILED, "imp_1", "main", clock.now())
    assert (told.data["equation_holds"], told.data["file"]) == (True, "a.csv")
    assert told.data["reason"] == {"code": REASON.code, "text": REASON.text}


async def test_an_end_whose_transaction_fails_is_told_to_nobody(state: Outbox) -> None:
    name, now = await state.accept(), state.clock.now()
    data: dict[str, Any] = {"status": "failed", "outcomes": {}, "reason": None}

    async def die() -> None:
        async with state.database.writing() as connection:
            before = await journal.load(connection, name, to_change=True)
            await journal.append(connection, before, EventKind.ENDED, data, now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await die()

    assert (await state.imports.get(name)).status is ImportStatus.ACCEPTED
    assert await state.kinds_told() == []


async def test_a_stall_is_told_after_a_minute_and_then_that_it_is_over(
    state: Outbox, clock: HandClock
) -> None:
    name = await state.accept()
    await state.imports.record_waiting(name, REASON)
    await state.imports.record_waiting(name, Reason(code="shop.stalled", text="It stands."))
    assert await state.fresh() == []
    clock.forward(60)
    [stalled] = await state.fresh()
    assert await state.outbox.address(stalled, [])
    await state.imports.record_counted(name, rows=1, columns={})
    [recovered] = await state.fresh()

    assert (stalled.kind, stalled.data["reason"]["code"]) == (Kind.STALLED, REASON.code)
    assert (recovered.kind, recovered.data["reason"]["code"]) == (Kind.RECOVERED, "shop.stalled")


async def test_a_short_stall_and_waiting_for_another_import_are_told_to_nobody(
    state: Outbox, clock: HandClock
) -> None:
    name = await state.accept()
    await state.imports.record_waiting(name, REASON)
    clock.forward(59)
    await state.imports.record_counted(name, rows=1, columns={})
    await state.imports.record_waiting(name, Reason(code=TURN, text="An older one goes first."))
    assert await state.kinds_told() == []
    await state.imports.record_waiting(name, REASON)
    await state.imports.record_ended(name, ImportStatus.FAILED, reason=REASON)
    clock.forward(60)

    assert [one.kind for one in await state.fresh()] == [Kind.FAILED]


async def test_an_alarm_is_told_once_and_once_that_it_is_over(state: Outbox, clock: HandClock) -> None:
    await state.dues.expect("night", "r", clock.now())
    for alarm in (REASON, REASON, None, None):
        await state.dues.record_alarm("night", alarm, shop="main")
        clock.forward(1)
    alarm, over = await state.fresh()

    assert [(one.kind, one.subject, one.shop) for one in (alarm, over)] == [
        (Kind.ALARM, "night", "main"),
        (Kind.ALARM_OVER, "night", "main"),
    ]
    assert alarm.data["reason"] == over.data["reason"] == {"code": REASON.code, "text": REASON.text}


async def test_of_many_nodes_one_addresses_and_one_tries(state: Outbox, other: Outbox) -> None:
    name = await state.accept()
    await state.imports.record_ended(name, ImportStatus.FAILED, reason=REASON)
    [one] = await state.fresh()
    nodes = [node for _ in range(MANY) for node in (state, other)]

    done = await asyncio.gather(*(node.outbox.address(one, ["a", "b"]) for node in nodes))
    held = await asyncio.gather(*(node.claim() for node in nodes))

    assert done.count(True) == 1
    assert await state.fresh() == []
    assert sorted(delivery.receiver for found in held for delivery in found) == ["a", "b"]


async def test_a_failed_try_is_made_again_at_its_time_and_every_try_is_in_the_log(
    state: Outbox, clock: HandClock
) -> None:
    one = await state.addressed("a")
    [delivery] = await state.claim()
    await state.record(delivery, BAD, after=5)
    assert await state.claim() == []
    clock.forward(5)
    [delivery] = await state.claim()
    assert delivery.tries == 1
    await state.record(delivery, GOOD)
    clock.forward(600)
    assert await state.claim() == []
    [shown] = await state.outbox.deliveries("a", limit=10)

    assert (shown.announcement, shown.status) == (one, DeliveryStatus.DELIVERED)
    assert [(line.number, line.status, line.ms, line.error) for line in shown.log] == [
        (1, 500, 7, "It answered 500."),
        (2, 204, 7, ""),
    ]


async def test_a_try_whose_process_died_is_made_again_by_another(state: Outbox, clock: HandClock) -> None:
    await state.addressed("a")
    [held] = await state.claim()
    clock.forward(60)
    [again] = await state.claim()
    await state.record(held, BAD)  # it only stood still
    [shown] = await state.outbox.deliveries("a", limit=10)
    assert shown.status is DeliveryStatus.WAITING
    await state.record(again, GOOD)
    await state.record(held, BAD)
    [shown] = await state.outbox.deliveries("a", limit=10)

    assert (shown.status, len(shown.log)) == (DeliveryStatus.DELIVERED, 3)


async def test_what_failed_can_be_sent_again_and_a_page_begins_after_its_cursor(
    state: Outbox, clock: HandClock
) -> None:
    sent = []
    for _ in range(3):
        sent.append(await state.addressed("a", "b"))
        for delivery in await state.claim():
            await state.record(delivery, BAD)
        clock.forward(1)
    page = await state.outbox.deliveries("a", limit=2)
    rest = await state.outbox.deliveries("a", limit=2, before=page[-1].announcement.id)
    await state.outbox.again("a", sent[0].id)
    failed = await state.outbox.deliveries("a", limit=9, statuses=[DeliveryStatus.FAILED])
    [delivery] = await state.claim()

    assert [one.announcement for one in [*page, *rest]] == sent[::-1]
    assert [one.announcement for one in failed] == [sent[2], sent[1]]
    assert (delivery.announcement.id, delivery.receiver, delivery.tries) == (sent[0].id, "a", 0)
    with pytest.raises(UnknownName):
        await state.outbox.again("c", sent[0].id)


async def test_a_webhook_is_kept_without_showing_its_secret_and_goes_with_its_deliveries(
    state: Outbox,
) -> None:
    first, secret = await state.webhooks.create(NewWebhook(url="https://a.example", shop="main"))
    second, _ = await state.webhooks.create(
        NewWebhook(url="https://b.example", events=(Kind.FAILED, Kind.ALARM))
    )
    shown = await state.webhooks.all()
    await state.addressed(first, second)
    [*_, held] = [one for one in await state.claim() if one.receiver == first]
    await state.webhooks.remove(first)
    await state.record(held, GOOD)

    assert {(one.id, one.shop, one.events) for one in shown} == {
        (first, "main", None),
        (second, None, (Kind.FAILED, Kind.ALARM)),
    }
    assert secret not in repr(shown)
    assert (await state.webhooks.secret(second)).startswith("whsec_")
    assert await state.outbox.deliveries(first, limit=9) == []
    assert len(await state.outbox.deliveries(second, limit=9)) == 1
    for call in (state.webhooks.get, state.webhooks.remove, state.webhooks.secret):
        with pytest.raises(UnknownName):
            await call(first)


async def test_what_is_old_is_forgotten_with_its_log(state: Outbox, clock: HandClock) -> None:
    await state.addressed("a")
    [delivery] = await state.claim()
    await state.record(delivery, GOOD)
    clock.forward(1)
    kept = await state.addressed("a")

    assert await state.outbox.forget(clock.now()) == 1
    assert [one.announcement for one in await state.outbox.deliveries("a", limit=9)] == [kept]
    async with state.database.reading() as connection:
        assert (await connection.execute(select(delivery_tries))).all() == []


async def test_what_is_added_under_one_id_by_many_nodes_is_there_once(state: Outbox, other: Outbox) -> None:
    one = Announcement(
        id="digest_ops_2026-01-01",
        kind="digest",
        subject="ops",
        shop=None,
        at=state.clock.now(),
        data={"a": 1},
    )
    done = await asyncio.gather(*(node.outbox.add(one, "a") for _ in range(MANY) for node in (state, other)))
    [delivery] = await state.claim()

    assert done.count(True) == 1
    assert (delivery.announcement, delivery.receiver) == (one, "a")
    assert await state.fresh() == []
