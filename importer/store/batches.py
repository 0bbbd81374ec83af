"""Batches in SQL (port `Batches`). Every change is a compare-and-set on the batch's status, with its event."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, case, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from importer.domain.batches import ALL, IN_FLIGHT, OPEN, Batch, BatchStatus, NewBatch, Receipt, Sending
from importer.domain.errors import UnknownName
from importer.domain.history import EventKind
from importer.domain.imports import Import, Reason
from importer.domain.keys import fingerprints, meet
from importer.domain.rows import Counts, RowError, count
from importer.ports import Clock
from importer.store import journal
from importer.store.database import Database, whole
from importer.store.tables import batches, imports, steps

COLUMNS = [column for column in batches.c if column.name not in ("parent", "written")]
UNANSWERED = {BatchStatus.SENDING, BatchStatus.IN_DOUBT}


@dataclass(frozen=True)
class Transition:
    """From any of the statuses `before` to what `change` says; `into` and `errors` are what becomes of the rest."""

    before: set[BatchStatus]
    change: Mapping[str, Any]
    kind: EventKind
    data: Mapping[str, Any]
    into: Sequence[NewBatch] = ()
    errors: Sequence[RowError] = ()


async def add_batches(connection: AsyncConnection, state: Import, new: Sequence[NewBatch]) -> None:
    """Number them on from the import's last one and let them wait."""
    if not new:
        return
    query = select(func.coalesce(func.max(batches.c.number), 0)).where(batches.c.import_id == state.id)
    last = int((await connection.execute(query)).scalar_one())
    common = {
        "import_id": state.id,
        "shop": state.shop,
        "status": BatchStatus.WAITING,
        "attempt": 0,
        "lagging": False,
    }
    rows = [{**common, "number": last + place, **asdict(batch)} for place, batch in enumerate(new, 1)]
    await connection.execute(insert(batches), rows)


class SqlBatches:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, batch_id: str) -> Batch:
        found = await self._select(batches.c.id == batch_id)
        if not found:
            raise UnknownName(f"There is no batch {batch_id}.")
        return found[0]

    async def of(
        self, import_id: str, statuses: Collection[BatchStatus] = ALL, *, limit: int | None = None
    ) -> list[Batch]:
        return await self._select(batches.c.import_id == import_id, has_status(statuses), limit=limit)

    async def _select(self, *where: Any, limit: int | None = None) -> list[Batch]:
        query = select(*COLUMNS).where(*where).order_by(batches.c.number).limit(limit)
        async with self._database.reading() as connection:
            return [from_row(row) for row in (await connection.execute(query)).mappings()]

    async def next(self, import_id: str, *, limit: int) -> list[Batch]:
        of_import = batches.c.import_id == import_id
        first = select(func.min(batches.c.phase)).where(of_import, has_status(OPEN))
        waiting = batches.c.status == BatchStatus.WAITING.value
        dead = exists().where(steps.c.target == batches.c.id, steps.c.dead_at.is_not(None))
        of_phase = batches.c.phase == first.scalar_subquery()
        return await self._select(of_import, waiting, of_phase, ~dead, limit=limit)

    async def in_flight(self, shop: str) -> dict[str, int]:
        query = (
            select(batches.c.import_id, func.count())
            .where(batches.c.shop == shop, has_status(IN_FLIGHT), batches.c.lagging.is_(False))
            .group_by(batches.c.import_id)
        )
        async with self._database.reading() as connection:
            return {row[0]: row[1] for row in await connection.execute(query)}

    async def overtaken(self, batch: Batch) -> bool:
        query = select(batches.c.id).where(
            batches.c.shop == batch.shop,
            batches.c.status == BatchStatus.CONFIRMED.value,
            batches.c.sent_at > batch.sent_at,
        )
        async with self._database.reading() as connection:
            return (await connection.execute(query.limit(1))).first() is not None

    async def receipts(self, shop: str, since: datetime) -> set[str]:
        query = select(batches.c.bulk_uuid).where(batches.c.shop == shop, batches.c.sent_at >= since)
        async with self._database.reading() as connection:
            return set((await connection.execute(query)).scalars())

    @whole
    async def record_sending(self, batch: Batch, *, keys: Collection[str], most: int) -> Sending:
        written = fingerprints(keys)
        change = {
            "status": BatchStatus.SENDING,
            "attempt": batch.attempt + 1,
            "sending_at": self._clock.now(),
            "written": written,
            "lagging": False,
        }
        data = {"attempt": batch.attempt + 1, "content_hash": batch.content_hash}
        async with self._database.writing() as connection:
            # Two looks at once would both find the place free.
            await self._database.alone(connection, batch.shop)
            state = await journal.load(connection, batch.import_id, to_change=True)
            if not state.may_send:
                return Sending.LATE
            others = (await connection.execute(_others(batch, state.entity))).all()
            if sum(not other.lagging for other in others) >= most:
                return Sending.FULL
            if any(other.entity == state.entity and meet(written, other.written) for other in others):
                return Sending.KEYS_IN_FLIGHT
            done = await self._change(
                connection, state, batch, Transition({BatchStatus.WAITING}, change, EventKind.SENDING, data)
            )
            return Sending.RECORDED if done else Sending.LATE

    async def record_sent(self, batch: Batch, receipt: Receipt) -> bool:
        change = {"status": BatchStatus.SENT, "bulk_uuid": receipt.bulk_uuid, "sent_at": self._clock.now()}
        data: dict[str, Any] = {"bulk_uuid": receipt.bulk_uuid, "operations": batch.operations}
        data |= {"follow_up": True} if batch.follow_up else {}
        return await self._record(batch, Transition(UNANSWERED, change, EventKind.SENT, data))

    async def record_lagging(self, batch: Batch, *, left: int) -> bool:
        change = {"lagging": True}
        return await self._record(
            batch, Transition(set(IN_FLIGHT), change, EventKind.LAGGING, {"left": left})
        )

    async def record_in_doubt(self, batch: Batch, reason: Reason) -> bool:
        change = {"status": BatchStatus.IN_DOUBT}
        return await self._record(
            batch,
            Transition({BatchStatus.SENDING}, change, EventKind.IN_DOUBT, asdict(reason)),
        )

    async def record_not_taken(self, batch: Batch, reason: Reason) -> bool:
        change = {"status": BatchStatus.WAITING, "written": None}
        return await self._record(batch, Transition(UNANSWERED, change, EventKind.NOT_TAKEN, asdict(reason)))

    async def record_refused(
        self,
        batch: Batch,
        reason: Reason,
        *,
        into: Sequence[NewBatch],
        errors: Sequence[RowError],
    ) -> bool:
        change = {"status": BatchStatus.REFUSED, "written": None}
        data = {**asdict(reason), "outcomes": journal.outcomes(count(errors)), "into": _into(into)}
        return await self._record(
            batch,
            Transition(UNANSWERED, change, EventKind.REFUSED, data, into=into, errors=errors),
        )

    async def record_blocked(
        self, batch: Batch, *, into: Sequence[NewBatch], errors: Sequence[RowError]
    ) -> bool:
        change = {"status": BatchStatus.BLOCKED}
        data = {"outcomes": journal.outcomes(count(errors)), "into": _into(into)}
        return await self._record(
            batch,
            Transition({BatchStatus.WAITING}, change, EventKind.BLOCKED, data, into=into, errors=errors),
        )

    async def record_split(self, batch: Batch, *, into: Sequence[NewBatch]) -> bool:
        change = {"status": BatchStatus.SPLIT}
        data: dict[str, Any] = {"outcomes": {}, "into": _into(into)}
        return await self._record(
            batch, Transition({BatchStatus.WAITING}, change, EventKind.SPLIT, data, into=into)
        )

    async def record_confirmed(
        self,
        batch: Batch,
        *,
        counts: Counts,
        into: Sequence[NewBatch],
        errors: Sequence[RowError],
    ) -> bool:
        change = {"status": BatchStatus.CONFIRMED, "written": None}
        data = {"outcomes": journal.outcomes(counts), "into": _into(into)}
        return await self._record(
            batch,
            Transition(set(OPEN), change, EventKind.CONFIRMED, data, into=into, errors=errors),
        )

    @whole
    async def _record(self, batch: Batch, transition: Transition) -> bool:
        """One transition of one batch. Nothing happens unless the batch still is what the caller saw."""
        async with self._database.writing() as connection:
            state = await journal.load(connection, batch.import_id, to_change=True)
            return await self._change(connection, state, batch, transition)

    async def _change(
        self, connection: AsyncConnection, state: Import, batch: Batch, transition: Transition
    ) -> bool:
        if state.ended:
            return False
        changed = await connection.execute(
            update(batches)
            .where(
                batches.c.id == batch.id,
                has_status(transition.before),
                batches.c.attempt == batch.attempt,
            )
            .values(**transition.change),
        )
        if changed.rowcount != 1:
            return False
        await add_batches(connection, state, transition.into)
        await journal.add_rows(connection, state.id, transition.errors, follow_up=batch.follow_up)
        data = {"batch": batch.id, **transition.data}
        await journal.append(connection, state, transition.kind, data, self._clock.now())
        return True


def has_status(statuses: Collection[BatchStatus]) -> ColumnElement[bool]:
    """A batch has one of them."""
    return batches.c.status.in_([status.value for status in statuses])


def _others(batch: Batch, entity: str) -> Select[Any]:
    """What else the shop has in flight, and which entities of this kind that writes."""
    return (
        select(
            imports.c.entity,
            batches.c.lagging,
            case((imports.c.entity == entity, batches.c.written)).label("written"),
        )
        .join_from(batches, imports, imports.c.id == batches.c.import_id)
        .where(batches.c.shop == batch.shop, batches.c.id != batch.id, has_status(IN_FLIGHT))
    )


def _into(new: Sequence[NewBatch]) -> list[dict[str, Any]]:
    return [batch.told for batch in new]


def from_row(row: RowMapping) -> Batch:
    return Batch(**{**row, "status": BatchStatus(row["status"])})
