"""The embedded queue: waiting ends when something is published, and a cancellation is never lost."""

import asyncio
from pathlib import Path

import pytest

from importer.bootstrap import SystemClock
from importer.domain.steps import Step, StepKind
from importer.queues.embedded import EmbeddedQueue
from importer.store.database import open_database

STEP = Step(kind=StepKind.PREPARE, target="imp_1", shop="main", entity="product")


@pytest.mark.parametrize("turns", range(5))
async def test_who_is_cancelled_while_something_is_published_is_cancelled(tmp_path: Path, turns: int) -> None:
    """Cancelled so many turns of the event loop after the wait could have ended."""
    async with open_database(f"sqlite:///{tmp_path}/a.db") as database:
        queue = EmbeddedQueue(database, SystemClock())
        waiting = asyncio.create_task(queue.wait(60.0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await queue.publish(STEP)
        for _ in range(turns):
            await asyncio.sleep(0)
        if waiting.cancel():  # it had not ended yet
            with pytest.raises(asyncio.CancelledError):
                await waiting
        else:
            await waiting
