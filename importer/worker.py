"""The consume loop: claim steps, run them, keep their leases alive, give them back or strike them off."""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import anyio

from importer.bootstrap import Importer
from importer.domain.errors import BackendError, ConfigurationError, StateUnavailable, UnknownName
from importer.domain.imports import ImportStatus, Reason
from importer.domain.steps import Lease, Step, StepKind
from importer.domain.timing import backoff

log = logging.getLogger("importer.worker")

POLL_SECONDS = 0.5
SWEEP_SECONDS = 5.0
TICKS_AT_ONCE = 4
MOST_CRASHES = 5
"""Defects in a row on one step, after which its import is failed rather than tried for ever."""

Handler = Callable[[Step], Awaitable[float | None]]


class Worker:
    """`run` until cancelled; `on_step` is called after every step (tests wait for it instead of sleeping).

    `only` is an import: then no other one is touched. `keeps_time`: it looks at the clock of the schedules as well.
    """

    def __init__(
        self,
        importer: Importer,
        *,
        only: str | None = None,
        keeps_time: bool = False,
        on_step: Callable[[Step], None] = lambda _step: None,
    ) -> None:
        self._only = only
        self._keeps_time = keeps_time
        self._importer = importer
        self._queue = importer.ports.queue
        self._name = f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._most = importer.settings.workers
        self._running: set[asyncio.Task[None]] = set()
        self._leases: dict[Step, Lease] = {}
        self._crashes: dict[str, int] = {}
        self._on_step = on_step
        self._handlers: Mapping[StepKind, Handler] = {
            StepKind.PREPARE: self._prepare,
            StepKind.DELIVER: importer.delivery.deliver,
            StepKind.TRACK: importer.tracking.track,
            StepKind.FINISH: self._finish,
        }

    async def run(self) -> None:
        """Steps that are running when it is cancelled are cancelled too; their leases run out and they return."""
        # Else the shop's client loads anyio's backend at its first request, within the event loop.
        await asyncio.to_thread(anyio.run, anyio.sleep, 0)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sweep())
            if self._keeps_time:
                group.create_task(self._keep_time())
            while True:
                free = self._most - len(self._running)
                leases = await self._claim(free)
                for lease in leases:
                    if self._at_work(lease):
                        continue
                    task = group.create_task(self._work(lease.step))
                    self._running.add(task)
                    task.add_done_callback(self._running.discard)
                if not leases:
                    await self._queue.wait(POLL_SECONDS)

    async def _claim(self, free: int) -> list[Lease]:
        try:
            return await self._queue.claim(self._name, limit=free, only=self._only) if free else []
        except StateUnavailable as error:
            log.warning("action=state_unavailable why=%s", error.text)
            return []

    def _at_work(self, lease: Lease) -> bool:
        """Whether we are at this step already: when the machine stood still, its lease ran out and came back to us. A
        request that is under way must not be taken for one whose sender has died."""
        known = lease.step in self._leases
        self._leases[lease.step] = lease
        return known

    async def _sweep(self) -> None:
        while True:
            with suppress(StateUnavailable):  # those who claim steps say so
                await self._importer.dispatch.sweep(self._only)
            await asyncio.sleep(SWEEP_SECONDS)

    async def _keep_time(self) -> None:
        """A long look of one tick does not hold up the next one: what is worked on is held by its lease."""
        async with asyncio.TaskGroup() as ticks:
            places = asyncio.Semaphore(TICKS_AT_ONCE)
            while True:
                await places.acquire()
                ticks.create_task(self._tick()).add_done_callback(lambda _done: places.release())
                await asyncio.sleep(SWEEP_SECONDS)

    async def _tick(self) -> None:
        """A defect of schedules is logged, and does not stop imports."""
        try:
            await self._importer.scheduling.tick()
        except (ConfigurationError, asyncio.CancelledError):
            raise
        except StateUnavailable as error:
            log.warning("action=state_unavailable why=%s", error.text)
        except Exception:
            log.exception("action=tick_crashed")

    async def _work(self, step: Step) -> None:
        alive = asyncio.create_task(self._keep_alive(step))
        try:
            again = await self._outcome(step)
            lease = self._leases[step]
            await (self._queue.done(lease) if again is None else self._queue.again(lease, delay=again))
        except StateUnavailable as error:  # its lease runs out, and whoever comes then finds what was done
            log.warning("action=step_left step=%s why=%s", step.kind, error.text)
        finally:
            alive.cancel()
            with suppress(asyncio.CancelledError):
                await alive
            self._leases.pop(step)
        self._on_step(step)

    async def _outcome(self, step: Step) -> float | None:
        """Seconds after which to come again, or None. A defect is logged, and never loses the step."""
        try:
            again = await self._handlers[step.kind](step)
            self._crashes.pop(step.target, None)
        except BackendError as error:
            log.warning(
                "action=shop_in_the_way step=%s target=%s code=%s", step.kind, step.target, error.code
            )
            return await self._importer.obstacles.met(step, error)
        except UnknownName as error:
            log.warning("action=step_dropped step=%s target=%s why=%s", step.kind, step.target, error.text)
            return None
        except (ConfigurationError, StateUnavailable):
            raise  # the state itself cannot be written: this process can only end, and say so
        except Exception:
            log.exception("action=step_crashed step=%s target=%s", step.kind, step.target)
            return await self._crashed(step)
        log.debug("action=step_done step=%s target=%s again=%s", step.kind, step.target, again)
        return again

    async def _crashed(self, step: Step) -> float | None:
        crashes = self._crashes[step.target] = self._crashes.get(step.target, 0) + 1
        if crashes < MOST_CRASHES:
            return backoff(crashes)
        text = f"A defect of importer stopped the step {step.kind}; its log holds the details (target {step.target})."
        import_id = step.target.partition(".")[0]
        await self._importer.closing.abandon(import_id, ImportStatus.FAILED, Reason(code="defect", text=text))
        return None

    async def _keep_alive(self, step: Step) -> None:
        while True:
            await asyncio.sleep(self._importer.settings.lease_seconds / 3)
            with suppress(StateUnavailable):
                await self._queue.extend(self._leases[step])

    async def _prepare(self, step: Step) -> None:
        await self._importer.preparation.prepare(step)

    async def _finish(self, step: Step) -> None:
        await self._importer.closing.finish(step)
