"""A queue over a real RabbitMQ for one test, with names of its own that are taken away afterwards."""

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aio_pika
import pytest

from importer.domain.consumers import ALL, Consumer
from importer.ports import Clock
from importer.queues.address import address
from importer.queues.amqp import AmqpQueue
from importer.queues.broker import Broker
from importer.queues.ledger import StepLedger
from importer.queues.topology import Topology
from importer.store.database import Database
from tests.conftest import AMQP_URL

LEASE = 10.0
SHORT = (0.05, 0.2)
"""A ladder for tests: a delay of any length is many short rests, until the clock that is moved by hand says it is over."""

needs_rabbitmqctl = pytest.mark.skipif(
    shutil.which("rabbitmqctl") is None, reason="no rabbitmqctl on this machine"
)


@asynccontextmanager
async def topology(
    *consumers: Consumer, ladder: Sequence[float] = SHORT, url: str = AMQP_URL
) -> AsyncIterator[Topology]:
    own = Topology(exchange=f"test-{secrets.token_hex(4)}", consumers=consumers or (ALL,), ladder=ladder)
    yield own
    async with await aio_pika.connect(url) as connection:
        await own.remove(await connection.channel())


@asynccontextmanager
async def joined(
    database: Database, clock: Clock, of: Topology, *consumers: Consumer, url: str = AMQP_URL
) -> AsyncIterator[AmqpQueue]:
    """A process of its own, as far as the broker can tell; it listens."""
    ledger = StepLedger(database, clock, lease_seconds=LEASE)
    queue = AmqpQueue(ledger, Broker(address(url), of), of, prefetch=8, round_seconds=0.05)
    try:
        await queue.ready()
        await listens(queue, *consumers)
        yield queue
    finally:
        await queue.close()


async def listens(queue: AmqpQueue, *consumers: Consumer) -> None:
    async with asyncio.timeout(10):
        queue._listening(consumers or (ALL,))
        while not queue._listening(()):
            await asyncio.sleep(0.01)  # the broker gives no signal


async def rabbitmqctl(*words: str) -> None:
    process = await asyncio.create_subprocess_exec(
        "rabbitmqctl", "-q", *words, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()


@asynccontextmanager
async def own_vhost() -> AsyncIterator[str]:
    """The address of a virtual host of our own, in which connections can be closed without harm to others."""
    name, parts = f"test-{secrets.token_hex(4)}", urlsplit(AMQP_URL)
    await rabbitmqctl("add_vhost", name)
    try:
        await rabbitmqctl("set_permissions", "-p", name, parts.username or "guest", ".*", ".*", ".*")
        yield parts._replace(path=f"/{name}").geturl()
    finally:
        await rabbitmqctl("delete_vhost", name)
