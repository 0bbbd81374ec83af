"""The consumers that run inside the shop, and cron, which starts them again (contract 8.1, ConsumersRunner).

A consumer that dies or has served its messages is started anew at the next round of cron; `seconds` 0: at once.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from importer.sandbox.consumer import Consumer, Killed
from importer.sandbox.environment import Environment
from importer.sandbox.messages import BrokerAway, Verdict
from importer.sandbox.queue_config import ConsumerConfig
from importer.sandbox.shop import Shop

Process = tuple[str, int]
"""Consumer and number of the process."""

RETRY_SECONDS = 1.0


def wanted(environment: Environment, consumers: Iterable[ConsumerConfig], standard: int = 1) -> list[Process]:
    """What cron wants to run: the white list, and for each consumer so many processes; `standard` is the number of
    `async.operations.all` where the environment says nothing."""
    if not environment.cron_run:
        return []
    found = []
    for config in consumers:
        if environment.only_consumers and config.name not in environment.only_consumers:
            continue
        usual = standard if config.name == "async.operations.all" else 1
        found += [(config.name, number) for number in range(environment.processes.get(config.name, usual))]
    return found


class Processes:
    """Tasks of one shop; `seconds` between two rounds of cron."""

    def __init__(self, shop: Shop, *, seconds: float = 0.0) -> None:
        self._shop, self._seconds = shop, seconds
        self._tasks: dict[Process, asyncio.Task[None]] = {}
        self._died = 0

    @property
    def died(self) -> int:
        """How many consumers have died so far."""
        return self._died

    @property
    def running(self) -> list[Process]:
        return [process for process, task in self._tasks.items() if not task.done()]

    def start(self) -> None:
        shop = self._shop
        for process in wanted(shop.environment, shop.queue_config.consumers.values(), shop.consumers):
            self._tasks[process] = asyncio.create_task(self._keep(process))

    async def stop(self) -> None:
        """A consumer that ends by a defect of this shop says so here."""
        for task in self._tasks.values():
            task.cancel()
        for task in self._tasks.values():
            with suppress(asyncio.CancelledError):
                await task

    async def _keep(self, process: Process) -> None:
        config = self._shop.queue_config.consumers[process[0]]
        while True:
            if await self.worth_starting(config):
                await self._run(config)
            await asyncio.sleep(self._seconds)

    async def _run(self, config: ConsumerConfig) -> None:
        limit = self._shop.environment.limit(config)
        try:
            await Consumer(self._shop, config, limit=limit).run()
        except Killed:
            self._died += 1
        except BrokerAway:
            await asyncio.sleep(RETRY_SECONDS)

    async def worth_starting(self, config: ConsumerConfig) -> bool:
        """Whether a message waits, where that is asked for; the older versions take one and put it back, which costs it
        one of its trials on the connection `db`."""
        shop = self._shop
        asked = shop.environment.only_spawn if config.only_spawn is None else config.only_spawn
        if not asked:
            return True
        connection = shop.connection(config.connection)
        if not shop.version.probes:
            return await connection.waiting(config.queue) > 0
        return await probe(shop, config)


async def probe(shop: Shop, config: ConsumerConfig) -> bool:
    """Take a message and put it back (contract S28)."""
    inbox = await shop.connection(config.connection).inbox(config.queue, prefetch=0)
    try:
        delivery = await inbox.take(0.0)
        if delivery is not None:
            await inbox.settle(delivery, Verdict.REQUEUE)
        return delivery is not None
    finally:
        await inbox.close()
