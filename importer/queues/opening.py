"""Which queue the settings ask for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from importer.ports import Clock
from importer.queues.address import Tls, address
from importer.queues.amqp import AmqpQueue
from importer.queues.broker import Broker
from importer.queues.embedded import EmbeddedQueue
from importer.queues.ledger import StepLedger
from importer.queues.topology import Topology
from importer.settings import Settings
from importer.store.database import Database


@asynccontextmanager
async def open_queue(
    settings: Settings, database: Database, clock: Clock
) -> AsyncIterator[EmbeddedQueue | AmqpQueue]:
    """Connects when it is used first. Raises ConfigurationError for an address that cannot be read."""
    if settings.broker is None:
        yield EmbeddedQueue(database, clock, lease_seconds=settings.lease_seconds)
        return
    tls = Tls(
        authority=settings.broker_ca,
        certificate=settings.broker_certificate,
        key=settings.broker_key,
        verify=settings.broker_verify,
    )
    topology = Topology(exchange=settings.broker_exchange, consumers=settings.all_consumers)
    queue = AmqpQueue(
        StepLedger(database, clock, lease_seconds=settings.lease_seconds),
        Broker(address(settings.broker.get_secret_value(), tls), topology),
        topology,
        prefetch=settings.workers,
    )
    try:
        yield queue
    finally:
        await queue.close()
