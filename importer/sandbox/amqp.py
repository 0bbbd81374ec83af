"""The connection `amqp`: a real RabbitMQ, declared and used as Magento does (contract 6.3, 6.4, 6.7, 8.1)."""

import asyncio
import logging
import secrets
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractRobustConnection
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, AMQPError

from importer.sandbox.messages import BrokerAway, Delivery, Inbox, Verdict
from importer.sandbox.queue_config import QueueConfig

PREFETCH = 100
"""Of a consumer without a limit of messages."""

POLL_SECONDS = 1.0
CONNECT_SECONDS = 10.0
AWAY = (*CONNECTION_EXCEPTIONS, AMQPError, OSError, TimeoutError)


for name in ("aiormq", "aio_pika"):  # what they log before they raise would stand beside our own sentence
    logging.getLogger(name).addHandler(logging.NullHandler())


@dataclass(frozen=True, kw_only=True)
class Address:
    """`queue/amqp` of env.php. `ssl_options` are those of PHP: cafile, local_cert, local_pk, verify_peer,
    verify_peer_name. `prefix` is put before the names of exchanges and queues, so that several may share a broker."""

    host: str = "127.0.0.1"
    port: int = 5672
    user: str = "guest"
    password: str = field(default="guest", repr=False)
    virtualhost: str = "/"
    tls: bool = False
    ssl_options: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def context(self) -> ssl.SSLContext | None:
        """Raises BrokerAway for files that cannot be used."""
        if not self.tls:
            return None
        options = self.ssl_options
        try:
            context = ssl.create_default_context(cafile=options.get("cafile"), capath=options.get("capath"))
            if options.get("local_cert"):
                context.load_cert_chain(
                    options["local_cert"], options.get("local_pk"), options.get("passphrase")
                )
        except OSError as error:
            raise BrokerAway(f"The TLS files of the broker at {self} cannot be used: {error}.") from None
        context.check_hostname = bool(options.get("verify_peer_name", options.get("verify_peer", True)))
        if not options.get("verify_peer", True):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def address(url: str, *, prefix: str = "") -> Address:
    """From `amqp://user:password@host:port/vhost` or `amqps://...`. Raises ValueError with a sentence."""
    parts = urlsplit(url)
    if parts.scheme not in ("amqp", "amqps") or not parts.hostname:
        raise ValueError("The address of a broker looks like amqp://user:password@host:5672/vhost.")
    return Address(
        host=parts.hostname,
        port=parts.port or (5671 if parts.scheme == "amqps" else 5672),
        user=unquote(parts.username or "guest"),
        password=unquote(parts.password or "guest"),
        virtualhost=unquote(parts.path[1:]) or "/",
        tls=parts.scheme == "amqps",
        prefix=prefix,
    )


class Rabbit:
    """One connection of the configuration. Publishing is neither confirmed nor mandatory, as in Magento."""

    def __init__(self, where: Address, config: QueueConfig, *, name: str = "amqp") -> None:
        self._where, self._config, self._name = where, config, name
        self._connection: AbstractRobustConnection | None = None
        self._channel: AbstractChannel | None = None
        self._exchanges: dict[str, aio_pika.abc.AbstractExchange] = {}

    async def declare(self) -> None:
        channel = await self._open()
        try:
            for (name, connection), words in self._config.exchanges.items():
                if connection == self._name:
                    await channel.declare_exchange(self._named(name), aio_pika.ExchangeType.TOPIC, **words)  # type: ignore[arg-type]
            for queue in self._queues - {binding.queue for binding in self._config.bound(self._name)}:
                await channel.declare_queue(self._named(queue), durable=True)
            for binding in self._config.bound(self._name):
                bound = await channel.declare_queue(
                    self._named(binding.queue), durable=True, arguments=dict(binding.arguments) or None
                )
                await bound.bind(self._named(binding.exchange), binding.topic)
        except AWAY as error:
            raise self._away(error) from None

    async def publish(self, topic: str, bodies: Sequence[str], headers: Mapping[str, Any]) -> None:
        channel = await self._open()
        _, exchange = self._config.publisher(topic)
        try:
            if exchange not in self._exchanges:
                self._exchanges[exchange] = await channel.get_exchange(self._named(exchange), ensure=False)
            for body in bodies:
                await self._exchanges[exchange].publish(_outgoing(body, headers), topic, mandatory=False)
        except AWAY as error:
            raise self._away(error) from None

    async def inbox(self, queue: str, *, prefetch: int) -> Inbox:
        connection = await self._connect()
        try:
            channel = await connection.channel(publisher_confirms=False)
            if prefetch:
                await channel.set_qos(prefetch_count=prefetch)
            inbox = RabbitInbox(channel, await channel.get_queue(self._named(queue)))
            if prefetch:
                await inbox.subscribe()
        except AWAY as error:
            raise self._away(error) from None
        return inbox

    async def waiting(self, queue: str) -> int:
        """Asked anew each time: the channel itself remembers what a queue was like when it was declared."""
        channel = await self._open()
        try:
            underlay = await channel.get_underlay_channel()
            found = await underlay.queue_declare(self._named(queue), passive=True)
        except AWAY as error:
            raise self._away(error) from None
        return int(found.message_count or 0)

    async def remove(self) -> None:
        """Take everything of this configuration away from the broker: for tests that leave nothing behind."""
        channel = await self._open()
        for queue in self._queues:
            await channel.queue_delete(self._named(queue))
        for name, connection in self._config.exchanges:
            if connection == self._name:
                await channel.exchange_delete(self._named(name))

    async def close(self) -> None:
        if self._connection is not None:
            with suppress(*AWAY):
                await self._connection.close()

    @property
    def _queues(self) -> set[str]:
        bound = {one.queue for one in self._config.bound(self._name)}
        return bound | {one.queue for one in self._config.consumers.values() if one.connection == self._name}

    def _named(self, name: str) -> str:
        return self._where.prefix + name

    async def _open(self) -> AbstractChannel:
        if self._channel is None:
            connection = await self._connect()
            self._channel = await connection.channel(publisher_confirms=False)
        return self._channel

    async def _connect(self) -> AbstractRobustConnection:
        if self._connection is None:
            where = self._where
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    self._connection = await aio_pika.connect_robust(
                        host=where.host, port=where.port, login=where.user, password=where.password,
                        virtualhost=where.virtualhost, ssl=where.tls, ssl_context=where.context,
                    )  # fmt: skip
            except AWAY as error:
                raise self._away(error) from None
        return self._connection

    def _away(self, error: BaseException) -> BrokerAway:
        reason = str(error).strip().rstrip(".") or "no answer"
        return BrokerAway(
            f"The broker at {self._where} cannot be used: {reason}. Start it, or say another with --amqp."
        )


class RabbitInbox:
    """Subscribed with a prefetch, or asking for one message after the other."""

    def __init__(self, channel: AbstractChannel, queue: aio_pika.abc.AbstractQueue) -> None:
        self._channel, self._queue = channel, queue
        self._come: asyncio.Queue[AbstractIncomingMessage] | None = None

    async def subscribe(self) -> None:
        self._come = asyncio.Queue()
        await self._queue.consume(self._come.put)

    async def take(self, seconds: float) -> Delivery | None:
        if self._come is not None:
            with suppress(TimeoutError):
                return _delivery(await asyncio.wait_for(self._come.get(), seconds))
            return None
        message = await self._queue.get(fail=False)
        if message is None:
            await asyncio.sleep(min(seconds, POLL_SECONDS))
        return _delivery(message) if message else None

    async def settle(self, delivery: Delivery, verdict: Verdict) -> None:
        """Raises BrokerAway when the connection is lost; the broker hands the message out again then."""
        try:
            if verdict is Verdict.ACK:
                await delivery.tag.ack()
            else:
                await delivery.tag.reject(requeue=verdict is Verdict.REQUEUE)
        except AWAY as error:
            raise BrokerAway(f"The connection to the broker was lost: {error}.") from None

    async def close(self) -> None:
        """The broker hands out again what was not settled."""
        with suppress(*AWAY):
            await self._channel.close()


def _outgoing(body: str, headers: Mapping[str, Any]) -> aio_pika.Message:
    """The message's number is 64 hexadecimal digits, as Magento's HMAC is."""
    return aio_pika.Message(
        body.encode(),
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=secrets.token_hex(32),
        headers=dict(headers),
    )


def _delivery(message: AbstractIncomingMessage) -> Delivery:
    return Delivery(
        message,
        message.message_id or "",
        message.routing_key or "",
        message.body,
        dict(message.headers),
        bool(message.redelivered),
    )
