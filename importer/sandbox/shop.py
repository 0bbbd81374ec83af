"""The shop: its catalogue, products, bulks, log and faults, and the consumer that works the queue off."""

import asyncio
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from importer.sandbox.bulk import Bulks, Operation, fail, succeed
from importer.sandbox.catalog import Catalog
from importer.sandbox.errors import Crash, Refusal
from importer.sandbox.faults import Faults
from importer.sandbox.journal import Journal
from importer.sandbox.products import Products


class Shop:
    """`pace`: operations a second of the consumer, 0 for as fast as it can."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        token: str | None = None,
        pace: float = 0.0,
        log_path: Path | None = None,
    ) -> None:
        self.catalog = catalog
        self.token = token or secrets.token_urlsafe(24)
        self.pace = pace
        self.products = Products(catalog)
        self.bulks = Bulks(secrets.token_bytes(32))
        self.journal = Journal(log_path)
        self.faults = Faults()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def now(self) -> str:
        """As the database writes it: UTC, to the second."""
        return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")

    def submit(self, topic: str, items: list[Any], store_id: int) -> dict[str, Any]:
        answer = self.bulks.submit(topic, items, store_id=store_id, now=self.now())
        self.wake()
        return answer

    def wake(self) -> None:
        """There may be work for the consumer."""
        if self.bulks.queue:
            self._idle.clear()
        self._wake.set()

    async def idle(self) -> None:
        """Until the queue is empty."""
        await self._idle.wait()

    async def consume(self) -> None:
        """The consumer `async.operations.all`: one message after the other, for ever."""
        while True:
            if not self.bulks.queue or self.faults.hold_consumers:
                if not self.bulks.queue:
                    self._idle.set()
                self._wake.clear()
                await self._wake.wait()
                continue
            operation, item = self.bulks.queue.popleft()
            await asyncio.sleep(1 / self.pace if self.pace else 0)
            self.execute(operation, item)

    def execute(self, operation: Operation, item: Any) -> None:
        """One message. A PHP error kills a real consumer and leaves the operation open (contract S10)."""
        try:
            result = self.call(operation.topic, item, bulk_uuid=operation.bulk_uuid, position=operation.key)
        except Refusal as refusal:
            fail(operation, refusal.text)
        except Crash:
            return
        else:
            succeed(operation, result)

    def call(
        self, topic: str, item: Any, *, bulk_uuid: str | None = None, position: int | None = None
    ) -> Any:
        """Run the service behind a topic, with its exact parameter names (contract 1.4). Raises Refusal, Crash."""
        if topic.endswith("deletebyid.delete"):
            sku, work = str(item["sku"]), "delete"
            result: Any = self.products.delete(sku)
        else:
            product = item.get("product") if isinstance(item, dict) else None
            sku, work = str(product.get("sku", "")) if isinstance(product, dict) else "", "save"
            result = self.products.save(product, self.now())
        self.journal.write(sku=sku, work=work, bulk_uuid=bulk_uuid, position=position)
        return result
