"""What a person tells an import, in SQL (port `Commands`)."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, distinct, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from importer.domain.batches import IN_FLIGHT, Batch, BatchStatus
from importer.domain.commands import Attempt, Command, Verb
from importer.domain.history import EventKind
from importer.domain.imports import Import
from importer.domain.rows import Counts, Outcome, RowError, count
from importer.ports import Clock, EarlierCause
from importer.store import journal
from importer.store.batches import COLUMNS, add_batches, from_row, has_status
from importer.store.database import Database, whole
from importer.store.tables import batches, earlier_rows, import_rows


class SqlCommands:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @whole
    async def record(self, import_id: str, verb: Verb, command: Command) -> bool:
        async with self._database.writing() as connection:
            state = await journal.load(connection, import_id, to_change=True)
            if state.status not in verb.before:
                return False
            data = {**asdict(command), **await _figures(connection, state)}
            await journal.append(connection, state, verb.kind, data, self._clock.now())
            return True

    @whole
    async def record_withdrawn(
        self, import_id: str, batches: Sequence[Batch], errors: Sequence[RowError]
    ) -> bool:
        async with self._database.writing() as connection:
            state = await journal.load(connection, import_id, to_change=True)
            if not state.cancelling or not await _are(connection, batches, BatchStatus.WAITING):
                return False
            await _become(connection, batches, BatchStatus.ABANDONED)
            await journal.add_rows(connection, import_id, errors, follow_up=all(b.follow_up for b in batches))
            data = {
                "batches": [batch.id for batch in batches],
                "outcomes": journal.outcomes(count(errors)),
            }
            await journal.append(connection, state, EventKind.WITHDRAWN, data, self._clock.now())
            return True

    @whole
    async def record_retried(self, import_id: str, attempt: Attempt, command: Command) -> bool:
        sent = [batch for batch in attempt.reopened if batch.bulk_uuid]
        doubtful = [batch for batch in attempt.reopened if not batch.bulk_uuid]
        async with self._database.writing() as connection:
            state = await journal.load(connection, import_id, to_change=True)
            if not state.ended or state.files_removed or state.attempt + 1 != attempt.number:
                return False
            again = await _set_aside(connection, state, attempt.outcomes)
            await _become(connection, sent, BatchStatus.SENT)
            await _become(connection, doubtful, BatchStatus.IN_DOUBT)
            await add_batches(connection, state, attempt.batches)
            data = {
                "attempt": attempt.number,
                "outcomes": journal.outcomes(again),
                **asdict(command),
                "batches": [new.told for new in attempt.batches],
                "reopened": [_reopened(batch) for batch in attempt.reopened],
            }
            await journal.append(connection, state, EventKind.RETRIED, data, self._clock.now())
            return True

    async def originals(self, import_id: str, *, after: int, limit: int) -> list[Batch]:
        query = (
            select(*COLUMNS)
            .where(batches.c.import_id == import_id, batches.c.parent.is_(None), batches.c.number > after)
            .order_by(batches.c.number)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return [from_row(row) for row in (await connection.execute(query)).mappings()]

    async def among(
        self, import_id: str, outcomes: Collection[Outcome], *, first: int, last: int
    ) -> set[int]:
        query = select(import_rows.c.row).where(
            import_rows.c.import_id == import_id,
            import_rows.c.row.between(first, last),
            import_rows.c.outcome.in_([outcome.value for outcome in outcomes]),
        )
        async with self._database.reading() as connection:
            return set((await connection.execute(query)).scalars())

    async def earlier(self, import_id: str) -> list[EarlierCause]:
        rows = func.count(distinct(earlier_rows.c.row))
        key = (earlier_rows.c.attempt, earlier_rows.c.outcome, earlier_rows.c.code)
        query = (
            select(*key, func.min(earlier_rows.c.text).label("text"), rows.label("rows"))
            .where(earlier_rows.c.import_id == import_id)
            .group_by(*key)
            .order_by(earlier_rows.c.attempt, rows.desc(), earlier_rows.c.outcome, earlier_rows.c.code)
        )
        async with self._database.reading() as connection:
            found = (await connection.execute(query)).mappings().all()
        return [EarlierCause(**{**row, "outcome": Outcome(row["outcome"])}) for row in found]


async def _figures(connection: AsyncConnection, state: Import) -> dict[str, Any]:
    """Rows that are done, in flight and not sent; together they are the rows read. `not_read`: known once counted."""
    query = select(func.coalesce(func.sum(batches.c.operations), 0)).where(
        batches.c.import_id == state.id, has_status(IN_FLIGHT)
    )
    pending = state.counts.get(Outcome.PENDING, 0)
    in_flight = min(pending, int((await connection.execute(query)).scalar_one()))
    return {
        "done": state.rows_read - pending,
        "in_flight": in_flight,
        "not_sent": pending - in_flight,
        "not_read": state.rows_total - state.rows_read if state.rows_total is not None else None,
    }


async def _are(connection: AsyncConnection, some: Sequence[Batch], status: BatchStatus) -> bool:
    """Whether all of them still have the status."""
    ids = [batch.id for batch in some]
    query = select(func.count()).where(batches.c.id.in_(ids), batches.c.status == status.value)
    return int((await connection.execute(query)).scalar_one()) == len(some)


async def _become(connection: AsyncConnection, some: Sequence[Batch], status: BatchStatus) -> None:
    ids = [batch.id for batch in some]
    await connection.execute(update(batches).where(batches.c.id.in_(ids)).values(status=status.value))


async def _set_aside(connection: AsyncConnection, state: Import, outcomes: Collection[Outcome]) -> Counts:
    """The reasons of these rows become those of the attempt that has ended; how many rows of each outcome."""
    chosen = (
        import_rows.c.import_id == state.id,
        import_rows.c.outcome.in_([outcome.value for outcome in outcomes]),
    )
    rows = func.count(distinct(import_rows.c.row))
    counted = await connection.execute(
        select(import_rows.c.outcome, rows).where(*chosen).group_by(import_rows.c.outcome)
    )
    again = {Outcome(outcome): number for outcome, number in counted.all()}
    names = [*(column.name for column in import_rows.c), "attempt"]
    old = select(*import_rows.c, literal(state.attempt)).where(*chosen)
    await connection.execute(insert(earlier_rows).from_select(names, old))
    await connection.execute(delete(import_rows).where(*chosen))
    return again


def _reopened(batch: Batch) -> dict[str, Any]:
    sent = batch.bulk_uuid is not None
    told = {"batch": batch.id, "operations": batch.operations, "sent": sent}
    return {**told, "follow_up": True} if batch.follow_up else told
