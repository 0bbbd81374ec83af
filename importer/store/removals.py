"""What is kept no longer, in SQL (port `Removals`)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from importer.domain.history import EventKind
from importer.domain.imports import Import
from importer.ports import Clock
from importer.store import journal
from importer.store.database import Database, whole
from importer.store.tables import imports


class SqlRemovals:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def due(self, before: datetime, *, after: str = "", limit: int) -> Sequence[Import]:
        query = (
            select(imports)
            .where(imports.c.ended_at < before, imports.c.files_removed_at.is_(None), imports.c.id > after)
            .order_by(imports.c.id)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return [journal.from_row(row) for row in (await connection.execute(query)).mappings()]

    @whole
    async def record_files_removed(self, import_id: str, before: datetime) -> bool:
        async with self._database.writing() as connection:
            state = await journal.load(connection, import_id, to_change=True)
            if state.ended_at is None or state.ended_at >= before or state.files_removed:
                return False
            await journal.append(connection, state, EventKind.FILES_REMOVED, {}, self._clock.now())
            return True

    async def left(self, *, after: str = "", limit: int) -> Sequence[str]:
        recorded = imports.c.files_removed_at.is_not(None) & imports.c.files_cleared.is_(False)
        query = select(imports.c.id).where(recorded, imports.c.id > after).order_by(imports.c.id).limit(limit)
        async with self._database.reading() as connection:
            return (await connection.execute(query)).scalars().all()

    @whole
    async def cleared(self, import_id: str) -> None:
        async with self._database.writing() as connection:
            gone = update(imports).where(imports.c.id == import_id).values(files_cleared=True)
            await connection.execute(gone)
