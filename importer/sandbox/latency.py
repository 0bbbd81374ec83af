"""How long a shop takes: medians measured on a Magento 2.4.4 with sample data on two cores, with jitter.

A save keeps one of the cores busy, in a request and in a consumer, and so does taking a bulk: beyond two at once they
queue, which is why 150 products one by one take that shop 45 seconds, and as a bulk 21.
"""

import asyncio
import random
from collections.abc import Mapping

SECONDS: Mapping[str, float] = {
    "submit": 0.06,
    "submitted item": 0.0004,
    "status": 0.07,
    "look-up": 0.09,
    "save": 0.45,
    "delete": 0.1,
    "operation": 0.28,
}
CORES = 2
JITTER = 0.2
"""A duration lies within so much around its median."""


class Latency:
    """`seconds` by kind; those that are not there take no time."""

    def __init__(
        self, seconds: Mapping[str, float] | None = None, *, seed: int = 0, jitter: float = JITTER
    ) -> None:
        self._seconds = dict(seconds or {})
        self._jitter = jitter
        self._dice = random.Random(f"{seed}:latency")  # noqa: S311 - repeatable on purpose
        self._cores = asyncio.Semaphore(CORES)

    def median(self, kind: str) -> float:
        return self._seconds.get(kind, 0.0)

    def of(self, kind: str, items: int = 0) -> float:
        """Seconds for this one."""
        seconds = self._seconds.get(kind, 0.0) + items * self._seconds.get("submitted item", 0.0)
        return seconds * self._dice.uniform(1 - self._jitter, 1 + self._jitter) if seconds else 0.0

    async def pass_by(self, kind: str, items: int = 0) -> None:
        """Wait as long as it takes."""
        if seconds := self.of(kind, items):
            await asyncio.sleep(seconds)

    async def keep_busy(self, kind: str, items: int = 0) -> None:
        """The same, with a core of its own for that time."""
        if seconds := self.of(kind, items):
            async with self._cores:
                await asyncio.sleep(seconds)
