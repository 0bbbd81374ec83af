"""The shop: its entities, bulks, access, log and faults. It runs services for whoever calls them."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from importer.sandbox import inputs
from importer.sandbox.access import Access
from importer.sandbox.bulk import Bulks, Entry
from importer.sandbox.catalog import Catalog
from importer.sandbox.contracts import Job, Service
from importer.sandbox.entities import Entities
from importer.sandbox.faults import Faults
from importer.sandbox.journal import Journal
from importer.sandbox.messages import Message
from importer.sandbox.products import Products
from importer.sandbox.records import Records


class Shop:
    """`pace`: operations a second of the consumers together, 0 for as fast as they can. Entities live in the file
    `state`, or in memory. Whoever changed some calls `flush`."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        token: str | None = None,
        pace: float = 0.0,
        log_path: Path | None = None,
        consumers: int = 1,
        state: Path | None = None,
    ) -> None:
        self.catalog = catalog
        self.token = token or secrets.token_urlsafe(24)
        self.access = Access(self.token)
        self.pace = pace
        self.consumers = consumers
        self.records = Records(state)
        self.entities = Entities(self.records, catalog, self.now())
        self.bulks = Bulks(secrets.token_bytes(32))
        self.journal = Journal(log_path)
        self.faults = Faults()

    @property
    def products(self) -> Products:
        return self.entities.products

    def now(self) -> str:
        """As the database writes it: UTC, to the second."""
        return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")

    def submit(self, topic: str, items: Sequence[Entry], store_id: int) -> dict[str, Any]:
        """Take a bulk; the answer of the submission."""
        return self.bulks.submit(topic, items, store_id=store_id, now=self.now())

    def check(self, service: Service, item: Any) -> None:
        """What a submission looks at (contract 1.6). Raises Refusal, Crash."""
        inputs.submitted(item, service.parameters, self.entities.eav.attributes)

    def ask(self, service: Service, item: Any, *, store_id: int = 0, base_url: str = "") -> Any:
        """Run a service that only reads. Raises Refusal, Crash."""
        job = self._job(store_id, base_url=base_url)
        return service.run(job, inputs.submitted(item, service.parameters, self.entities.eav.attributes))

    def _job(self, store_id: int, **words: Any) -> Job:
        return Job(
            entities=self.entities, bulks=self.bulks, access=self.access, now=self.now(), store_id=store_id, **words
        )  # fmt: skip

    def call(
        self,
        service: Service,
        item: Any,
        *,
        store_id: int = 0,
        message: Message | None = None,
        raw: Mapping[str, str] | None = None,
    ) -> Any:
        """Run a service, for a request or for a message, and log what it wrote. Raises Refusal, Crash."""
        types = self.entities.eav.attributes
        if message is None:
            arguments = inputs.submitted(item, service.parameters, types)
        else:
            arguments = inputs.received(item, service.parameters, types, message.topic_name)
        job = self._job(store_id, in_consumer=message is not None, raw=raw or {})
        answer = service.run(job, arguments)
        for one in job.written:
            self.journal.write(
                sku=one.key,
                entity=one.entity,
                outcome=one.outcome,
                via="bulk" if message else "sync",
                bulk_uuid=message.bulk_uuid if message else None,
                operation_id=message.id if message else None,
            )
        return answer

    def flush(self) -> None:
        """What changed goes into the state file, in one transaction."""
        self.records.flush()

    def wake(self) -> None:
        """Let the consumers look again, for example after `faults.hold_consumers` was switched off."""
        self.bulks.queue.wake()

    async def idle(self) -> None:
        """Until every message is worked off."""
        await self.bulks.queue.idle()
