"""Alarms of schedules: one line in the log when one begins, one when it is over."""

import logging

from importer.domain.imports import Reason
from importer.ports import SchedulePorts

log = logging.getLogger("importer.schedules")

SOURCE = "source."
"""What the codes of alarms begin with that a file which comes ends."""


class Alarms:
    def __init__(self, nights: SchedulePorts) -> None:
        self._nights = nights

    async def ring_late(self, schedule: str, why: Reason) -> None:
        """For a file that has not come: one alarm, whatever is in its way now; the fire tells that."""
        known = await self._known(schedule)
        if known is None or not known.code.startswith(SOURCE):
            await self.ring(schedule, why.code, why.text)

    async def ring(self, schedule: str, code: str, text: str) -> None:
        if await self._nights.dues.record_alarm(schedule, Reason(code=code, text=text)):
            log.warning("action=schedule_alarm schedule=%s code=%s why=%s", schedule, code, text)

    async def end(self, schedule: str, *, only: str = "") -> None:
        """The alarm is over, if there is one with a code that begins with `only`."""
        known = await self._known(schedule)
        if known is None or not known.code.startswith(only):
            return
        if await self._nights.dues.record_alarm(schedule, None):
            log.warning("action=schedule_recovered schedule=%s code=%s", schedule, known.code)

    async def _known(self, schedule: str) -> Reason | None:
        return next((due.alarm for due in await self._nights.dues.all() if due.name == schedule), None)
