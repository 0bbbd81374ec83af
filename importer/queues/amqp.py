"""The queue over RabbitMQ (ports `Queue` and `Ledger`): the ledger decides, messages tell whom to ask it.

A message says that there is something to do; what that is, the ledger says: who gets one claims the step whose turn it is
and acknowledges the message as soon as the lease is there. One that came too early rests on the ladder once more. A lost
message is sent again when its step is due and nobody came for it; while the broker is away, workers ask the ledger.
"""

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from aio_pika.abc import AbstractIncomingMessage

from importer.domain.consumers import ALL, Consumer, only_like, taken
from importer.domain.errors import ConfigurationError, StateUnavailable
from importer.domain.steps import DeadStep, Lease, Load, Step
from importer.queues.address import AWAY
from importer.queues.broker import Broker, BrokerAway, Unroutable, step_of
from importer.queues.ledger import StepLedger
from importer.queues.topology import Topology

log = logging.getLogger("importer.queues")

ROUND_SECONDS = 1.0
"""Between two looks for steps that nobody was told of."""

HOLD_SECONDS = 5.0
"""So long a message may lie here while every worker is busy; then another process gets it."""

WATCH_SECONDS = 15.0


class AmqpQueue:
    """`round_seconds`: how often it looks for lost messages, and at itself."""

    def __init__(
        self,
        ledger: StepLedger,
        broker: Broker,
        topology: Topology,
        *,
        prefetch: int,
        round_seconds: float = ROUND_SECONDS,
    ) -> None:
        self._ledger, self._broker, self._topology = ledger, broker, topology
        self._prefetch, self._round_seconds = prefetch, round_seconds
        self._inbox: deque[tuple[float, AbstractIncomingMessage]] = deque()
        self._come = asyncio.Event()
        self._consumers: tuple[Consumer, ...] = ()
        self._rounds: asyncio.Task[None] | None = None
        self._subscribed = self._resting = False

    async def ready(self) -> None:
        await self._broker.open()
        self._broker.require()

    async def publish(self, step: Step, *, delay: float = 0.0) -> None:
        """Raises Unroutable when no consumer takes it."""
        if await self._ledger.enter(step, delay=delay):
            await self._send(step, delay)

    async def claim(
        self, worker: str, *, limit: int, only: str | None = None, consumers: Sequence[Consumer] = (ALL,)
    ) -> list[Lease]:
        if self._resting:
            return []
        if only is not None or not self._listening(consumers):
            return await self._ledger.claim(worker, limit=limit, only=only, consumers=consumers)
        leases: list[Lease] = []
        while self._inbox and len(leases) < limit:
            lease = await self._open(worker)
            if lease is not None:
                leases.append(lease)
        return leases

    async def _open(self, worker: str) -> Lease | None:
        """The oldest message stands for one step that is due, though not for which; acknowledged when its lease is in SQL."""
        held = self._inbox.popleft()
        message, step = held[1], step_of(held[1])
        leases: list[Lease] = []
        try:
            early = await self._ledger.due_in(step) if step else 0.0
            if step and not early:
                mine = [consumer for consumer in self._consumers if taken(step, [consumer])]
                leases = await self._ledger.claim(worker, limit=1, consumers=mine or [only_like(step)])
                if not any(lease.told or lease.step == step for lease in leases):
                    await self._ledger.untold(step)  # no other message comes that could stand for it
        except StateUnavailable:
            self._inbox.appendleft(held)
            raise
        if step and early:
            await self._tell(step, early)
        with suppress(*AWAY, RuntimeError):  # it comes once more, and finds what is due then
            await message.ack()
        return leases[0] if leases else None

    async def extend(self, lease: Lease) -> bool:
        return await self._ledger.extend(lease)

    async def done(self, lease: Lease) -> None:
        await self._ledger.done(lease)

    async def again(self, lease: Lease, *, delay: float) -> None:
        if await self._ledger.give_back(lease, delay=delay):
            await self._tell(lease.step, delay)

    async def crashed(self, lease: Lease, reason: str) -> bool:
        delay = await self._ledger.crash(lease, reason)
        if delay is not None and delay != math.inf:
            await self._tell(lease.step, delay)
        return delay == math.inf

    async def wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._come.wait()
        self._come.clear()

    async def rest(self) -> None:
        self._resting = True
        self._inbox.clear()
        await self._broker.rest()

    async def dead(self) -> list[DeadStep]:
        return await self._ledger.dead()

    async def requeue(self, some: Sequence[Step]) -> int:
        """They are due and silent, so whoever looks next sends their messages."""
        number = await self._ledger.requeue(some)
        await self._unearth(some)
        return number

    async def forget(self, some: Sequence[Step]) -> None:
        await self._ledger.forget(some)
        await self._unearth(some)

    async def load(self, consumer: Consumer) -> Load:
        return await self._ledger.load(consumer)

    async def close(self) -> None:
        if self._rounds is not None:
            self._rounds.cancel()
            await asyncio.wait({self._rounds})
        await self._broker.close()

    async def _tell(self, step: Step, delay: float) -> None:
        """What nobody takes stays in the ledger, and is tried again."""
        try:
            await self._send(step, delay)
        except Unroutable as error:
            log.warning("action=unroutable why=%s", error.text)
            await self._ledger.untold(step)

    async def _send(self, step: Step, delay: float) -> None:
        """Raises Unroutable. While the broker is away the ledger alone knows; it is sent when the broker is back."""
        where = self._topology.exchange if delay <= 0 else self._topology.rung(delay)
        try:
            await self._broker.open()
            await self._broker.send(where, step)
        except (BrokerAway, ConfigurationError) as error:
            log.warning("action=not_told step=%s target=%s why=%s", step.kind, step.target, error.text)
            await self._ledger.untold(step)

    async def _unearth(self, some: Sequence[Step]) -> None:
        with suppress(ConfigurationError, *AWAY, RuntimeError):
            await self._broker.open()
            await self._broker.unearth(some)

    def _listening(self, consumers: Sequence[Consumer]) -> bool:
        """Whether messages come. The first call begins it; while the broker is away they do not."""
        if self._rounds is None:
            self._consumers = tuple(consumers)
            self._rounds = asyncio.create_task(self._go_round())
        return self._subscribed and self._broker.connected

    async def _subscribe(self) -> None:
        await self._broker.open()
        await self._broker.consume(
            [one.name for one in self._consumers], self._received, prefetch=self._prefetch
        )
        self._subscribed = True

    async def _received(self, message: AbstractIncomingMessage) -> None:
        self._inbox.append((time.monotonic(), message))
        self._come.set()

    async def _go_round(self) -> None:
        watched = time.monotonic()
        while not self._resting:
            try:
                if not self._subscribed:
                    await self._subscribe()
                await self._pass_on()
                if self._broker.connected:
                    await self._remind()
                if time.monotonic() - watched > WATCH_SECONDS:
                    watched = time.monotonic()
                    await self._watch()
            except (StateUnavailable, BrokerAway, ConfigurationError) as error:
                log.warning("action=round_failed why=%s", error.text)
            await asyncio.sleep(self._round_seconds)

    async def _remind(self) -> None:
        """Send what was lost, and what could not be sent before."""
        for step in await self._ledger.silent():
            await self._tell(step, 0)
        for dead in await self._ledger.unburied():
            await self._broker.bury(dead.step, dead.reason)

    async def _pass_on(self) -> None:
        """Messages that have lain here for long, since every worker is busy, go to whoever is free."""
        while self._inbox and time.monotonic() - self._inbox[0][0] > HOLD_SECONDS:
            _, message = self._inbox.popleft()
            step = step_of(message)
            if step is not None:
                await self._tell(step, min(self._topology.ladder))
            with suppress(*AWAY, RuntimeError):
                await message.ack()

    async def _watch(self) -> None:
        """Reconnections have been seen to leave consumers dead: then everything is made anew."""
        if await self._broker.deaf():
            log.warning("action=consumers_renewed")
            self._subscribed = False
            await self._broker.close()
            await self._subscribe()
