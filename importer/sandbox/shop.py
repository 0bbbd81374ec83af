"""The shop: its catalogue, products, bulks, log and faults. It runs services for whoever calls them."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from importer.sandbox.bulk import Bulks, Entry
from importer.sandbox.catalog import Catalog
from importer.sandbox.faults import Faults
from importer.sandbox.journal import Journal
from importer.sandbox.messages import Message
from importer.sandbox.products import Products
from importer.sandbox.services import Job, Service


class Shop:
    """`pace`: operations a second of the consumers together, 0 for as fast as they can. State lives in memory."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        token: str | None = None,
        pace: float = 0.0,
        log_path: Path | None = None,
        consumers: int = 1,
    ) -> None:
        self.catalog = catalog
        self.token = token or secrets.token_urlsafe(24)
        self.pace = pace
        self.consumers = consumers
        self.products = Products(catalog)
        self.bulks = Bulks(secrets.token_bytes(32))
        self.journal = Journal(log_path)
        self.faults = Faults()

    def now(self) -> str:
        """As the database writes it: UTC, to the second."""
        return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")

    def submit(self, topic: str, items: Sequence[Entry], store_id: int) -> dict[str, Any]:
        """Take a bulk; the answer of the submission."""
        return self.bulks.submit(topic, items, store_id=store_id, now=self.now())

    def call(self, service: Service, item: Any, *, store_id: int = 0, message: Message | None = None) -> Any:
        """Run a service, for a request or for a message, and log what it wrote. Raises Refusal, Crash."""
        parameter = service.convert(item, self.catalog)
        job = Job(products=self.products, now=self.now(), store_id=store_id)
        effect = service.run(job, parameter)
        self.journal.write(
            sku=effect.sku,
            outcome=effect.outcome,
            via="bulk" if message else "sync",
            bulk_uuid=message.bulk_uuid if message else None,
            operation_id=message.id if message else None,
        )
        return effect.answer

    def wake(self) -> None:
        """Let the consumers look again, for example after `faults.hold_consumers` was switched off."""
        self.bulks.queue.wake()

    async def idle(self) -> None:
        """Until every message is worked off."""
        await self.bulks.queue.idle()
