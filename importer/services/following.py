"""What becomes of a fire's files: their imports keep to the window, and are followed to their end; then the files are put away."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from importer.domain.arrivals import COMPANIONS, Entry
from importer.domain.commands import AT_WORK, Command
from importer.domain.errors import ConfigurationError, FileDamaged, SourceMissing, Untimely
from importer.domain.fires import Fire, FireStatus, Taken
from importer.domain.history import EventKind
from importer.domain.imports import Import, ImportStatus
from importer.domain.schedules import After, Schedule
from importer.ports import Ports, SchedulePorts, Source
from importer.services import rhythms
from importer.services.alarms import Alarms
from importer.services.steering import Steering

HELD = "schedule.held"
FOLLOW_SECONDS = 5.0
"""Between two looks at imports that are under way."""


class Following:
    def __init__(self, ports: Ports, nights: SchedulePorts, steering: Steering, alarms: Alarms) -> None:
        self._ports = ports
        self._nights = nights
        self._steering = steering
        self._alarms = alarms

    async def follow(self, schedule: Schedule, fire: Fire) -> Fire:
        """The fire as it is afterwards: ended when its imports have."""
        taken = await self._nights.taken_files.taken(schedule.ledger, fire_at=fire.fire_at)
        states = [await self._ports.imports.get(one.import_id) for one in taken]
        if not all(state.ended for state in states):
            await self._tell_held(schedule, states)
            return replace(fire, look_at=self._ports.clock.now() + timedelta(seconds=FOLLOW_SECONDS))
        faults = [*fire.refused, *(_fault(state) for state in states if _fault(state))]
        faults += await self._put_away(schedule, fire, taken, states)
        told = " ".join(f"{state.kept.name}: import {state.id}, {state.equation}." for state in states)
        await self._ports.files.remove(f"schedules/{fire.id}")
        if faults:
            await self._alarms.ring(schedule.name, "schedule.failed", " ".join(faults))
            return replace(fire, status=FireStatus.FAILED, text=" ".join([told, *faults]))
        await self._nights.dues.record_success(schedule.name, states[-1].id)
        await self._alarms.end(schedule.name)
        return replace(fire, status=FireStatus.DONE, text=told)

    async def _tell_held(self, schedule: Schedule, states: Sequence[Import]) -> None:
        """An import that waits for a person is an alarm, until one has said what becomes of it."""
        told = [f"{state.kept.name}: {state.held.text}" for state in states if state.held]
        if told:
            await self._alarms.ring(schedule.name, HELD, " ".join(told))
        else:
            await self._alarms.end(schedule.name, only=HELD)

    async def keep_window(self, schedule: Schedule, fire: Fire) -> None:
        """Pause its imports once when the window closes, resume those that we paused when it opens. What a person says
        in between stands."""
        if schedule.window is None or fire.manual:
            return
        local = rhythms.of(schedule).local(self._ports.clock.now())
        by = f"schedule {schedule.name}"
        for taken in await self._nights.taken_files.taken(schedule.ledger, fire_at=fire.fire_at):
            state = await self._ports.imports.get(taken.import_id)
            if schedule.window.is_open(local):
                if (
                    state.status is ImportStatus.PAUSED
                    and taken.paused_at
                    and await self._is_paused_by(by, state)
                ):
                    await self._tell(
                        "resume", state, Command(by=by, note=f"the window {schedule.window} is open")
                    )
            elif state.status in AT_WORK and (
                taken.paused_at is None or taken.paused_at < schedule.window.closing(local)
            ):
                await self._tell("pause", state, Command(by=by, note=f"outside the window {schedule.window}"))
                await self._nights.taken_files.change(replace(taken, paused_at=self._ports.clock.now()))

    async def _tell(self, verb: str, state: Import, command: Command) -> None:
        """An import that ended meanwhile is fine."""
        with suppress(Untimely):
            await self._steering.obey(verb, state.id, command)

    async def _is_paused_by(self, by: str, state: Import) -> bool:
        events = await self._ports.imports.events(state.id)
        last = next((event for event in reversed(events) if event.kind is EventKind.PAUSED), None)
        return last is not None and last.data.get("by") == by

    async def _put_away(
        self, schedule: Schedule, fire: Fire, taken: Sequence[Taken], states: Sequence[Import]
    ) -> list[str]:
        """Files of completed imports, as the schedule says; what could not be done is told."""
        wanted = [
            one
            for one, state in zip(taken, states, strict=True)
            if state.status is ImportStatus.COMPLETED and not one.put_away
        ]
        if schedule.after is After.KEEP or schedule.dry_run or not wanted:
            return []
        try:
            async with self._nights.sources.at(schedule.source) as source:
                entries = {entry.name: entry for entry in await source.entries()}
                for one in wanted:
                    await self._put_one_away(schedule, fire, source, entries, one)
        except (SourceMissing, FileDamaged, ConfigurationError) as error:
            return [f"A file that was imported could not be put away: {error.text}"]
        return []

    async def _put_one_away(
        self, schedule: Schedule, fire: Fire, source: Source, entries: dict[str, Entry], taken: Taken
    ) -> None:
        """With its companions. Another file that has its name by now stays: it will be imported."""
        entry = entries.get(taken.name)
        if entry is not None and entry.mark == taken.mark:
            stem = taken.name.rpartition(".")[0] or taken.name
            names = [name + ending for name in (taken.name, stem) for ending in COMPANIONS]
            for one in [entry, *(entries[name] for name in dict.fromkeys(names) if name in entries)]:
                if schedule.after is After.DELETE:
                    await source.delete(one)
                else:
                    local = rhythms.of(schedule).local(fire.fire_at)
                    await source.move(one, local.strftime(schedule.archive))
        await self._nights.taken_files.change(replace(taken, put_away=True))


def _fault(state: Import) -> str:
    """Why a person should look at an import that has ended; nothing when it completed."""
    if state.status is ImportStatus.COMPLETED:
        return ""
    why = f": {state.failure.text}" if state.failure else ""
    return f"The import {state.id} of {state.kept.name} is {state.status}{why}"
