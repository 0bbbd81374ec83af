"""The connection to the broker: confirmed messages out, messages in, and a watch over both."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import aio_pika
import orjson
from aio_pika.abc import (
    AbstractChannel,
    AbstractExchange,
    AbstractIncomingMessage,
    AbstractQueue,
    AbstractRobustConnection,
)
from aio_pika.exceptions import PublishError

from importer.domain.errors import ImporterError
from importer.domain.steps import Step, StepKind
from importer.queues.address import AWAY, Address
from importer.queues.topology import Topology

log = logging.getLogger("importer.queues")
for name in ("aiormq", "aio_pika"):  # what they log of a reconnection, harmless as it is, looks like defects
    logging.getLogger(name).setLevel(logging.CRITICAL)

HEARTBEAT_SECONDS = 20
CONNECT_SECONDS = 10.0
SEND_SECONDS = 5.0
RECONNECT_SECONDS = 1.0

Received = Callable[[AbstractIncomingMessage], Awaitable[None]]


class BrokerAway(ImporterError):
    """It does not answer now. Nothing is lost: the ledger holds every step."""

    code = "broker.away"


class Unroutable(ImporterError):
    """No consumer's bindings select the step."""

    code = "broker.unroutable"


class Broker:
    def __init__(self, where: Address, topology: Topology) -> None:
        self._where, self._topology = where, topology
        self._lock = asyncio.Lock()
        self._connection: AbstractRobustConnection | None = None
        self._channel: AbstractChannel | None = None
        self._exchanges: dict[str, AbstractExchange] = {}
        self._consuming: list[tuple[AbstractChannel, AbstractQueue, str]] = []

    @property
    def connected(self) -> bool:
        return self._connection is not None and self._connection.connected.is_set()

    def require(self) -> None:
        """Raises BrokerAway while it is not connected."""
        if not self.connected:
            raise BrokerAway(f"The broker at {self._where} does not answer.")

    async def open(self) -> None:
        """Connect and declare, if that was not done. Raises ConfigurationError."""
        async with self._lock:
            if self._connection is not None:
                return
            login = self._where.login()
            connection = None
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    connection = await aio_pika.connect_robust(
                        **login,
                        heartbeat=HEARTBEAT_SECONDS,
                        reconnect_interval=RECONNECT_SECONDS,
                        timeout=CONNECT_SECONDS,
                        client_properties={"connection_name": f"importer {self._topology.exchange}"},
                    )
                    channel = await connection.channel(on_return_raises=True)
                    self._exchanges = await self._topology.declare(channel)
            except AWAY as error:
                if connection is not None:
                    await _closed(connection)
                raise self._where.refused(error) from None
            connection.close_callbacks.add(self._gone)
            connection.reconnect_callbacks.add(self._back)
            self._connection, self._channel = (
                connection,
                channel,
            )  # strong: they are restored from weak references

    async def send(self, exchange: str, step: Step, headers: dict[str, str] | None = None) -> None:
        """Confirmed: when this returns, the broker has it. Raises BrokerAway, Unroutable."""
        self.require()
        message = aio_pika.Message(
            _body(step), delivery_mode=aio_pika.DeliveryMode.PERSISTENT, content_type="application/json",
            headers=dict(headers or {}),
        )  # fmt: skip
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._exchanges[exchange].publish(message, step.routing_key, mandatory=True)
        except PublishError:
            raise Unroutable(
                f"No consumer takes the step {step.routing_key}: no queue on the broker is bound for it. Give one of "
                "[consumers] a binding that does, or start importer again, which declares the queues."
            ) from None
        except (*AWAY, RuntimeError) as error:
            raise BrokerAway(f"The broker at {self._where} does not answer: {error}.") from None

    async def consume(self, consumers: Sequence[str], received: Received, *, prefetch: int) -> None:
        """From now on messages of these queues come, `prefetch` of each that are not acknowledged yet."""
        try:
            for consumer in consumers:
                channel = await self._another(publisher_confirms=False)
                await channel.set_qos(prefetch_count=prefetch)
                queue = await self._topology.declare_queue(channel, consumer)
                self._consuming.append((channel, queue, await queue.consume(received)))
        except AWAY as error:
            raise BrokerAway(f"The broker at {self._where} does not answer: {error}.") from None

    async def rest(self) -> None:
        """No messages any more; those that were not acknowledged go to others."""
        for channel, _, _ in self._consuming:
            with suppress(*AWAY, RuntimeError):
                await channel.close()
        self._consuming.clear()

    async def deaf(self) -> bool:
        """Whether one of our consumers is none any more, here or for the broker: seen after reconnections."""
        if not self.connected:
            return False
        try:
            async with asyncio.timeout(SEND_SECONDS):
                for channel, queue, tag in self._consuming:
                    underlay = await channel.get_underlay_channel()
                    found = await underlay.queue_declare(queue.name, passive=True)
                    if tag not in getattr(underlay, "consumers", {}) or not found.consumer_count:
                        return True
        except (*AWAY, RuntimeError):
            return True
        return False

    async def _another(self, *, publisher_confirms: bool) -> AbstractChannel:
        if self._connection is None:
            raise BrokerAway(f"The broker at {self._where} does not answer.")
        channel: AbstractChannel = await self._connection.channel(publisher_confirms=publisher_confirms)
        return channel

    async def bury(self, step: Step, reason: str) -> None:
        """For who looks at the broker: the ledger is what counts."""
        await self.send(self._topology.dead, step, {"reason": reason})

    async def unearth(self, steps: Sequence[Step]) -> None:
        """Take the messages of these steps out of the queue of the dead."""
        gone = {_body(step) for step in steps}
        async with await self._another(publisher_confirms=False) as channel:
            queue = await channel.get_queue(self._topology.dead)
            left = []
            while (message := await queue.get(fail=False)) is not None:
                if message.body in gone:
                    await message.ack()
                else:
                    left.append(message)
            for message in left:
                await message.reject(requeue=True)

    async def close(self) -> None:
        async with self._lock:
            connection, self._connection = self._connection, None
            self._channel, self._exchanges = None, {}
            self._consuming.clear()
            if connection is not None:
                await _closed(connection)

    def _gone(self, *_args: object) -> None:
        if self._connection is not None:
            log.warning("action=broker_away broker=%s", self._where)

    def _back(self, *_args: object) -> None:
        log.warning("action=broker_back broker=%s", self._where)


def step_of(message: AbstractIncomingMessage) -> Step | None:
    """None for what is no message of ours."""
    try:
        words = orjson.loads(message.body)
        return Step(
            kind=StepKind(words["kind"]), target=words["target"], shop=words["shop"], entity=words["entity"]
        )
    except (ValueError, KeyError, TypeError):
        return None


def _body(step: Step) -> bytes:
    return orjson.dumps({"kind": step.kind, "target": step.target, "shop": step.shop, "entity": step.entity})


async def _closed(connection: AbstractRobustConnection) -> None:
    with suppress(*AWAY, RuntimeError):
        async with asyncio.timeout(SEND_SECONDS):
            await connection.close()
