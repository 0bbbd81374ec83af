"""Where services are run: arguments in, the work done, what was written told to the log."""

from collections.abc import Callable, Mapping
from typing import Any

from importer.sandbox import inputs
from importer.sandbox.access import Access
from importer.sandbox.bulk import Bulks
from importer.sandbox.contracts import Job, Service
from importer.sandbox.entities import Entities
from importer.sandbox.journal import Journal
from importer.sandbox.messages import Message
from importer.sandbox.records import Records
from importer.sandbox.versions import Version


class Desk:
    """`now` gives the shop's time. With a state file every piece of work is a transaction of its own."""

    def __init__(
        self, entities: Entities, bulks: Bulks, access: Access, *, version: Version, now: Callable[[], str]
    ) -> None:
        self._entities, self._bulks, self._access = entities, bulks, access
        self._version, self._now = version, now

    @property
    def _records(self) -> Records:
        return self._entities.records

    def check(self, service: Service, item: Any) -> None:
        """What a submission looks at (contract 1.6). Raises Refusal, Crash."""
        inputs.submitted(item, service.parameters, self._entities.eav.attributes)

    def ask(self, service: Service, item: Any, *, store_id: int = 0, base_url: str = "") -> Any:
        """Run a service that only reads. Raises Refusal, Crash."""
        self._records.refresh()
        arguments = inputs.submitted(item, service.parameters, self._entities.eav.attributes)
        return service.run(self._job(store_id, base_url=base_url), arguments)

    def call(
        self,
        service: Service,
        item: Any,
        journal: Journal,
        *,
        store_id: int = 0,
        message: Message | None = None,
        raw: Mapping[str, str] | None = None,
    ) -> Any:
        """Run a service, for a request or for a message. Raises Refusal, Crash."""
        if not self._records.kept:
            return self._run(service, item, journal, store_id, message, raw or {})
        with self._records.exclusive():
            return self._run(service, item, journal, store_id, message, raw or {})

    def _run(
        self,
        service: Service,
        item: Any,
        journal: Journal,
        store_id: int,
        message: Message | None,
        raw: Mapping[str, str],
    ) -> Any:
        types = self._entities.eav.attributes
        if message is None:
            arguments = inputs.submitted(item, service.parameters, types)
        else:
            arguments = inputs.received(item, service.parameters, types, message.topic_name)
        job = self._job(store_id, in_consumer=message is not None, raw=raw)
        answer = service.run(job, arguments)
        for one in job.written:
            journal.write(
                sku=one.key,
                entity=one.entity,
                outcome=one.outcome,
                via="bulk" if message else "sync",
                bulk_uuid=message.bulk_uuid if message else None,
                operation_id=message.id if message else None,
                **journal.circumstances,
            )
        return answer

    def _job(self, store_id: int, **words: Any) -> Job:
        shared = (self._entities, self._bulks, self._access, self._version)
        return Job(*shared, self._now(), store_id, **words)
