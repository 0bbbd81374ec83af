"""The consumer `async.operations.all`: one message after the other, for ever (contract 7; recording 21)."""

import asyncio

from importer.sandbox import php, services
from importer.sandbox.errors import Crash, Refusal
from importer.sandbox.messages import Message
from importer.sandbox.shop import Shop


class Consumer:
    """Waits `consumers / pace` seconds before each operation, so that all together keep the pace."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._queue = shop.bulks.queue

    async def run(self) -> None:
        shop = self._shop
        while True:
            message = await self._queue.take(lambda: not shop.faults.hold_consumers)
            try:
                await asyncio.sleep(shop.consumers / shop.pace if shop.pace else 0)
                self.work(message)
            finally:
                self._queue.acknowledge()

    def work(self, message: Message) -> None:
        """One operation. A PHP error kills a real consumer, and its operation stays open (contract S10)."""
        shop, table, place = self._shop, self._shop.bulks.operations, (message.bulk_uuid, message.id)
        table.start(*place, shop.now())
        service = services.of_topic(message.topic_name)
        try:
            answer = shop.call(service, message.item, store_id=message.store_id, message=message)
        except Refusal as refusal:
            table.fail(*place, message=refusal.text)
        except Crash:
            return
        else:
            table.succeed(*place, message=service.success, result=php.encode(answer))
