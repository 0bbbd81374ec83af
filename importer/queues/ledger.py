"""The ledger of steps: a table in the state database that decides who works on what, whichever way messages come.

A claimed step is one that is due again when its lease ends; so a killed worker's steps return by themselves. A step on
which workers fail or die again and again is dead: it stays here, and nobody gets it until a person gives it back.
"""

import math
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    delete,
    false,
    func,
    insert,
    or_,
    outerjoin,
    select,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from importer.domain.consumers import ALL, Consumer, taken, takes_all
from importer.domain.steps import MOST_CRASHES, MOST_LOST, DeadStep, Lease, Load, Step, StepKind
from importer.domain.timing import backoff
from importer.ports import Clock
from importer.store.database import Database, whole
from importer.store.tables import steps

LEASE_SECONDS = 10.0
LENGTH = 24
"""Characters of an import's id, with which the target of each of its steps begins."""
REMIND_SECONDS = 30.0
"""So long after its message should have arrived, a step that is due and that nobody took is told once more."""

LOST = f"Its worker died while it worked on it, {MOST_LOST} times in a row."
BURIED = -1.0
"""Instead of the moment of its message: the queue of the dead has it."""

NEW = {"attempt": 0, "crashes": 0, "lost": 0, "worker": None, "dead_at": None, "reason": None}


class StepLedger:
    def __init__(self, database: Database, clock: Clock, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._database = database
        self._clock = clock
        self._lease = lease_seconds

    @whole
    async def enter(self, step: Step, *, delay: float) -> bool:
        """False when it is there already: asked first, for most that is published again is, and writing has a price."""
        async with self._database.reading() as connection:
            if (await connection.execute(select(steps.c.kind).where(*_is(step)))).first() is not None:
                return False
        due = self._now() + delay
        row = {"shop": step.shop, "entity": step.entity, "due_at": due, "told_at": due, **NEW}
        with suppress(IntegrityError):  # somebody else published it in this moment
            async with self._database.writing() as connection:
                await connection.execute(
                    insert(steps).values(kind=step.kind.value, target=step.target, **row)
                )
                return True
        return False

    @whole
    async def claim(
        self, worker: str, *, limit: int, only: str | None = None, consumers: Sequence[Consumer] = (ALL,)
    ) -> list[Lease]:
        wanted = steps.c.due_at <= self._now(), steps.c.dead_at.is_(None), *_of_import(only)
        async with self._database.reading() as connection:
            if not (await connection.execute(select(steps.c.kind).where(*wanted).limit(1))).first():
                return []
            chosen = await _chosen(connection, consumers)
        query = _fairly(self._now()).where(*wanted, chosen).limit(limit)
        async with self._database.writing() as connection:
            rows = (await connection.execute(query.with_for_update(of=steps, skip_locked=True))).all()
            leases = [await self._lend(connection, row, worker) for row in rows]
        return [lease for lease in leases if lease is not None]

    async def due_in(self, step: Step) -> float:
        """Seconds until somebody may take it: 0 when it is due, and when it is taken, done or dead."""
        query = select(steps.c.due_at).where(*_is(step), steps.c.dead_at.is_(None), steps.c.worker.is_(None))
        async with self._database.reading() as connection:
            due = (await connection.execute(query)).scalar_one_or_none()
        return 0.0 if due is None else max(0.0, float(due) - self._now())

    async def _lend(self, connection: AsyncConnection, row: Row[Any], worker: str) -> Lease | None:
        step = _step(row)
        lost = row.lost + (row.worker not in (None, worker))
        if lost >= MOST_LOST:
            await connection.execute(update(steps).where(*_is(step)).values(**self._dying(LOST), lost=lost))
            return None
        lease = Lease(step=step, attempt=row.attempt + 1, worker=worker, told=row.told_at > 0)
        values = {"due_at": self._now() + self._lease, "attempt": lease.attempt, "worker": worker}
        await connection.execute(update(steps).where(*_is(step)).values(**values, lost=lost, told_at=0))
        return lease

    async def extend(self, lease: Lease) -> bool:
        return await self._change(lease, due_at=self._now() + self._lease)

    @whole
    async def done(self, lease: Lease) -> None:
        async with self._database.writing() as connection:
            await connection.execute(delete(steps).where(*_held(lease)))

    async def give_back(self, lease: Lease, *, delay: float) -> bool:
        """False when the lease was lost."""
        due = self._now() + delay
        return await self._change(lease, due_at=due, told_at=due, worker=None, crashes=0, lost=0)

    @whole
    async def crash(self, lease: Lease, reason: str) -> float | None:
        """In how many seconds it is due again: never (`inf`) when it is dead now. None when the lease was lost."""
        async with self._database.writing() as connection:
            query = select(steps.c.crashes).where(*_held(lease)).with_for_update()
            before = (await connection.execute(query)).scalar_one_or_none()
            if before is None:
                return None
            crashes, delay = before + 1, backoff(before + 1)
            due = self._now() + delay
            values: dict[str, Any] = {"due_at": due, "told_at": due, "worker": None}
            if crashes >= MOST_CRASHES:
                values = self._dying(reason)
            await connection.execute(update(steps).where(*_held(lease)).values(**values, crashes=crashes))
            return delay if crashes < MOST_CRASHES else math.inf

    @whole
    async def silent(self, *, limit: int = 100) -> list[Step]:
        """Steps that are due and of which no message seems to be under way: from now on one is; the caller sends it."""
        now = self._now()
        old = or_(steps.c.told_at == 0, steps.c.told_at <= now - REMIND_SECONDS)
        wanted = steps.c.due_at <= now, steps.c.dead_at.is_(None), old
        query = select(steps).where(*wanted).order_by(steps.c.due_at).limit(limit)
        async with self._database.reading() as connection:
            if not (await connection.execute(query)).first():
                return []
        async with self._database.writing() as connection:
            rows = (await connection.execute(query.with_for_update(skip_locked=True))).all()
            found = [_step(row) for row in rows]
            for step in found:
                await connection.execute(update(steps).where(*_is(step)).values(told_at=now))
        return found

    @whole
    async def untold(self, step: Step) -> None:
        """No message of it is under way."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(steps).where(*_is(step), steps.c.worker.is_(None)).values(told_at=0)
            )

    async def dead(self) -> list[DeadStep]:
        query = select(steps).where(steps.c.dead_at.is_not(None)).order_by(steps.c.dead_at, steps.c.target)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [_dead(row) for row in rows]

    @whole
    async def unburied(self) -> list[DeadStep]:
        """Dead steps of which the broker was not told: from now on it is; the caller does it."""
        async with self._database.reading() as connection:
            query = select(steps).where(steps.c.dead_at.is_not(None), steps.c.told_at >= 0)
            if not (await connection.execute(query.limit(1))).first():
                return []
        async with self._database.writing() as connection:
            rows = (await connection.execute(query.with_for_update(skip_locked=True))).all()
            for row in rows:
                await connection.execute(update(steps).where(*_is(_step(row))).values(told_at=BURIED))
        return [_dead(row) for row in rows]

    @whole
    async def requeue(self, some: Sequence[Step]) -> int:
        values = {**NEW, "due_at": self._now(), "told_at": 0}
        async with self._database.writing() as connection:
            changed = [
                await connection.execute(
                    update(steps).where(*_is(step), steps.c.dead_at.is_not(None)).values(**values)
                )
                for step in some
            ]
        return sum(one.rowcount for one in changed)

    @whole
    async def forget(self, some: Sequence[Step]) -> None:
        async with self._database.writing() as connection:
            for step in some:
                await connection.execute(delete(steps).where(*_is(step), steps.c.dead_at.is_not(None)))

    async def load(self, consumer: Consumer) -> Load:
        now = self._now()
        query = select(steps.c.due_at, steps.c.worker).where(steps.c.dead_at.is_(None))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query.where(await _chosen(connection, [consumer])))).all()
        running = sum(row.worker is not None and row.due_at > now for row in rows)
        due = min((row.due_at for row in rows if row.due_at <= now), default=None)
        return Load(waiting=len(rows) - running, running=running, oldest=None if due is None else now - due)

    def _dying(self, reason: str) -> dict[str, Any]:
        return {"dead_at": self._now(), "reason": reason, "worker": None, "told_at": 0}

    @whole
    async def _change(self, lease: Lease, **values: object) -> bool:
        async with self._database.writing() as connection:
            changed = await connection.execute(update(steps).where(*_held(lease)).values(**values))
        return changed.rowcount == 1

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _step(row: Row[Any]) -> Step:
    return Step(kind=StepKind(row.kind), target=row.target, shop=row.shop, entity=row.entity)


def _dead(row: Row[Any]) -> DeadStep:
    since = datetime.fromtimestamp(row.dead_at, UTC)
    return DeadStep(step=_step(row), reason=row.reason, since=since, attempt=row.attempt)


def _is(step: Step) -> tuple[ColumnElement[bool], ...]:
    return steps.c.kind == step.kind.value, steps.c.target == step.target


def _held(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    """Still this lease: neither given back nor run out and claimed by another."""
    return *_is(lease.step), steps.c.attempt == lease.attempt, steps.c.worker == lease.worker


def _fairly(now: float) -> Select[Any]:
    """Those of the import that has fewest under way first, so that a small upload need not wait for a large one."""
    of = func.substr(steps.c.target, 1, LENGTH)
    busy = steps.c.worker.is_not(None), steps.c.due_at > now
    running = select(of.label("id"), func.count().label("steps")).where(*busy).group_by(of).subquery()
    joined = outerjoin(steps, running, of == running.c.id)
    return select(steps).select_from(joined).order_by(func.coalesce(running.c.steps, 0), steps.c.due_at)


def _of_import(only: str | None) -> tuple[ColumnElement[bool], ...]:
    return () if only is None else (steps.c.target.startswith(only, autoescape=True),)


async def _chosen(connection: AsyncConnection, consumers: Sequence[Consumer]) -> ColumnElement[bool]:
    """What the consumers take. There are few different keys, however many steps there are."""
    if takes_all(consumers):
        return true()
    keys = (await connection.execute(select(steps.c.kind, steps.c.shop, steps.c.entity).distinct())).all()
    mine = [
        key
        for key in keys
        if taken(Step(kind=StepKind(key.kind), target="", shop=key.shop, entity=key.entity), consumers)
    ]
    return or_(
        false(),
        *(
            and_(steps.c.kind == key.kind, steps.c.shop == key.shop, steps.c.entity == key.entity)
            for key in mine
        ),
    )
