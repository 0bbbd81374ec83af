"""The durable queue without a server: a table in the state database (port `Queue`).

A claimed step is one that is due again when its lease ends; so a killed worker's steps return by themselves.
"""

import asyncio
from contextlib import suppress

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from importer.domain.steps import Lease, Step, StepKind
from importer.ports import Clock
from importer.store.database import Database, whole
from importer.store.tables import steps

LEASE_SECONDS = 10.0


class EmbeddedQueue:
    def __init__(self, database: Database, clock: Clock, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._database = database
        self._clock = clock
        self._lease = lease_seconds
        self._published = asyncio.Event()

    @whole
    async def publish(self, step: Step, *, delay: float = 0.0) -> None:
        row = {
            "kind": step.kind.value,
            "target": step.target,
            "shop": step.shop,
            "entity": step.entity,
            "due_at": self._now() + delay,
            "attempt": 0,
        }
        known = select(steps.c.kind).where(steps.c.kind == row["kind"], steps.c.target == step.target)
        with suppress(IntegrityError):  # somebody else published it in this moment
            async with self._database.writing() as connection:
                if (await connection.execute(known)).first() is None:
                    await connection.execute(insert(steps).values(**row))
        self._published.set()

    @whole
    async def claim(self, worker: str, *, limit: int, only: str | None = None) -> list[Lease]:
        now = self._now()
        due = (
            select(steps.c.kind, steps.c.target)
            .where(steps.c.due_at <= now, steps.c.target.startswith(only or "", autoescape=True))
            .order_by(steps.c.due_at)
            .limit(limit)
        )
        free = due.with_for_update(skip_locked=True)  # those that another worker is claiming are its own
        async with self._database.reading() as connection:
            if not (await connection.execute(due)).first():
                return []
        leases = []
        async with self._database.writing() as connection:
            for kind, target in (await connection.execute(free)).all():
                claimed = await connection.execute(
                    update(steps)
                    .where(steps.c.kind == kind, steps.c.target == target)
                    .values(due_at=now + self._lease, attempt=steps.c.attempt + 1, worker=worker)
                    .returning(steps.c.shop, steps.c.entity, steps.c.attempt),
                )
                shop, entity, attempt = claimed.one()
                step = Step(kind=StepKind(kind), target=target, shop=shop, entity=entity)
                leases.append(Lease(step=step, attempt=attempt, worker=worker))
        return leases

    async def extend(self, lease: Lease) -> bool:
        return await self._change(lease, due_at=self._now() + self._lease)

    @whole
    async def done(self, lease: Lease) -> None:
        async with self._database.writing() as connection:
            await connection.execute(delete(steps).where(*_held(lease)))

    async def again(self, lease: Lease, *, delay: float) -> None:
        await self._change(lease, due_at=self._now() + delay, worker=None)

    @whole
    async def _change(self, lease: Lease, **values: object) -> bool:
        async with self._database.writing() as connection:
            changed = await connection.execute(update(steps).where(*_held(lease)).values(**values))
        return changed.rowcount == 1

    async def wait(self, seconds: float) -> None:
        """A step published by this process wakes at once, one of another process within `seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # wait_for of Python 3.11 may swallow a cancellation
                await self._published.wait()
        self._published.clear()

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _held(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    """Still this lease: neither given back nor run out and claimed by another."""
    return (
        steps.c.kind == lease.step.kind.value,
        steps.c.target == lease.step.target,
        steps.c.attempt == lease.attempt,
        steps.c.worker == lease.worker,
    )
