"""What a schedule would do: which files it would take now, and when it is due next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from importer.domain import arrivals
from importer.domain.arrivals import Entry
from importer.domain.errors import ConfigurationError, RequestError, SourceMissing
from importer.domain.fires import Seen
from importer.domain.imports import Reason
from importer.domain.schedules import Schedule
from importer.ports import Ports, SchedulePorts
from importer.services import rhythms

RUNS = 5


@dataclass(frozen=True, kw_only=True)
class Run:
    """A due time in the schedule's time zone; `note`: what is special about it."""

    at: datetime
    note: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`takes`: oldest first, if they stay as they are. `leaves`: name -> why not. `missing`: why it would take nothing."""

    schedule: Schedule
    runs: Sequence[Run]
    takes: Sequence[Entry] = ()
    leaves: Mapping[str, str] = field(default_factory=dict)
    missing: Reason | None = None


class Planning:
    def __init__(self, ports: Ports, nights: SchedulePorts) -> None:
        self._ports = ports
        self._nights = nights

    async def plan(self, name: str) -> Plan:
        """Nothing is taken, and nothing is recorded. Raises UnknownName, ConfigurationError."""
        schedule = self._nights.schedules.get(name)
        runs = self.runs(schedule)
        now = self._ports.clock.now()
        try:
            async with self._nights.sources.at(schedule.source) as source:
                entries = await source.entries()
        except SourceMissing as error:
            return Plan(schedule=schedule, runs=runs, missing=Reason(code=error.code, text=error.text))
        seen = {
            entry.name: Seen(mark=entry.mark, at=datetime.min.replace(tzinfo=now.tzinfo)) for entry in entries
        }
        look = arrivals.look(entries, schedule, seen, now)
        takes, leaves = [], dict(look.waiting)
        for entry in look.ready:
            known = [one for one in await self._nights.taken_files.taken(schedule.ledger, name=entry.name)
                     if entry.sure and one.mark == entry.mark]  # fmt: skip
            if known:
                leaves[entry.name] = f"it was imported as {known[-1].import_id}"
            else:
                takes.append(entry)
        nothing = Reason(code="source.missing", text=f"There is no new file {schedule.source}.")
        return Plan(
            schedule=schedule,
            runs=runs,
            takes=takes,
            leaves=leaves,
            missing=None if takes or look.waiting else nothing,
        )

    def runs(self, schedule: Schedule) -> list[Run]:
        rhythm = rhythms.of(schedule)
        due = rhythm.next(self._ports.clock.now(), RUNS)
        return [Run(at=rhythm.local(moment), note=rhythm.change(moment)) for moment in due]

    def faults(self, schedule: Schedule) -> list[str]:
        """What its document names and is not there. Each is a sentence."""
        found = []
        try:
            mapping = self._ports.mappings.text(schedule.mapping)
            self._ports.mappings.parse(schedule.mapping, mapping)
        except RequestError as error:
            found.append(error.text)
        shops = self._ports.shops.names()
        if schedule.shop and schedule.shop not in shops:
            found.append(
                f"There is no shop `{schedule.shop}` in the settings ({', '.join(shops) or 'none'})."
            )
        if not schedule.shop and len(shops) != 1:
            found.append(f"It names no shop, and there are {len(shops)} ({', '.join(shops) or 'none'}).")
        try:
            self._nights.sources.at(schedule.source)
        except ConfigurationError as error:
            found.append(error.text)
        return found
