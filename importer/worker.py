"""The consume loop: claim steps, run them, keep their leases alive, give them back or strike them off."""

import asyncio
import logging
import os
import secrets
import socket
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import anyio

from importer import logs
from importer.bootstrap import Importer
from importer.domain.consumers import Consumer
from importer.domain.errors import (
    BackendError,
    ConfigurationError,
    ImporterError,
    ShopsMissing,
    StateUnavailable,
    UnknownName,
)
from importer.domain.steps import MOST_CRASHES, Lease, Step, StepKind
from importer.duties import on_duty

log = logging.getLogger("importer.worker")

POLL_SECONDS = 0.5
SWEEP_SECONDS = 5.0

Handler = Callable[[Step], Awaitable[float | None]]


async def load_network() -> None:
    """Else the shop's client loads anyio's backend at its first request, and the event loop stands still meanwhile."""
    await asyncio.to_thread(anyio.run, anyio.sleep, 0)


class Worker:
    """`run` until cancelled or stopped; `on_begin` is called before every step and `on_step` after it (tests wait for it
    instead of sleeping).

    `only` is an import: then no other one is touched. `consumers`: whose steps it takes; `most`: after so many it stops.
    """

    def __init__(
        self,
        importer: Importer,
        *,
        only: str | None = None,
        consumers: Sequence[Consumer] | None = None,
        most: int | None = None,
        on_begin: Callable[[Step], object] = lambda _step: None,
        on_step: Callable[[Step], None] = lambda _step: None,
    ) -> None:
        self._only = only
        self._importer = importer
        self._queue = importer.ports.queue
        self._consumers = consumers or importer.settings.all_consumers
        self._name = f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._workers = importer.settings.workers
        self._left = most
        self._running: set[asyncio.Task[None]] = set()
        self._leases: dict[Step, Lease] = {}
        self._stopping = False
        self._roused = asyncio.Event()
        self._on_begin = on_begin
        self._on_step = on_step
        self._handlers: Mapping[StepKind, Handler] = {
            StepKind.PREPARE: self._prepare,
            StepKind.DELIVER: importer.delivery.deliver,
            StepKind.TRACK: importer.tracking.track,
            StepKind.FINISH: self._finish,
        }

    def stop(self) -> None:
        """Take no more steps. `run` returns when those under way are done, or given back after `drain_seconds`."""
        self._stopping = True
        self._roused.set()

    async def run(self) -> None:
        """Steps that are running when it is cancelled are cancelled too; their leases run out and they return."""
        await load_network()
        async with asyncio.TaskGroup() as group:
            clock = group.create_task(self._clock())
            while not self._stopping and self._left != 0:
                leases = await self._claim()
                for lease in leases:
                    if not self._at_work(lease):
                        context = logs.context(lease.step)
                        self._begin(group.create_task(self._work(lease.step), context=context))
                if not leases:
                    await self._pause()
            self._stopping = True
            clock.cancel()
            await self._drain()

    async def _claim(self) -> list[Lease]:
        free = self._workers - len(self._running)
        limit = free if self._left is None else min(free, self._left)
        try:
            return (
                await self._queue.claim(self._name, limit=limit, only=self._only, consumers=self._consumers)
                if limit
                else []
            )
        except StateUnavailable as error:
            log.warning("action=state_unavailable why=%s", error.text)
            return []

    def _at_work(self, lease: Lease) -> bool:
        """Whether we are at this step already: when the machine stood still, its lease ran out and came back to us. A
        request that is under way must not be taken for one whose sender has died."""
        known = lease.step in self._leases
        self._leases[lease.step] = lease
        return known

    def _begin(self, task: asyncio.Task[None]) -> None:
        self._left = None if self._left is None else self._left - 1
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._roused.set()

    async def _pause(self) -> None:
        """Until something may be due, or a place is free."""
        waits = {
            asyncio.create_task(self._queue.wait(POLL_SECONDS)),
            asyncio.create_task(self._roused.wait()),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            self._roused.clear()

    async def _drain(self) -> None:
        """What does not end in time is given back at once: another process goes on with it."""
        await self._queue.rest()
        if self._running:
            await asyncio.wait(self._running, timeout=self._importer.settings.drain_seconds)
        left = set(self._running)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    async def _clock(self) -> None:
        """A first look at what an earlier process left; then the duties, shared with all processes."""
        while True:
            try:
                await self._importer.dispatch.sweep(self._only)
                await self._importer.dead.tell(self._only)
            except ImporterError as error:  # those who claim steps say more
                log.warning("action=sweep_failed why=%s", error.text)
            if self._only is None:
                await on_duty(self._importer)
            await asyncio.sleep(SWEEP_SECONDS)

    async def _work(self, step: Step) -> None:
        self._on_begin(step)
        alive = asyncio.create_task(self._keep_alive(step))
        try:
            await self._try(step)
        except StateUnavailable as error:  # its lease runs out, and whoever comes then finds what was done
            log.warning("action=step_left step=%s why=%s", step.kind, error.text)
        except asyncio.CancelledError:
            if self._stopping:
                with suppress(StateUnavailable):
                    await self._queue.again(self._leases[step], delay=0.0)
            raise
        finally:
            alive.cancel()
            with suppress(asyncio.CancelledError):
                await alive
            self._leases.pop(step)
        self._on_step(step)

    async def _try(self, step: Step) -> None:
        """A defect is logged, and never loses the step."""
        try:
            again = await self._outcome(step)
        except (ConfigurationError, StateUnavailable):
            raise  # the state itself cannot be written: this process can only end, and say so
        except Exception as error:
            log.exception("action=step_crashed step=%s target=%s", step.kind, step.target)
            if await self._queue.crashed(self._leases[step], _told(error)):
                await self._importer.dead.tell()
            return
        lease = self._leases[step]
        await (self._queue.done(lease) if again is None else self._queue.again(lease, delay=again))

    async def _outcome(self, step: Step) -> float | None:
        """Seconds after which to come again, or None."""
        try:
            again = await self._importer.tracing.run(step, self._handlers[step.kind])
        except BackendError as error:
            log.warning(
                "action=shop_in_the_way step=%s target=%s code=%s", step.kind, step.target, error.code
            )
            return await self._importer.obstacles.met(step, error)
        except (UnknownName, ShopsMissing) as error:  # not configured, or no longer
            log.warning("action=step_dropped step=%s target=%s why=%s", step.kind, step.target, error.text)
            return None
        log.debug("action=step_done step=%s target=%s again=%s", step.kind, step.target, again)
        return again

    async def _keep_alive(self, step: Step) -> None:
        while True:
            await asyncio.sleep(self._importer.settings.lease_seconds / 3)
            with suppress(StateUnavailable):
                await self._queue.extend(self._leases[step])

    async def _prepare(self, step: Step) -> None:
        await self._importer.preparation.prepare(step)

    async def _finish(self, step: Step) -> None:
        await self._importer.closing.finish(step)


def _told(error: Exception) -> str:
    """What a person may see of a defect: ours say it in a sentence; of others, whose words could hold what stands in a
    row, it is the place."""
    if isinstance(error, ImporterError):
        return error.text
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}, line {frame.lineno}"
    return f"{MOST_CRASHES} times in a row it ended with {type(error).__name__} ({place})."
