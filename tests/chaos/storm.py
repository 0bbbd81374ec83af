"""A storm over one process that serves and some that work: what happens to them and to their servers, and when."""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aio_pika
import asyncpg

from importer.cli.exits import CONFIGURATION
from importer.queues.topology import Topology
from tests.chaos.processes import Service
from tests.chaos.servers import OwnBroker, OwnPostgres

LEASE_SECONDS = 2.0
TOPOLOGY = Topology()


class Crew:
    """So many workers at any time: who is killed is followed by a new one. One that ends by itself is a defect, unless
    its start was refused since a server was away: then it is started again, as a supervisor would."""

    def __init__(self, words: Mapping[str, str], number: int) -> None:
        self._words = words
        self._killed: set[Service] = set()
        self.workers = [Service(words, words=("work",)) for _ in range(number)]

    async def work(self) -> None:
        async with asyncio.TaskGroup() as group:
            for place in range(len(self.workers)):
                group.create_task(self._employ(place))

    async def _employ(self, place: int) -> None:
        try:
            while True:
                worker = self.workers[place] = Service(self._words, words=("work",))
                await worker.start()
                code = await worker.dead()
                refused = code == CONFIGURATION and not worker.works.is_set()
                said = "\n".join(worker.said)
                assert refused or worker in self._killed, f"A worker ended by itself with {code}:\n{said}"
        finally:
            worker = self.workers[place]
            worker.wake()
            await worker.stop()

    def kill(self, worker: Service) -> None:
        self._killed.add(worker)
        worker.kill()


class Storm:
    """Every fault once, in an order and at writes of the shops that the dice choose; `entry` hears of the writes."""

    def __init__(self, seed: int, rows: int, broker: OwnBroker, database: OwnPostgres) -> None:
        self._dice = random.Random(seed)
        names = self._dice.sample(sorted(FAULTS), len(FAULTS))
        moments = sorted(self._dice.sample(range(rows // 20, rows // 2), len(FAULTS)))
        self._plan = list(zip(moments, names, strict=True))
        self._written, self._due = 0, asyncio.Queue[str]()
        self._broker, self._database = broker, database
        self.crew: Crew | None = None
        self.done: list[str] = []

    def entry(self, entry: Mapping[str, Any]) -> None:
        self._written += entry["kind"] == "write" and self.crew is not None
        while self._plan and self._written >= self._plan[0][0]:
            self._due.put_nowait(self._plan.pop(0)[1])

    async def rage(self) -> None:
        """Until every fault has happened. A worker may be frozen during the others; those come one after another."""
        async with asyncio.TaskGroup() as group:
            for _ in range(len(FAULTS)):
                name = await self._due.get()
                self.done.append(f"{name} after {self._written} writes")
                fault = FAULTS[name](self)
                if name == "a worker frozen":
                    group.create_task(fault)
                else:
                    await fault

    async def kill_a_worker(self) -> None:
        assert self.crew is not None
        self.crew.kill(self._dice.choice(self.crew.workers))

    async def freeze_a_worker(self) -> None:
        """In the middle of some steps, and until others have taken all of them."""
        worker = await self._caught()
        began = time.monotonic()
        try:
            while time.monotonic() - began < LEASE_SECONDS or await self._held(worker):
                await asyncio.sleep(0.05)  # the database gives no signal
        finally:
            worker.wake()
        self.done.append(f"(it stood still for {time.monotonic() - began:.1f} s)")

    async def _caught(self) -> Service:
        """A worker that holds steps, frozen."""
        assert self.crew is not None
        while True:
            worker = self._dice.choice(self.crew.workers)
            if worker.works.is_set() and await self._held(worker):
                worker.freeze()
                if await self._held(worker):
                    return worker
                worker.wake()
            await asyncio.sleep(0.02)  # likewise

    async def _held(self, worker: Service) -> int:
        """So many steps."""
        query = "SELECT count(*) AS n FROM steps WHERE worker LIKE '%-' || $1 || '-%'"
        while True:
            try:
                connection = await asyncpg.connect(self._database.address)
                try:
                    return int(await connection.fetchval(query, str(worker.pid)))
                finally:
                    await connection.close()
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.1)  # it is restarted just now

    async def close_connections(self) -> None:
        await self._broker.control("close_all_connections", "closed by force")

    async def restart_broker(self) -> None:
        await self._broker.restart()

    async def restart_database(self) -> None:
        await self._database.restart(self._dice.choice(["fast", "immediate"]))

    async def double_messages(self) -> None:
        """Of every step that there is, twice: due or not, taken or free."""
        connection = await asyncpg.connect(self._database.address)
        steps = await connection.fetch("SELECT kind, target, shop, entity FROM steps")
        await connection.close()
        async with await aio_pika.connect(self._broker.url) as broker:
            exchange = await (await broker.channel()).get_exchange(TOPOLOGY.exchange)
            for step in [*steps, *steps]:
                await exchange.publish(_message(step), f"step.{step['kind']}.{step['shop']}.{step['entity']}")

    async def lose_messages(self) -> None:
        """Those in the queue and on the ladder, when there are some."""
        names = [TOPOLOGY.queue("all"), *(TOPOLOGY.rung(seconds) for seconds in TOPOLOGY.ladder)]
        async with await aio_pika.connect(self._broker.url) as broker:
            channel = await broker.channel()
            queues = [await channel.get_queue(name) for name in names]
            lost = 0
            while not lost:
                lost = sum([(await queue.purge()).message_count or 0 for queue in queues])
        self.done.append(f"({lost} of them)")


def _message(step: Mapping[str, str]) -> aio_pika.Message:
    return aio_pika.Message(json.dumps(dict(step)).encode(), delivery_mode=aio_pika.DeliveryMode.PERSISTENT)


FAULTS: Mapping[str, Callable[[Storm], Awaitable[None]]] = {
    "a worker killed": Storm.kill_a_worker,
    "a worker frozen": Storm.freeze_a_worker,
    "connections closed by force": Storm.close_connections,
    "the broker restarted": Storm.restart_broker,
    "the database restarted": Storm.restart_database,
    "messages doubled": Storm.double_messages,
    "messages lost": Storm.lose_messages,
}
