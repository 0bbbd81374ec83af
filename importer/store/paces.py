"""The pace of each shop in SQL (port `Paces`): one for all processes that feed it."""

from collections.abc import Callable
from dataclasses import asdict

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from importer.domain.history import EventKind
from importer.domain.imports import Reason
from importer.domain.pace import Pace
from importer.ports import Clock
from importer.store import journal
from importer.store.database import Database, whole
from importer.store.tables import imports, paces


class SqlPaces:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, shop: str) -> Pace | None:
        async with self._database.reading() as connection:
            return await _load(connection, shop)

    @whole
    async def adjust(self, shop: str, first: Pace, change: Callable[[Pace], Pace]) -> tuple[Pace, Pace]:
        async with self._database.writing() as connection:
            await self._database.alone(connection, shop)
            kept = await _load(connection, shop)
            before = kept or first
            after = change(before)
            if kept is None:
                await connection.execute(insert(paces).values(shop=shop, **asdict(after)))
            elif after != before:
                await connection.execute(update(paces).where(paces.c.shop == shop).values(**asdict(after)))
            if _seen(after) != _seen(before):
                await self._tell(connection, shop, after)
            return before, after

    async def _tell(self, connection: AsyncConnection, shop: str, pace: Pace) -> None:
        """Every import that the shop is fed from says so in its log."""
        query = select(imports).where(
            imports.c.shop == shop,
            journal.is_unfinished(),
            imports.c.dry_run.is_(False),
        )
        query = query.order_by(imports.c.id).with_for_update()
        data = {
            "in_flight": pace.most,
            "batch_size": pace.size,
            "closed": pace.is_closed,
            "reason": pace.reason.code,
            "text": pace.reason.text,
        }
        for row in (await connection.execute(query)).mappings().all():
            await journal.append(connection, journal.from_row(row), EventKind.PACED, data, self._clock.now())


def _seen(pace: Pace) -> tuple[int, int, bool]:
    """What a person would notice of a change."""
    return pace.most, pace.size, pace.is_closed


async def _load(connection: AsyncConnection, shop: str) -> Pace | None:
    row = (await connection.execute(select(paces).where(paces.c.shop == shop))).mappings().one_or_none()
    return _from_row(row) if row is not None else None


def _from_row(row: RowMapping) -> Pace:
    values = {name: value for name, value in row.items() if name != "shop"}
    return Pace(**{**values, "reason": Reason(**row["reason"])})
