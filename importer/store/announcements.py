"""The outbox of announcements and their deliveries in SQL (port `Announcements`)."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, Select, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from importer.domain.announcements import ENDS, Announcement, Kind, Told
from importer.domain.deliveries import Delivery, DeliveryStatus, Sent, Try
from importer.domain.errors import UnknownName
from importer.ports import Clock
from importer.store.database import Database, whole
from importer.store.tables import announcements, deliveries, delivery_tries

KEPT = [announcements.c[field.name] for field in fields(Announcement)]


async def announce(connection: AsyncConnection, told: Told) -> None:
    """In the transaction that makes it true. A stall that is over before anybody was told of it is told to nobody."""
    if told.kind == Kind.RECOVERED or told.kind in ENDS.values():
        unsaid = delete(announcements).where(
            announcements.c.addressed.is_(False),
            announcements.c.kind == Kind.STALLED.value,
            announcements.c.subject == told.subject,
        )
        withdrawn = (await connection.execute(unsaid)).rowcount
        if told.kind == Kind.RECOVERED and withdrawn:
            return
    milliseconds = int(told.at.timestamp() * 1000)
    own = {"id": f"msg_{milliseconds:012x}{secrets.token_hex(6)}", "addressed": False}
    await connection.execute(insert(announcements).values(**own, **_values(told)))


class SqlAnnouncements:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def fresh(self, *, limit: int) -> list[Announcement]:
        due = (announcements.c.addressed.is_(False), announcements.c.due_at <= self._clock.now())
        query = select(*KEPT).where(*due).order_by(announcements.c.due_at, announcements.c.id).limit(limit)
        async with self._database.reading() as connection:
            return [Announcement(**row) for row in (await connection.execute(query)).mappings()]

    @whole
    async def address(self, announcement: Announcement, receivers: Collection[str]) -> bool:
        still = (announcements.c.id == announcement.id, announcements.c.addressed.is_(False))
        now = self._clock.now()
        async with self._database.writing() as connection:
            done = await connection.execute(update(announcements).where(*still).values(addressed=True))
            if done.rowcount != 1:
                return False
            await _deliver_to(connection, announcement, receivers, now)
            return True

    @whole
    async def add(self, announcement: Announcement, receiver: str) -> bool:
        try:
            async with self._database.writing() as connection:
                own = {"id": announcement.id, "addressed": True}
                await connection.execute(insert(announcements).values(**own, **_values(announcement)))
                await _deliver_to(connection, announcement, [receiver], self._clock.now())
        except IntegrityError:  # another process made it
            return False
        return True

    @whole
    async def claim(self, *, limit: int, seconds: float) -> list[Delivery]:
        now = self._clock.now()
        until = now + timedelta(seconds=seconds)
        due = (deliveries.c.status == DeliveryStatus.WAITING.value, deliveries.c.due_at <= now)
        query = _deliveries().where(*due).order_by(deliveries.c.due_at).limit(limit)
        async with self._database.reading() as connection:
            found = [_delivery(row) for row in (await connection.execute(query)).mappings()]
        if not found:
            return []
        async with self._database.writing() as connection:
            return [
                replace(one, due_at=until)
                for one in found
                if (await connection.execute(update(deliveries).where(*_still(one)).values(due_at=until))).rowcount
            ]  # fmt: skip

    @whole
    async def record(
        self, delivery: Delivery, sent: Sent, *, at: datetime, ms: int, again_at: datetime | None
    ) -> None:
        """Of a receiver that has it nothing else becomes true; what else was found counts for whoever holds the delivery."""
        key = (delivery.announcement.id, delivery.receiver)
        after: dict[str, Any] = {"tries": delivery.tries + 1, "due_at": again_at or at}
        after["status"] = (
            DeliveryStatus.DELIVERED
            if not sent.error
            else DeliveryStatus.WAITING if again_at else DeliveryStatus.FAILED
        ).value  # fmt: skip
        async with self._database.writing() as connection:
            if not await _is_there(connection, *key):
                return  # its webhook was removed meanwhile
            which = _still(delivery) if sent.error else _is(*key)
            await connection.execute(update(deliveries).where(*which).values(**after))
            query = select(func.coalesce(func.max(delivery_tries.c.number), 0)).where(*_of(*key))
            number = (await connection.execute(query)).scalar_one() + 1
            own = {"announcement_id": key[0], "receiver": key[1], "number": number}
            line = {"at": at, "status": sent.status, "ms": ms, "error": sent.error}
            await connection.execute(insert(delivery_tries).values(**own, **line))

    async def deliveries(
        self, receiver: str, *, limit: int, before: str | None = None, statuses: Collection[DeliveryStatus] = ()
    ) -> list[Delivery]:  # fmt: skip
        query = _deliveries().where(deliveries.c.receiver == receiver)
        if before is not None:
            query = query.where(deliveries.c.announcement_id < before)
        if statuses:
            query = query.where(deliveries.c.status.in_([status.value for status in statuses]))
        query = query.order_by(deliveries.c.announcement_id.desc()).limit(limit)
        async with self._database.reading() as connection:
            found = [_delivery(row) for row in (await connection.execute(query)).mappings()]
            log = await _log(connection, receiver, [one.announcement.id for one in found])
        return [replace(one, log=log.get(one.announcement.id, ())) for one in found]

    @whole
    async def again(self, receiver: str, announcement_id: str) -> None:
        anew = {"status": DeliveryStatus.WAITING.value, "tries": 0, "due_at": self._clock.now()}
        async with self._database.writing() as connection:
            which = update(deliveries).where(*_is(announcement_id, receiver))
            if not (await connection.execute(which.values(**anew))).rowcount:
                text = f"There is no delivery {announcement_id} of {receiver}. They are kept for 30 days."
                raise UnknownName(text, code="delivery.unknown")

    @whole
    async def forget(self, before: datetime) -> int:
        async with self._database.writing() as connection:
            return (
                await connection.execute(delete(announcements).where(announcements.c.at < before))
            ).rowcount


def _values(told: Told) -> dict[str, Any]:
    values = {column.name: getattr(told, column.name) for column in KEPT if column.name != "id"}
    return {**values, "kind": str(told.kind), "data": dict(told.data), "due_at": told.due_at}


async def _deliver_to(
    connection: AsyncConnection, announcement: Announcement, receivers: Collection[str], at: datetime
) -> None:
    own = {"announcement_id": announcement.id, "status": DeliveryStatus.WAITING.value}
    rows = [{**own, "receiver": one, "tries": 0, "due_at": at} for one in sorted(set(receivers))]
    if rows:
        await connection.execute(insert(deliveries), rows)


def _deliveries() -> Select[Any]:
    columns = [column.label(f"of_{column.name}") for column in KEPT]
    return select(deliveries, *columns).join(announcements)


def _delivery(row: RowMapping) -> Delivery:
    told = {field.name: row[f"of_{field.name}"] for field in fields(Announcement)}
    own = {name: row[name] for name in ("receiver", "tries", "due_at")}
    return Delivery(announcement=Announcement(**told), status=DeliveryStatus(row["status"]), **own)


def _is(announcement_id: str, receiver: str) -> tuple[Any, ...]:
    return deliveries.c.announcement_id == announcement_id, deliveries.c.receiver == receiver


def _still(delivery: Delivery) -> tuple[Any, ...]:
    """As it was read: nobody else has it since."""
    return (
        *_is(delivery.announcement.id, delivery.receiver),
        deliveries.c.due_at == delivery.due_at,
        deliveries.c.status == delivery.status.value,
    )


def _of(announcement_id: str, receiver: str) -> tuple[Any, ...]:
    return delivery_tries.c.announcement_id == announcement_id, delivery_tries.c.receiver == receiver


async def _is_there(connection: AsyncConnection, announcement_id: str, receiver: str) -> bool:
    """Nobody else changes it until the transaction ends."""
    query = select(deliveries.c.status).where(*_is(announcement_id, receiver)).with_for_update()
    return (await connection.execute(query)).first() is not None


async def _log(connection: AsyncConnection, receiver: str, ids: Sequence[str]) -> dict[str, list[Try]]:
    query = (
        select(delivery_tries)
        .where(delivery_tries.c.receiver == receiver, delivery_tries.c.announcement_id.in_(ids))
        .order_by(delivery_tries.c.number)
    )
    lines: dict[str, list[Try]] = {}
    for row in (await connection.execute(query)).mappings():
        words = {field.name: row[field.name] for field in fields(Try)}
        lines.setdefault(row["announcement_id"], []).append(Try(**words))
    return lines
