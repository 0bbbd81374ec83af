"""The clock of the schedules: what is due fires once, and open fires go on, however many processes call `tick`.

A fire is recorded together with the next due time, before anything is done for it. Whoever moves its `look_at` forward
has the right to go on with it; a process that dies lets that run out.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta

from importer.domain.errors import ImporterError, StateUnavailable, UnknownName, Untimely
from importer.domain.fires import Due, Fire, FireStatus
from importer.domain.schedules import Missed, Overlap, Schedule
from importer.ports import Ports, SchedulePorts
from importer.services import rhythms
from importer.services.alarms import Alarms
from importer.services.chains import Chains
from importer.services.following import FOLLOW_SECONDS, Following
from importer.services.looking import LOOK_SECONDS, Looking

log = logging.getLogger("importer.schedules")

GRACE_SECONDS = 60.0
"""A due time that is older was missed: nobody looked at the clock then."""


class Scheduling:
    def __init__(
        self,
        ports: Ports,
        nights: SchedulePorts,
        looking: Looking,
        following: Following,
        *,
        lease_seconds: float,
    ) -> None:
        self._ports = ports
        self._nights = nights
        self._looking = looking
        self._following = following
        self._alarms = Alarms(ports, nights)
        self._chains = Chains(ports, nights, self._alarms)
        self._lease = lease_seconds

    async def tick(self) -> None:
        """Fire what is due, go on with what is open. May run twice at once, here and on other machines.

        Raises StateUnavailable.
        """
        known = {due.name: due for due in await self._nights.dues.all()}
        for schedule in self._nights.schedules.all():
            due = known.get(schedule.name)
            if due is None or due.rhythm != schedule.rhythm:
                await self._expect(schedule, self._ports.clock.now())
                continue
            await self._fire_if_due(schedule, due)
            await self._follow(schedule, due)
        fires = await self._nights.fires.open()
        now = self._ports.clock.now()
        await asyncio.gather(*(self._go_on(fire, fires) for fire in fires if fire.look_at <= now))

    async def begin(self, name: str) -> Fire:
        """A person wants it now. Raises UnknownName, Untimely."""
        schedule = self._nights.schedules.get(name)
        now = self._ports.clock.now()
        await self._expect(schedule, now)
        for fire in await self._nights.fires.open():
            if fire.schedule == name and fire.status is FireStatus.IMPORTING:
                raise Untimely(
                    f"An earlier run of {name} is under way. {fire.text} Wait for its end, or cancel its import.",
                    code="schedule.busy",
                )
        fire = Fire(schedule=name, fire_at=now, status=FireStatus.LOOKING, look_at=now, manual=True)
        if not await self._nights.fires.add(fire):
            raise Untimely(f"{name} was started by somebody else at this moment.", code="schedule.busy")
        return fire

    async def go_on(self, fire: Fire) -> Fire:
        """Go on with one fire, if it is its time; as it is afterwards."""
        fires = await self._nights.fires.open()
        current = next((one for one in fires if one.id == fire.id), None)
        if current is not None and current.look_at <= self._ports.clock.now():
            await self._go_on(current, fires)
        latest = await self._nights.fires.latest(fire.schedule, limit=20)
        return next((one for one in latest if one.id == fire.id), fire)

    async def _expect(self, schedule: Schedule, now: datetime) -> None:
        next_at = rhythms.of(schedule).after(now)
        await self._nights.dues.expect(schedule.name, schedule.rhythm, next_at)

    async def _fire_if_due(self, schedule: Schedule, due: Due) -> None:
        now = self._ports.clock.now()
        if due.next_at > now:
            return
        rhythm = rhythms.of(schedule)
        fire_at = max(due.next_at, rhythm.until(now))
        fire = await self._fire(schedule, due, fire_at, now)
        if await self._nights.dues.fire(due, rhythm.after(now), fire):
            _log_fired(fire)

    async def _follow(self, schedule: Schedule, due: Due) -> None:
        for run in await self._chains.ended(schedule, due):
            now = self._ports.clock.now()
            fire = Fire(schedule=schedule.name, fire_at=now, status=FireStatus.FOLLOWING, look_at=now)
            fire = await self._unless_overlapping(schedule, replace(fire, follows_at=run.fire_at))
            if await self._nights.fires.add(fire):
                _log_fired(fire)

    async def _fire(self, schedule: Schedule, due: Due, fire_at: datetime, now: datetime) -> Fire:
        fire = Fire(schedule=schedule.name, fire_at=fire_at, status=FireStatus.LOOKING, look_at=now)
        if schedule.missed is Missed.SKIP and (now - fire_at).total_seconds() > GRACE_SECONDS:
            return replace(
                fire, status=FireStatus.MISSED, text="No process looked at the clock at that time."
            )
        if due.next_at < fire_at:
            text = f"It stands for every due time since {due.next_at:%Y-%m-%d %H:%M} UTC, when nobody looked at the clock."
            fire = replace(fire, text=text)
        return await self._unless_overlapping(schedule, fire)

    async def _unless_overlapping(self, schedule: Schedule, fire: Fire) -> Fire:
        if schedule.overlap is Overlap.SKIP:
            for other in await self._nights.fires.open():
                if other.schedule == schedule.name and other.status is FireStatus.IMPORTING:
                    text = f"The run of {other.fire_at:%Y-%m-%d %H:%M} UTC was under way: {other.text}"
                    return replace(fire, status=FireStatus.SKIPPED, text=text)
        return fire

    async def _go_on(self, fire: Fire, fires: Sequence[Fire]) -> None:
        """Nothing that goes wrong with one fire stops another."""
        held = replace(fire, look_at=self._ports.clock.now() + timedelta(seconds=self._lease))
        if not await self._nights.fires.change(fire, held):
            return
        hold = [held]
        try:
            async with self._kept(hold):
                after = await self._worked_on(held, [one for one in fires if one.schedule == fire.schedule])
            await self._nights.fires.change(hold[-1], after)
        except StateUnavailable:
            raise
        except ImporterError as error:
            await self._failed(hold[-1], error)
        except Exception:
            log.exception("action=fire_crashed schedule=%s at=%s", fire.schedule, fire.fire_at)

    async def _worked_on(self, fire: Fire, fires: Sequence[Fire]) -> Fire:
        try:
            schedule = self._nights.schedules.get(fire.schedule)
        except UnknownName as error:
            return replace(fire, status=FireStatus.ENDED, text=error.text)
        if fire.status is FireStatus.FOLLOWING:
            return await self._chains.judge(schedule, fire)
        if fire.status is FireStatus.LOOKING:
            after = await self._look(schedule, fire, fires)
        else:
            after = await self._following.follow(schedule, fire)
        if after.is_open:
            await self._following.keep_window(schedule, after)
        return after

    async def _look(self, schedule: Schedule, fire: Fire, fires: Sequence[Fire]) -> Fire:
        now = self._ports.clock.now()
        local = rhythms.of(schedule).local(now)
        if schedule.window is not None and not schedule.window.is_open(local) and not fire.manual:
            text = f"It waits for the window {schedule.window}."
            return replace(fire, text=text, look_at=schedule.window.opening(local))
        if any(other.fire_at < fire.fire_at for other in fires):
            text = "An earlier run is under way; it waits for its end."
            return replace(fire, text=text, look_at=now + timedelta(seconds=FOLLOW_SECONDS))
        last = any(other.fire_at > fire.fire_at and not other.manual for other in fires)
        return await self._looking.look(schedule, fire, last=last)

    async def _failed(self, fire: Fire, error: ImporterError) -> None:
        """Something that a person must mend; it is tried again, and the alarm says so."""
        await self._alarms.ring(fire.schedule, error.code, error.text)
        later = self._ports.clock.now() + timedelta(seconds=LOOK_SECONDS)
        status = FireStatus.FAILED if fire.manual else fire.status
        await self._nights.fires.change(fire, replace(fire, status=status, text=error.text, look_at=later))

    @asynccontextmanager
    async def _kept(self, hold: list[Fire]) -> AsyncIterator[None]:
        """The right to work on the fire, prolonged for as long as that takes; the last one in the list is the one that holds."""
        between = asyncio.Lock()

        async def prolong() -> None:
            while True:
                await asyncio.sleep(self._lease / 3)
                async with between:
                    longer = replace(
                        hold[-1], look_at=self._ports.clock.now() + timedelta(seconds=self._lease)
                    )
                    with suppress(StateUnavailable):
                        if await self._nights.fires.change(hold[-1], longer):
                            hold.append(longer)

        alive = asyncio.create_task(prolong())
        try:
            yield
        finally:
            async with between:
                alive.cancel()


def _log_fired(fire: Fire) -> None:
    at, status = fire.fire_at.isoformat(), fire.status
    log.info("action=schedule_fired schedule=%s at=%s status=%s", fire.schedule, at, status)
