"""Imports and their logs in SQL (port `Imports`)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from importer.domain.batches import OPEN, Batch, BatchStatus, NewBatch
from importer.domain.errors import Conflict
from importer.domain.history import Event, EventKind
from importer.domain.imports import Import, ImportStatus, Reason
from importer.domain.rows import Outcome, RowError, add, count
from importer.ports import EVERY, Clock, Request, Which
from importer.store import journal
from importer.store.batches import add_batches, has_status
from importer.store.database import Database, whole
from importer.store.tables import batches, import_events, imports


class SqlImports:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @whole
    async def accept(self, request: Request) -> Import:
        data = {
            "shop": request.shop,
            "mapping": request.mapping,
            "entity": request.entity,
            "kept": journal.kept_file(request.kept),
            "dry_run": request.dry_run,
            "patience": request.patience,
            "check_first": request.check_first,
            "max_errors": request.max_errors,
            **({"check_only": True} if request.check_only else {}),
            **({"limits": asdict(request.limits)} if request.limits else {}),
            **({"traceparent": request.traceparent} if request.traceparent else {}),
        }
        event = Event(import_id=request.id, seq=1, at=self._clock.now(), kind=EventKind.ACCEPTED, data=data)
        async with self._database.writing() as connection:
            await self._database.alone(connection, f"idempotency key {request.idempotency_key}")
            key = request.idempotency_key
            earlier = await _earlier(connection, key, request.request_hash) if key is not None else None
            if earlier is not None:
                return earlier
            return await journal.begin(
                connection,
                event,
                idempotency_key=request.idempotency_key,
                request_hash=request.request_hash,
                files_cleared=False,
            )

    async def earlier(self, idempotency_key: str, request_hash: str) -> Import | None:
        async with self._database.reading() as connection:
            return await _earlier(connection, idempotency_key, request_hash)

    async def get(self, import_id: str) -> Import:
        async with self._database.reading() as connection:
            return await journal.load(connection, import_id)

    async def traceparent(self, import_id: str) -> str | None:
        first = select(import_events.c.data).where(
            import_events.c.import_id == import_id, import_events.c.seq == 1
        )
        async with self._database.reading() as connection:
            data = (await connection.execute(first)).scalar_one_or_none()
        return data.get("traceparent") if data else None

    async def latest(self, *, limit: int, before: str | None = None, which: Which = EVERY) -> list[Import]:
        query = select(imports).where(*_meant(which)).order_by(imports.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(imports.c.id < before)
        async with self._database.reading() as connection:
            return [journal.from_row(row) for row in (await connection.execute(query)).mappings()]

    async def unfinished(self, shop: str | None = None) -> list[Import]:
        query = select(imports).where(journal.is_unfinished()).order_by(imports.c.id)
        if shop is not None:
            query = query.where(imports.c.shop == shop)
        async with self._database.reading() as connection:
            return [journal.from_row(row) for row in (await connection.execute(query)).mappings()]

    async def events(self, import_id: str, *, after: int = 0) -> list[Event]:
        async with self._database.reading() as connection:
            return await journal.events(connection, import_id, after=after)

    @whole
    async def rebuild(self, import_id: str, *, check: bool) -> tuple[Import, Import]:
        async with self._database.writing() as connection:
            before = await journal.load(connection, import_id, to_change=True)
            after = await journal.rebuild(connection, import_id, keep=not check)
            return before, after

    @whole
    async def record_counted(self, import_id: str, *, rows: int, columns: Mapping[str, list[str]]) -> None:
        async with self._database.writing() as connection:
            state = await journal.load(connection, import_id, to_change=True)
            if not state.ended and not state.counted:
                data = {"rows": rows, "columns": dict(columns)}
                await journal.append(connection, state, EventKind.COUNTED, data, self._clock.now())

    @whole
    async def record_prepared(
        self,
        import_id: str,
        *,
        start: int,
        rows: int,
        errors: Sequence[RowError],
        batches: Sequence[NewBatch],
    ) -> bool:
        async with self._database.writing() as connection:
            state = await journal.load(connection, import_id, to_change=True)
            if state.ended or state.rows_read != start:
                return False
            await journal.add_rows(connection, import_id, errors)
            await add_batches(connection, state, batches)
            outcomes = count(errors)
            if state.check_only:
                outcomes = add(outcomes, {Outcome.NOT_SENT: rows - sum(outcomes.values())})
            data = {
                "rows": rows,
                "outcomes": journal.outcomes(outcomes),
                "batches": [batch.told for batch in batches],
            }
            await journal.append(connection, state, EventKind.ROWS_PREPARED, data, self._clock.now())
            return True

    @whole
    async def record_read_whole(self, import_id: str) -> None:
        async with self._database.writing() as connection:
            state = await journal.load(connection, import_id, to_change=True)
            if not state.ended and not state.read_whole:
                now = self._clock.now()
                state = await journal.append(connection, state, EventKind.READ_WHOLE, {}, now)
                over = None if state.cancelling else state.over_limits
                if over is not None:
                    await journal.append(connection, state, EventKind.HELD, asdict(over), now)

    @whole
    async def record_waiting(self, import_id: str, reason: Reason) -> None:
        """The same reason twice in a row is one event."""
        async with self._database.writing() as connection:
            state = await journal.load(connection, import_id, to_change=True)
            if not state.ended and state.waiting != reason:
                await journal.append(connection, state, EventKind.WAITING, asdict(reason), self._clock.now())

    @whole
    async def record_ended(
        self,
        import_id: str,
        status: ImportStatus,
        *,
        reason: Reason | None = None,
        left: Sequence[Batch] = (),
        errors: Sequence[RowError] = (),
    ) -> bool:
        async with self._database.writing() as connection:
            state = await journal.load(connection, import_id, to_change=True)
            if state.ended or await _open(connection, import_id) != {(b.id, b.status) for b in left}:
                return False
            await journal.add_rows(connection, import_id, errors)
            await connection.execute(
                update(batches)
                .where(batches.c.import_id == import_id, has_status(OPEN))
                .values(status=BatchStatus.ABANDONED.value),
            )
            data = {
                "status": status.value,
                "outcomes": journal.outcomes(count(errors)),
                "reason": asdict(reason) if reason else None,
            }
            await journal.append(connection, state, EventKind.ENDED, data, self._clock.now())
            return True


def _meant(which: Which) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if which.shops is not None:
        conditions.append(imports.c.shop.in_(list(which.shops)))
    if which.statuses:
        conditions.append(imports.c.status.in_([status.value for status in which.statuses]))
    if which.mapping is not None:
        conditions.append(imports.c.mapping == which.mapping)
    if which.since is not None:
        conditions.append(imports.c.accepted_at >= which.since)
    return conditions


async def _open(connection: AsyncConnection, import_id: str) -> set[tuple[str, BatchStatus]]:
    query = select(batches.c.id, batches.c.status).where(batches.c.import_id == import_id, has_status(OPEN))
    return {(id_, BatchStatus(status)) for id_, status in (await connection.execute(query)).all()}


async def _earlier(connection: AsyncConnection, key: str, request_hash: str) -> Import | None:
    """The import that this idempotency key has made before. Raises Conflict when it was another request."""
    query = select(imports).where(imports.c.idempotency_key == key)
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    if row["request_hash"] != request_hash:
        raise Conflict(
            "This Idempotency-Key was used for another request. Use a new key for a new request.",
            code="idempotency.reused",
        )
    return journal.from_row(row)
