"""What the state adds up to, in three statements however many imports there are (port `Sums`)."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from importer.domain.batches import IN_FLIGHT
from importer.domain.imports import ImportStatus
from importer.domain.rows import Outcome
from importer.domain.steps import StepKind
from importer.ports import Clock
from importer.ports.figures import Figures, InFlight, Queued
from importer.store.batches import has_status
from importer.store.database import Database
from importer.store.tables import batches, imports, steps


class SqlSums:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def check(self) -> None:
        await self._database.require_schema()

    async def read(self, shops: Collection[str]) -> Figures:
        now = self._clock.now().timestamp()
        async with self._database.reading() as connection:
            by_status, by_outcome = await _imports(connection)
            taken = {
                row.shop: InFlight(batches=row.batches, operations=row.operations)
                for row in await connection.execute(of_batches(shops))
            }
            queued = (await connection.execute(of_steps(now))).all()
        return Figures(
            imports=by_status,
            rows=by_outcome,
            in_flight={shop: taken.get(shop, InFlight(batches=0, operations=0)) for shop in shops},
            steps={StepKind(row.kind): _queued(row) for row in queued},
            oldest_due=max((now - row.oldest for row in queued if row.oldest is not None), default=0.0),
        )


def of_imports() -> Select[Any]:
    """One look at every import; a shop has a row for each status its imports are in."""
    outcomes = [
        func.coalesce(func.sum(imports.c.counts[one.value].as_integer()), 0).label(one.value)
        for one in Outcome
    ]
    kinds = (imports.c.shop, imports.c.status, imports.c.dry_run)
    return select(*kinds, func.count().label("number"), *outcomes).group_by(*kinds)


def of_batches(shops: Collection[str]) -> Select[Any]:
    """By the index on shop and status: batches that are done are not looked at."""
    placed = case((batches.c.lagging.is_(False), 1), else_=0)
    return (
        select(
            batches.c.shop,
            func.sum(placed).label("batches"),
            func.sum(batches.c.operations).label("operations"),
        )
        .where(batches.c.shop.in_(sorted(shops)), has_status(IN_FLIGHT))
        .group_by(batches.c.shop)
    )


def of_steps(now: float) -> Select[Any]:
    """A step that somebody holds is due again when the lease ends."""
    dead = steps.c.dead_at.is_not(None)
    running = steps.c.worker.is_not(None) & (steps.c.due_at > now)
    due = ~dead & (steps.c.due_at <= now)
    return select(
        steps.c.kind,
        func.sum(case((dead | running, 0), else_=1)).label("waiting"),
        func.sum(case((running, 1), else_=0)).label("running"),
        func.sum(case((dead, 1), else_=0)).label("dead"),
        func.min(case((due, steps.c.due_at))).label("oldest"),
    ).group_by(steps.c.kind)


def _queued(row: Row[Any]) -> Queued:
    return Queued(waiting=row.waiting, running=row.running, dead=row.dead)


async def _imports(
    connection: AsyncConnection,
) -> tuple[dict[tuple[str, ImportStatus], int], dict[tuple[str, Outcome], int]]:
    by_status: Counter[tuple[str, ImportStatus]] = Counter()
    by_outcome: Counter[tuple[str, Outcome]] = Counter()
    for row in (await connection.execute(of_imports())).mappings():
        by_status[row["shop"], ImportStatus(row["status"])] += row["number"]
        if not row["dry_run"]:
            by_outcome.update({(row["shop"], one): int(row[one.value]) for one in Outcome})
    return dict(by_status), dict(by_outcome)
