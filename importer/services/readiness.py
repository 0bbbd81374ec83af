"""Whether this process can do its work: every part that it needs is asked at once, for a bounded time."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from importer.domain.errors import ImporterError

log = logging.getLogger("importer.readiness")

SECONDS = 2.0
"""How long a part may take to answer."""

Check = Callable[[], Coroutine[Any, Any, None]]
"""Returns when its part works, raises why when it does not."""

NONE: Mapping[str, Check] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Part:
    """`text` is fit for anybody: addresses and reasons stand in the log alone. Without a part that is not `needed` the
    work goes on, slower."""

    name: str
    ready: bool
    needed: bool
    text: str


class Readiness:
    """Of a part that hangs one question is under way at a time, however many ask."""

    def __init__(
        self, needed: Mapping[str, Check], helpful: Mapping[str, Check] = NONE, *, seconds: float = SECONDS
    ) -> None:
        self._needed = needed
        self._checks = {**needed, **helpful}
        self._seconds = seconds
        self._asked: dict[str, asyncio.Task[None]] = {}
        self._failing: set[str] = set()

    async def parts(self) -> list[Part]:
        return await asyncio.gather(*map(self._part, self._checks))

    async def close(self) -> None:
        for task in self._asked.values():
            task.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)

    async def _part(self, name: str) -> Part:
        task = self._asked.get(name)
        if task is None or task.done():
            task = self._asked[name] = asyncio.create_task(self._checks[name]())
            task.add_done_callback(_noticed)
        await asyncio.wait({task}, timeout=self._seconds)
        if not task.done() or task.cancelled():
            return self._not_ready(name, f"It did not answer within {self._seconds:g} seconds.", "time-out")
        error = task.exception()
        if error is not None:
            why = error.text if isinstance(error, ImporterError) else type(error).__name__
            return self._not_ready(name, "It does not work; the log of this process says why.", why)
        self._failing.discard(name)
        return Part(name=name, ready=True, needed=name in self._needed, text="It works.")

    def _not_ready(self, name: str, text: str, why: str) -> Part:
        """Said in the log once, not with every question."""
        if name not in self._failing:
            self._failing.add(name)
            log.warning("action=part_not_ready part=%s why=%s", name, why)
        needed = name in self._needed
        if not needed:
            text += " Work goes on without it, slower."
        return Part(name=name, ready=False, needed=needed, text=text)


def _noticed(task: asyncio.Task[None]) -> None:
    """Nobody may be left to ask why it failed."""
    if not task.cancelled():
        task.exception()
