"""Retention: files of imports that ended long ago are removed; their rows, counts and logs stay.

That they are gone is recorded before they are: whoever asks for them afterwards is told so, and a run that was killed
between the two leaves the removing to the next one.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from importer.domain.imports import Import
from importer.ports import Ports
from importer.services.payloads import folder

AT_ONCE = 100
"""Imports that are asked for in one query."""


@dataclass
class Removed:
    """What a sweep has done: imports whose files are gone now, and the size of what was uploaded with them."""

    imports: int = 0
    bytes: int = 0


class Retention:
    """`keep_files_days`: how long the files of an ended import are kept; None keeps them for ever."""

    def __init__(self, ports: Ports, *, keep_files_days: float | None) -> None:
        self._ports = ports
        self._days = keep_files_days

    def before(self, days: float | None = None) -> datetime | None:
        """Imports that ended before this moment have lost their files; None: no import has."""
        kept = self._days if days is None else days
        return None if kept is None else self._ports.clock.now() - timedelta(days=kept)

    async def due(self, before: datetime) -> AsyncIterator[Import]:
        """Imports whose files would be removed."""
        after = ""
        while found := await self._ports.removals.due(before, after=after, limit=AT_ONCE):
            for state in found:
                yield state
            after = found[-1].id

    async def sweep(self, days: float | None = None) -> Removed:
        """Remove what is due, and what an earlier sweep has left. Any number may run at once, at any time.

        `days` in place of the settings'. Raises StateUnavailable; what was done until then is done.
        """
        removed = Removed()
        await self._clear()
        before = self.before(days)
        if before is None:
            return removed
        async for state in self.due(before):
            if await self._ports.removals.record_files_removed(state.id, before):
                await self._remove(state.id)
                removed.imports += 1
                removed.bytes += state.kept.size
        return removed

    async def _clear(self) -> None:
        """What was recorded as removed and is not known to be."""
        after = ""
        while found := await self._ports.removals.left(after=after, limit=AT_ONCE):
            for import_id in found:
                await self._remove(import_id)
            after = found[-1]

    async def _remove(self, import_id: str) -> None:
        await self._ports.files.remove(folder(import_id))
        await self._ports.removals.cleared(import_id)
