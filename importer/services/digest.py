"""The digest: once a day, in one message, what became of the imports and what needs a person."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from importer.domain.announcements import Announcement, stands_still
from importer.domain.imports import Import, ImportStatus
from importer.domain.rows import plural
from importer.domain.sentences import sentences, visible
from importer.domain.subscriptions import DIGEST, Subscription
from importer.ports import Announcements, Clock, Dues, Imports, Which
from importer.services.reporting.account import needing

DAY, LOOKS_BACK = timedelta(days=1), timedelta(days=7)
"""It tells of imports that ended within a day; those that were accepted within a week are looked at."""
MOST, LISTED = 1000, 20

Link = Callable[[str], str]
"""Import id -> where people see it."""


class Digest:
    def __init__(
        self,
        outbox: Announcements,
        imports: Imports,
        dues: Dues,
        clock: Clock,
        *,
        subscriptions: Sequence[Subscription],
        link: Link,
    ) -> None:
        self._outbox = outbox
        self._imports = imports
        self._dues = dues
        self._clock = clock
        self._subscriptions = subscriptions
        self._link = link
        self._made: dict[str, date] = {}

    async def look(self) -> None:
        """Make those that are due. Each comes once a day, however many processes look. Raises StateUnavailable."""
        now = self._clock.now()
        for one in self._subscriptions:
            day = one.digest_day(now)
            if day is not None and self._made.get(one.name) != day:
                await self._outbox.add(await self._digest(one, day, now), one.receiver)
                self._made[one.name] = day

    async def _digest(self, one: Subscription, day: date, now: datetime) -> Announcement:
        shops = None if one.shop is None else [one.shop]
        which = Which(shops=shops, since=now - LOOKS_BACK)
        found = await self._imports.latest(limit=MOST, which=which)
        ended = [state for state in found if state.ended_at is not None and state.ended_at > now - DAY]
        still = [state for state in await self._imports.unfinished(one.shop) if stands_still(state)]
        alarms = [] if one.shop else [
            sentences(f"The schedule {due.name} has an alarm: {due.alarm.text}")
            for due in await self._dues.all()
            if due.alarm
        ]  # fmt: skip
        lines = [_counted(ended), *alarms, *self._told(still), *self._told(_poor(ended))]
        return Announcement(
            id=f"{DIGEST}_{one.name}_{day.isoformat()}",
            kind=DIGEST,
            subject=one.name,
            shop=one.shop,
            at=now,
            data={"title": f"digest of {day.isoformat()}", "text": "\n".join(lines)},
        )

    def _told(self, states: Sequence[Import]) -> list[str]:
        listed = [f"{_line(state)} {self._link(state.id)}" for state in states[:LISTED]]
        more = len(states) - LISTED
        return [*listed, f"And {plural(more, 'more import')}."] if more > 0 else listed


def _counted(ended: Sequence[Import]) -> str:
    if not ended:
        return "No import ended in the last 24 hours."
    each = {status: sum(state.status is status for state in ended) for status in ImportStatus}
    told = ", ".join(f"{number} {status}" for status, number in each.items() if number)
    return f"{plural(len(ended), 'import')} ended in the last 24 hours: {told}."


def _poor(ended: Sequence[Import]) -> list[Import]:
    """Those that a person should look at."""
    return [
        state
        for state in ended
        if state.status is not ImportStatus.COMPLETED
        or needing(state, [outcome for outcome, number in state.counts.items() if number])
    ]


def _line(state: Import) -> str:
    reason = state.failure or state.waiting
    said = state.status if state.ended else "stands still"
    return sentences(
        f"{visible(state.kept.name)} into {state.shop}: {said}", reason.text if reason else "", state.equation
    )
