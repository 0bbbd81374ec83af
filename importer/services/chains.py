"""Chains: a schedule is due when the run of another one has ended and its gate holds.

That a run is followed is recorded once, by whoever is first; then the gate is judged as part of the fire, which may be
repeated like everything that a fire does.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from importer.domain.fires import GOOD, Due, Fire, FireStatus
from importer.domain.gates import Gate
from importer.domain.rows import Outcome, add
from importer.domain.schedules import Schedule
from importer.ports import Ports, SchedulePorts
from importer.services.alarms import Alarms

LONGEST_RUN = timedelta(days=31)
"""A run that ends so long after its due time is not followed any more."""
GATED = "schedule.gated"


class Chains:
    def __init__(self, ports: Ports, nights: SchedulePorts, alarms: Alarms) -> None:
        self._ports = ports
        self._nights = nights
        self._alarms = alarms

    async def ended(self, schedule: Schedule, due: Due) -> list[Fire]:
        """Runs that the schedule has yet to follow, oldest first."""
        if not schedule.follows or due.since is None:
            return []
        since = max(due.since, self._ports.clock.now() - LONGEST_RUN)
        return await self._nights.fires.unfollowed(schedule.follows, by=schedule.name, since=since)

    async def judge(self, schedule: Schedule, fire: Fire) -> Fire:
        """The fire as it is afterwards: it looks for its files, or is gated and an alarm tells why."""
        if not schedule.follows or fire.follows_at is None:
            return replace(
                fire, status=FireStatus.ENDED, text="It does not follow another schedule any more."
            )
        run = f"the run of {schedule.follows} of {fire.follows_at:%Y-%m-%d %H:%M} UTC"
        why = await self._shut(schedule, fire.follows_at)
        if why:
            text = f"It was not begun after {run}: {why}"
            await self._alarms.ring(schedule.name, GATED, text)
            return replace(fire, status=FireStatus.GATED, text=text)
        now = self._ports.clock.now()
        return replace(fire, status=FireStatus.LOOKING, text=f"It follows {run}.", look_at=now)

    async def _shut(self, schedule: Schedule, follows_at: datetime) -> str:
        """Why the schedule is not due after that run; nothing when it is."""
        run = await self._nights.fires.at(schedule.follows, follows_at)
        if run is None or run.status not in GOOD:
            return f"it is {run.status}. {run.text}" if run else "nothing is known of it."
        return await self._gate(schedule.follows, run, schedule.gate) if schedule.gate else ""

    async def _gate(self, followed: str, run: Fire, gate: Gate) -> str:
        ledger = self._nights.schedules.get(followed).ledger
        rows, counts = 0, dict[Outcome, int]()
        for taken in await self._nights.taken_files.taken(ledger, fire_at=run.fire_at):
            state = await self._ports.imports.get(taken.import_id)
            rows, counts = rows + state.rows_read, add(counts, state.counts)
        return gate.shut(rows, counts)
