"""The durable queue without a server: the ledger, and a wake-up within the process (ports `Queue` and `Ledger`)."""

import asyncio
import math
from contextlib import suppress

from importer.domain.steps import Lease, Step
from importer.ports import Clock
from importer.queues.ledger import LEASE_SECONDS, StepLedger
from importer.store.database import Database


class EmbeddedQueue(StepLedger):
    def __init__(self, database: Database, clock: Clock, *, lease_seconds: float = LEASE_SECONDS) -> None:
        super().__init__(database, clock, lease_seconds=lease_seconds)
        self._published = asyncio.Event()

    async def ready(self) -> None:
        """Nothing is needed but the state."""

    async def publish(self, step: Step, *, delay: float = 0.0) -> None:
        await self.enter(step, delay=delay)
        self._published.set()

    async def again(self, lease: Lease, *, delay: float) -> None:
        await self.give_back(lease, delay=delay)

    async def crashed(self, lease: Lease, reason: str) -> bool:
        return await self.crash(lease, reason) == math.inf

    async def wait(self, seconds: float) -> None:
        """A step published by this process wakes at once, one of another process within `seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # wait_for of Python 3.11 may swallow a cancellation
                await self._published.wait()
        self._published.clear()

    async def rest(self) -> None:
        """Nothing is on its way: steps lie in the table."""
