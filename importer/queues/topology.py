"""What is declared on the broker, and how it is called. Several installations may share one: each has its exchange.

    importer              topic: every step, by its routing key
    importer.steps.NAME   the queue of a consumer, bound by its bindings
    importer.wait.5s      a rung of the ladder: a message rests here and goes back to the exchange with its own key
    importer.dead         steps that are dead, and messages that came back too often

Rungs have one time each, so no message waits behind one that rests longer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractQueue

from importer.domain.consumers import Consumer

LADDER = (0.25, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Seconds. A longer delay takes several rungs; the ledger knows when it is over."""

MOST_DELIVERIES = 20
"""So often the broker hands out a message that nobody acknowledges."""


@dataclass(frozen=True, kw_only=True)
class Topology:
    exchange: str = "importer"
    consumers: Sequence[Consumer] = ()
    ladder: Sequence[float] = field(default=LADDER)

    @property
    def dead(self) -> str:
        return f"{self.exchange}.dead"

    def queue(self, consumer: str) -> str:
        return f"{self.exchange}.steps.{consumer}"

    def rung(self, delay: float) -> str:
        """Where a message rests for about `delay` seconds, rather too short than too long."""
        return self._rung(max((rung for rung in self.ladder if rung <= delay), default=min(self.ladder)))

    def _rung(self, seconds: float) -> str:
        return f"{self.exchange}.wait.{seconds:g}s"

    async def declare(self, channel: AbstractChannel) -> dict[str, AbstractExchange]:
        """Everything, whether it is there or not; the exchanges by name."""
        steps = await channel.declare_exchange(self.exchange, ExchangeType.TOPIC, durable=True)
        dead = await self._fanout(channel, self.dead, {})
        exchanges = {self.exchange: steps, self.dead: dead}
        for seconds in self.ladder:
            words = {"x-message-ttl": int(seconds * 1000), **_dies_into(self.exchange)}
            exchanges[self._rung(seconds)] = await self._fanout(channel, self._rung(seconds), words)
        for consumer in self.consumers:
            queue = await self.declare_queue(channel, consumer.name)
            for binding in consumer.bindings:
                await queue.bind(steps, binding)
        return exchanges

    async def declare_queue(self, channel: AbstractChannel, consumer: str) -> AbstractQueue:
        words = {"x-delivery-limit": MOST_DELIVERIES, **_dies_into(self.dead)}
        return await _queue(channel, self.queue(consumer), words)

    async def remove(self, channel: AbstractChannel) -> None:
        """Take all of it away from the broker."""
        rungs = [self._rung(seconds) for seconds in self.ladder]
        for name in [*(self.queue(consumer.name) for consumer in self.consumers), *rungs, self.dead]:
            await channel.queue_delete(name)
        for name in [*rungs, self.dead, self.exchange]:
            await channel.exchange_delete(name)

    async def _fanout(self, channel: AbstractChannel, name: str, words: dict[str, Any]) -> AbstractExchange:
        """An exchange with one queue of the same name: by it a message keeps its routing key."""
        exchange = await channel.declare_exchange(name, ExchangeType.FANOUT, durable=True)
        await (await _queue(channel, name, words)).bind(exchange)
        return exchange


async def _queue(channel: AbstractChannel, name: str, words: dict[str, Any]) -> AbstractQueue:
    return await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum", **words})


def _dies_into(exchange: str) -> dict[str, Any]:
    """A dead letter is kept until its new place has confirmed it; that demands to refuse rather than to drop."""
    return {
        "x-dead-letter-exchange": exchange,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
