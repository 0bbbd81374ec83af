"""Due times, fires and taken files in SQL (ports `Dues`, `Fires`, `TakenFiles`)."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from importer.domain.announcements import of_schedule
from importer.domain.fires import OPEN, RUNS, Due, Fire, FireStatus, Left, Seen, Taken
from importer.domain.imports import ImportStatus, Reason
from importer.ports import Clock
from importer.store.announcements import announce
from importer.store.database import Database, whole
from importer.store.tables import imports, schedule_files, schedule_fires, schedules


class SqlDues:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def all(self) -> list[Due]:
        async with self._database.reading() as connection:
            found = await connection.execute(select(schedules).order_by(schedules.c.name))
            return [_due(row) for row in found.mappings()]

    @whole
    async def expect(self, name: str, rhythm: str, next_at: datetime) -> None:
        async with self._database.writing() as connection:
            await self._database.alone(connection, f"schedule {name}")
            query = select(schedules.c.rhythm).where(schedules.c.name == name)
            known = (await connection.execute(query)).scalar_one_or_none()
            values = {"rhythm": rhythm, "next_at": next_at, "since": self._clock.now()}
            if known is None:
                await connection.execute(insert(schedules).values(name=name, **values))
            elif known != rhythm:
                changed = update(schedules).where(schedules.c.name == name)
                await connection.execute(changed.values(**values))

    @whole
    async def fire(self, due: Due, next_at: datetime, fire: Fire) -> bool:
        still = (
            schedules.c.name == due.name,
            schedules.c.next_at == due.next_at,
            schedules.c.rhythm == due.rhythm,
        )
        async with self._database.writing() as connection:
            values = {"next_at": next_at, "fired_at": self._clock.now()}
            done = await connection.execute(update(schedules).where(*still).values(**values))
            if done.rowcount != 1:
                return False
            if (await connection.execute(select(schedule_fires).where(*_is(fire)))).first():
                return False  # the clock was set back: this time has had its fire
            await _add(connection, fire)
            return True

    @whole
    async def record_success(self, name: str, import_id: str) -> None:
        values = {"succeeded_at": self._clock.now(), "import_id": import_id}
        async with self._database.writing() as connection:
            await connection.execute(update(schedules).where(schedules.c.name == name).values(**values))

    @whole
    async def record_alarm(self, name: str, alarm: Reason | None, *, shop: str | None = None) -> bool:
        async with self._database.writing() as connection:
            query = select(schedules.c.alarm).where(schedules.c.name == name).with_for_update()
            known = (await connection.execute(query)).scalar_one_or_none()
            if (known or {}).get("code") == (alarm.code if alarm else None):
                return False
            values = {
                "alarm": asdict(alarm) if alarm else None,
                "alarm_at": self._clock.now() if alarm else None,
            }
            done = await connection.execute(
                update(schedules).where(schedules.c.name == name).values(**values)
            )
            if done.rowcount != 1:
                return False
            reason = alarm or Reason(**(known or {}))
            told = of_schedule(name, shop, reason, over=alarm is None, at=self._clock.now())
            await announce(connection, told)
            return True


class SqlFires:
    def __init__(self, database: Database) -> None:
        self._database = database

    @whole
    async def add(self, fire: Fire) -> bool:
        async with self._database.writing() as connection:
            await self._database.alone(connection, f"schedule {fire.schedule}")
            same = and_(*_is(fire))
            if fire.follows_at is not None:
                follows = schedule_fires.c.follows_at == fire.follows_at
                same = or_(same, and_(schedule_fires.c.schedule == fire.schedule, follows))
            if (await connection.execute(select(schedule_fires).where(same))).first():
                return False
            await _add(connection, fire)
            return True

    async def at(self, schedule: str, fire_at: datetime) -> Fire | None:
        theirs = schedule_fires.c
        found = await self._found(
            select(schedule_fires).where(theirs.schedule == schedule, theirs.fire_at == fire_at)
        )
        return found[0] if found else None

    async def unfollowed(self, schedule: str, *, by: str, since: datetime) -> list[Fire]:
        theirs, follower = schedule_fires.c, schedule_fires.alias("follower")
        followed = select(follower.c.schedule).where(
            follower.c.schedule == by, follower.c.follows_at == theirs.fire_at
        )
        query = (
            select(schedule_fires)
            .where(theirs.schedule == schedule, theirs.fire_at >= since, theirs.status.in_(RUNS))
            .where(~followed.exists())
            .order_by(theirs.fire_at)
        )
        return await self._found(query)

    async def open(self) -> list[Fire]:
        query = (
            select(schedule_fires)
            .where(schedule_fires.c.status.in_([status.value for status in OPEN]))
            .order_by(schedule_fires.c.fire_at, schedule_fires.c.schedule)
        )
        return await self._found(query)

    async def latest(self, schedule: str, *, limit: int) -> list[Fire]:
        query = (
            select(schedule_fires)
            .where(schedule_fires.c.schedule == schedule)
            .order_by(schedule_fires.c.fire_at.desc())
            .limit(limit)
        )
        return await self._found(query)

    @whole
    async def change(self, fire: Fire, into: Fire) -> bool:
        still = (
            *_is(fire),
            schedule_fires.c.look_at == fire.look_at,
            schedule_fires.c.status == fire.status.value,
        )
        values = _values(into)
        async with self._database.writing() as connection:
            done = await connection.execute(update(schedule_fires).where(*still).values(**values))
            return done.rowcount == 1

    async def _found(self, query: Any) -> list[Fire]:
        async with self._database.reading() as connection:
            return [_fire(row) for row in (await connection.execute(query)).mappings()]


class SqlTakenFiles:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def taken(
        self,
        schedule: str,
        *,
        sha256: str | None = None,
        fire_at: datetime | None = None,
        name: str | None = None,
    ) -> list[Taken]:
        asked = {"sha256": sha256, "fire_at": fire_at, "name": name}
        conditions = [schedule_files.c[word] == value for word, value in asked.items() if value is not None]
        query = select(schedule_files).where(schedule_files.c.schedule == schedule, *conditions)
        query = query.order_by(schedule_files.c.taken_at, schedule_files.c.name)
        async with self._database.reading() as connection:
            return [Taken(**row) for row in (await connection.execute(query)).mappings()]

    async def rows(self, schedule: str, *, since: datetime) -> list[int]:
        files, completed = schedule_files.c, imports.c.status == ImportStatus.COMPLETED.value
        query = (
            select(imports.c.rows_read)
            .join(schedule_files, files.import_id == imports.c.id)
            .where(files.schedule == schedule, files.taken_at >= since, completed)
        )
        async with self._database.reading() as connection:
            return list((await connection.execute(query)).scalars())

    @whole
    async def record(self, taken: Taken) -> bool:
        async with self._database.writing() as connection:
            await self._database.alone(connection, f"schedule {taken.schedule}")
            if (await connection.execute(select(schedule_files).where(*_same(taken)))).first():
                return False
            await connection.execute(insert(schedule_files).values(**asdict(taken)))
            return True

    @whole
    async def change(self, taken: Taken) -> None:
        values = {"put_away": taken.put_away, "paused_at": taken.paused_at}
        async with self._database.writing() as connection:
            await connection.execute(update(schedule_files).where(*_same(taken)).values(**values))


def _is(fire: Fire) -> tuple[Any, Any]:
    return schedule_fires.c.schedule == fire.schedule, schedule_fires.c.fire_at == fire.fire_at


def _same(taken: Taken) -> tuple[Any, Any]:
    return schedule_files.c.schedule == taken.schedule, schedule_files.c.sha256 == taken.sha256


async def _add(connection: AsyncConnection, fire: Fire) -> None:
    own = {name: getattr(fire, name) for name in ("schedule", "fire_at", "manual", "follows_at")}
    await connection.execute(insert(schedule_fires).values(**own, **_values(fire)))


def _values(fire: Fire) -> dict[str, Any]:
    """What changes in a fire."""
    seen = {name: [one.mark, one.at.isoformat()] for name, one in fire.seen.items()}
    left = {name: asdict(one) for name, one in fire.left.items()}
    return {
        "status": fire.status.value,
        "look_at": fire.look_at,
        "text": fire.text,
        "seen": seen,
        "left_out": left,
    }


def _fire(row: RowMapping) -> Fire:
    seen = {name: Seen(mark=mark, at=datetime.fromisoformat(at)) for name, (mark, at) in row["seen"].items()}
    left = {name: Left(**one) for name, one in row["left_out"].items()}
    own = {name: row[name] for name in ("schedule", "fire_at", "look_at", "text", "manual", "follows_at")}
    return Fire(**own, status=FireStatus(row["status"]), seen=seen, left=left)


def _due(row: RowMapping) -> Due:
    return Due(**{**row, "alarm": Reason(**row["alarm"]) if row["alarm"] else None})
