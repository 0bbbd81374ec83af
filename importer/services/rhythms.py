"""When a cron text is due in a time zone. Clocks that change are taken as Debian's cron takes them: a time that a spring
night leaves out is due at the end of the gap, one that an autumn night has twice is due the first time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from importer.domain.schedules import Fault, Schedule

FIELDS = 5
ANY = "* * * * *"
"""Every minute."""
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""When what has no cron text is due."""

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
RHYTHMS = 256
LONGEST_CHANGE = timedelta(hours=3)
"""More than clocks are ever changed by: in the second of two equal hours the due time of the first one lies behind."""


@dataclass(frozen=True)
class Rhythm:
    """Moments go in aware, and come out in UTC. Without a cron text it is due by itself NEVER."""

    cron: str
    zone: tzinfo

    def after(self, moment: datetime) -> datetime:
        """The first due time later than the moment. Raises ValueError when there is none in fifty years."""
        if not self.cron:
            return NEVER
        for due in CronSim(self.cron, self.local(moment)):
            if due.astimezone(UTC) > moment:  # what two times of a gap share, or the first of two equal hours
                return due.astimezone(UTC)
        raise ValueError(f"{self.cron} is never due")

    def until(self, moment: datetime) -> datetime:
        """The last due time that is not later than the moment. Raises ValueError when there is none in fifty years."""
        for due in CronSim(self.cron, self.local(moment + LONGEST_CHANGE), reverse=True):
            if due.astimezone(UTC) <= moment:
                return due.astimezone(UTC)
        raise ValueError(f"{self.cron} was never due")

    def next(self, moment: datetime, count: int) -> list[datetime]:
        """So many due times after the moment."""
        if not self.cron:
            return []
        found = [self.after(moment)]
        while len(found) < count:
            found.append(self.after(found[-1]))
        return found

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)

    def change(self, moment: datetime) -> str:
        """What a person should know of a due time at which the clocks are changed, or have just been; else nothing."""
        local = self.local(moment)
        if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
            return f"the clocks are set back; {local:%H:%M} comes twice, this is the {'second' if local.fold else 'first'}"
        before = self.local(moment - timedelta(days=1))
        moved = (local.utcoffset() or timedelta()) - (before.utcoffset() or timedelta())
        if not moved:
            return ""
        minutes = int(moved.total_seconds()) // 60
        if minutes < 0:
            return f"the clocks were set back by {-minutes} minutes since the day before"
        text = f"the clocks were set forward by {minutes} minutes since the day before"
        [wanted] = islice(CronSim(self.cron, (local - moved - timedelta(seconds=1)).replace(tzinfo=None)), 1)
        return text if wanted.time() == local.time() else f"{text}; {wanted:%H:%M} does not exist"


@lru_cache(maxsize=RHYTHMS)
def rhythm(cron: str, time_zone: str) -> Rhythm:
    """Raises ValueError for what `faults` would tell."""
    found = faults(cron or ANY, time_zone)
    if found:
        raise ValueError("; ".join(text for _, text in found))
    return Rhythm(cron, ZoneInfo(time_zone))


def of(schedule: Schedule) -> Rhythm:
    return rhythm(schedule.cron, schedule.time_zone)


def faults(cron: str, time_zone: str) -> list[Fault]:
    found: list[Fault] = []
    if len(cron.split()) != FIELDS:
        found.append(
            (("cron",), "must have five fields: minute, hour, day of the month, month, day of the week")
        )
    else:
        try:
            Rhythm(cron, UTC).after(BEGINNING)
        except CronSimError as error:
            field = str(error).removeprefix("Bad ")
            found.append((("cron",), f"has a {field} that is none; such as '30 2 * * 1-5'"))
        except ValueError:
            found.append((("cron",), "is never due"))
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        found.append((("time_zone",), f"'{time_zone}' is none; it looks like Europe/Berlin, or UTC"))
    return found
