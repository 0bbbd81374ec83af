"""The mass consumer: one operation after the other, with its lock, its verdict and its row (contract 7; recording 21)."""

import asyncio
import hashlib
from functools import cache
from typing import Any

import orjson

from importer.sandbox import services
from importer.sandbox.contracts import Service
from importer.sandbox.errors import Crash, Refusal
from importer.sandbox.messages import BrokerAway, Delivery, Inbox, Message, Verdict, decoded
from importer.sandbox.queue_config import ConsumerConfig
from importer.sandbox.shop import Shop
from importer.sandbox.trouble import DatabaseTrouble

UNDECODABLE = "Error occurred during message decoding."
SLICE_SECONDS = 0.005
"""So long a consumer that never waits may keep the event loop for itself."""

ENDLESS = 3600.0
PREFETCH = 100


class Killed(Exception):
    """The process of a consumer died: a PHP error, or a signal. What it held is not settled (contract S10)."""


class PoisonPill(Exception):
    """The consumers were told to start anew."""


class Consumer:
    """`limit` 0: without end. Waits `consumers / pace` seconds before each operation, so that all keep the pace."""

    def __init__(self, shop: Shop, config: ConsumerConfig, *, limit: int = 0) -> None:
        self._shop, self._config, self._limit = shop, config, limit
        self._pill = shop.pill()
        self.served = 0

    async def run(self) -> int:
        """Until the limit, or until nothing has come for as long as the file says; how many were worked off. Raises
        Killed, BrokerAway."""
        shop = self._shop
        inbox = await shop.connection(self._config.connection).inbox(
            self._config.queue, prefetch=0 if self._limit else PREFETCH
        )
        try:
            loop = asyncio.get_running_loop()
            rested = loop.time()
            while not self._limit or self.served < self._limit:
                delivery = await self._next(inbox)
                if delivery is None:
                    break
                verdict = await self.handle(delivery)
                await self._settle(inbox, delivery, verdict)
                self.served += 1
                if loop.time() - rested > SLICE_SECONDS:
                    await asyncio.sleep(0)
                    rested = loop.time()
        except PoisonPill:
            return self.served
        finally:
            await inbox.close()
        return self.served

    async def _settle(self, inbox: Inbox, delivery: Delivery, verdict: Verdict) -> None:
        """When the connection is lost the lock goes, and the redelivery is worked off once more (contract 7.2)."""
        try:
            await inbox.settle(delivery, verdict)
        except BrokerAway:
            self._shop.locks.release(self._code(delivery))
            raise

    async def _next(self, inbox: Inbox) -> Delivery | None:
        """None: nothing has come for too long, or there is nothing and nobody waits."""
        loop = asyncio.get_running_loop()
        began, idle, waits = (
            loop.time(),
            self._config.max_idle_seconds,
            self._shop.environment.wait_for_messages,
        )
        may_end = idle is not None or bool(self._limit)
        pause = 0.0 if self._limit and not waits else self._config.sleep_seconds if may_end else ENDLESS
        while True:
            await self._shop.permitted()
            if delivery := await inbox.take(pause):
                await self._shop.permitted()
                return await self._fresh(inbox, delivery)
            if not pause or (idle is not None and loop.time() - began >= idle):
                return None

    async def _fresh(self, inbox: Inbox, delivery: Delivery) -> Delivery:
        """A consumer with a limit ends before the first message after a restart was asked for (contract 7.1)."""
        if self._limit and self._pill != self._shop.pill():
            await inbox.settle(delivery, Verdict.REQUEUE)
            raise PoisonPill
        return delivery

    async def handle(self, delivery: Delivery) -> Verdict:
        """The table of contract 7.2, in its order. Raises Killed."""
        shop = self._shop
        try:
            message = decoded(delivery.body)
        except (ValueError, KeyError, TypeError):
            return Verdict.REJECT
        if not self._lock(delivery, message):
            return Verdict.ACK
        service = _service(delivery.topic)
        if service is None:
            return Verdict.REQUEUE
        await shop.before_operation()
        await self._work(message, service, _store(delivery, message))
        shop.insert_late(message.bulk_uuid, message.id)
        return Verdict.ACK

    def _lock(self, delivery: Delivery, message: Message) -> bool:
        """The lock stays: it is the memory of what was delivered, until the full hour (contract 7.5)."""
        code = self._code(delivery)
        if not self._shop.state.shared:  # no other process: nobody can come between the two
            return self._shop.locks.take(code, self._shop.now())
        with self._shop.state.transaction():
            taken = self._shop.locks.take(code, self._shop.now())
            if taken:
                self._shop.bulks.operations.start(message.bulk_uuid, message.id, self._shop.now())
        return taken

    def _code(self, delivery: Delivery) -> str:
        text = f"{self._config.name}-{delivery.message_id}"
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    async def _work(self, message: Message, service: Service, store_id: int | None) -> None:
        """One operation and its row (contract 7.3, 7.4)."""
        shop, table, place = self._shop, self._shop.bulks.operations, (message.bulk_uuid, message.id)
        started = shop.now()
        try:
            answer = await self._perform(message, service, store_id)
        except Undecodable:
            table.fail(*place, message=UNDECODABLE, started=started)
        except Refusal as refusal:
            table.fail(*place, message=refusal.text, started=started)
        except DatabaseTrouble as trouble:
            table.fail(
                *place, message=trouble.text, code=trouble.code, status=trouble.status, started=started
            )
        except BaseException:
            table.start(*place, started)
            raise
        else:
            table.succeed(*place, message=service.success, answer=answer, started=started)

    async def _perform(self, message: Message, service: Service, store_id: int | None) -> Any:
        """A PHP error ends the process, and so may a signal: as often before the write as after it. Raises
        Undecodable."""
        bugs = self._shop.bugs
        item = _item(message)
        if bugs.hits("status-lies"):
            return None
        dies = bugs.hits("consumer-killed")
        if dies and bugs.toss("consumer-killed"):
            raise Killed
        try:
            answer = await self._shop.perform(service, item, store_id=store_id, message=message)
        except Crash as error:
            raise Killed from error
        if dies:
            raise Killed
        return answer


class Undecodable(Exception):
    """JSON that was cut (contract 7.3)."""


def _item(message: Message) -> Any:
    """Raises Undecodable."""
    try:
        return orjson.loads(orjson.loads(message.serialized_data)["meta_information"])
    except ValueError:
        raise Undecodable from None


def _store(delivery: Delivery, message: Message) -> int | None:
    """From the payload or from the header; None: it was lost on the way, the default store it is (contract 1.7)."""
    given = delivery.headers.get("store_id")
    if given is None and '"store_id":' in message.serialized_data[-24:]:
        given = orjson.loads(message.serialized_data)["store_id"]
    return None if given is None else int(given)


@cache
def _service(topic: str) -> Service | None:
    try:
        return services.of_topic(topic)
    except KeyError:
        return None
