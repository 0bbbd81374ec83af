"""Alarms of schedules: one line in the log when one begins, one when it is over."""

import logging

from importer.domain.errors import UnknownName
from importer.domain.imports import Reason
from importer.ports import Ports, SchedulePorts

log = logging.getLogger("importer.schedules")

SOURCE = "source."
"""What the codes of alarms begin with that a file which comes ends."""


class Alarms:
    def __init__(self, ports: Ports, nights: SchedulePorts) -> None:
        self._ports = ports
        self._nights = nights

    async def ring_late(self, schedule: str, why: Reason) -> None:
        """For a file that has not come: one alarm, whatever is in its way now; the fire tells that."""
        known = await self._known(schedule)
        if known is None or not known.code.startswith(SOURCE):
            await self.ring(schedule, why.code, why.text)

    async def ring(self, schedule: str, code: str, text: str) -> None:
        alarm = Reason(code=code, text=text)
        if await self._nights.dues.record_alarm(schedule, alarm, shop=self._shop(schedule)):
            log.warning("action=schedule_alarm schedule=%s code=%s why=%s", schedule, code, text)

    async def end(self, schedule: str, *, only: str = "") -> None:
        """The alarm is over, if there is one with a code that begins with `only`."""
        known = await self._known(schedule)
        if known is None or not known.code.startswith(only):
            return
        if await self._nights.dues.record_alarm(schedule, None, shop=self._shop(schedule)):
            log.warning("action=schedule_recovered schedule=%s code=%s", schedule, known.code)

    async def _known(self, schedule: str) -> Reason | None:
        return next((due.alarm for due in await self._nights.dues.all() if due.name == schedule), None)

    def _shop(self, schedule: str) -> str | None:
        """None when its document or its shop is no longer there."""
        names = self._ports.shops.names()
        try:
            wanted = self._nights.schedules.get(schedule).shop
        except UnknownName:
            return None
        return wanted or (names[0] if len(names) == 1 else None)
