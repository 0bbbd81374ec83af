"""Duties of the clock in SQL (port `Duties`): one row each, changed by compare-and-set; there is no leader."""

from contextlib import suppress

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from importer.ports import Clock
from importer.store.database import Database, whole
from importer.store.tables import duties


class SqlDuties:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @whole
    async def take(self, name: str, *, seconds: float) -> float | None:
        now = self._clock.now().timestamp()
        until = now + seconds
        query = select(duties.c.next_at).where(duties.c.name == name)
        async with self._database.reading() as connection:
            known = (await connection.execute(query)).scalar_one_or_none()
        if known is None:
            with suppress(IntegrityError):  # somebody else took it in this moment
                async with self._database.writing() as connection:
                    await connection.execute(insert(duties).values(name=name, next_at=until))
                    return until
            return None
        wrong_clock = known > now + 2 * seconds  # whoever wrote that lived in the future
        return await self._set(name, known, until) if known <= now or wrong_clock else None

    async def keep(self, name: str, until: float, *, seconds: float) -> float | None:
        return await self._set(name, until, self._clock.now().timestamp() + seconds)

    async def release(self, name: str, until: float) -> None:
        await self._set(name, until, 0.0)

    @whole
    async def _set(self, name: str, before: float, after: float) -> float | None:
        async with self._database.writing() as connection:
            changed = await connection.execute(
                update(duties).where(duties.c.name == name, duties.c.next_at == before).values(next_at=after)
            )
        return after if changed.rowcount == 1 else None
