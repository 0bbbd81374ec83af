"""What the services need from the world, in the smallest words. Adapters implement these; `bootstrap` joins both."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from importer.domain.batches import ALL, Batch, BatchStatus, NewBatch, Operation, OperationStatus, Receipt
from importer.domain.history import Event
from importer.domain.imports import Import, ImportStatus, KeptFile, Reason
from importer.domain.mapping import Mapping as ImportMapping
from importer.domain.rows import Counts, Outcome, RowError
from importer.domain.steps import Lease, Step

Tables = Mapping[str, Mapping[str, Any]]
"""Look-up tables of a shop: table name -> name in the shop -> its id or definition; compared without case."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...


class Files(Protocol):
    """Whole files under a name such as `imports/<id>/batches/000001`. A written file is complete or absent."""

    async def keep(self, name: str, chunks: AsyncIterator[bytes], *, limit: int) -> tuple[int, str]:
        """Stream to `name`; the size in bytes and the SHA-256. Raises TooLarge beyond `limit`, leaving nothing."""
        ...

    async def write(self, name: str, content: bytes) -> None: ...

    async def read(self, name: str, *, start: int = 0, length: int | None = None) -> bytes:
        """All of it, or `length` bytes from `start`."""
        ...

    async def remove(self, folder: str) -> None:
        """Remove everything under `folder`; nothing there is fine."""
        ...

    def local(self, name: str) -> AbstractAsyncContextManager[Path]:
        """The file as a path on this machine, for readers that need one."""
        ...


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request to import, as it will be recorded. `request_hash` tells equal requests of one key from others."""

    id: str
    shop: str
    mapping: str
    entity: str
    kept: KeptFile
    dry_run: bool
    patience: float | None = None
    check_first: bool = False
    max_errors: int | None = None
    idempotency_key: str | None = None
    request_hash: str = ""


class Imports(Protocol):
    """Imports and their event logs. Each `record_*` is one transaction that appends one event, or does nothing."""

    async def accept(self, request: Request) -> Import:
        """Record the import. A known idempotency key with the same request gives the import of the first time;
        with another request it raises Conflict."""
        ...

    async def get(self, import_id: str) -> Import:
        """Raises UnknownName."""
        ...

    async def latest(self, *, limit: int, before: str | None = None) -> list[Import]:
        """Newest first, those before the id `before`."""
        ...

    async def unfinished(self) -> list[Import]:
        """Oldest first."""
        ...

    async def events(self, import_id: str, *, after: int = 0) -> list[Event]: ...

    async def record_counted(
        self, import_id: str, *, rows: int, columns: Mapping[str, list[str]]
    ) -> None: ...

    async def record_prepared(
        self,
        import_id: str,
        *,
        start: int,
        rows: int,
        errors: Sequence[RowError],
        batches: Sequence[NewBatch],
    ) -> bool:
        """One frame: `start` rows were read before it. False when it is already recorded or the import ended."""
        ...

    async def record_read_whole(self, import_id: str) -> None: ...

    async def record_waiting(self, import_id: str, reason: Reason) -> None: ...

    async def record_ended(
        self,
        import_id: str,
        status: ImportStatus,
        *,
        reason: Reason | None = None,
        errors: Sequence[RowError] = (),
    ) -> bool:
        """Close it. Open batches are abandoned; `errors` are the final outcomes of their operations."""
        ...


class Rows(Protocol):
    """Rows that did not succeed."""

    async def of(
        self,
        import_id: str,
        *,
        outcomes: Sequence[Outcome],
        limit: int,
        after: int = 0,
    ) -> list[RowError]:
        """Errors of rows after record number `after`, in file order; a row is never cut in two at the limit."""
        ...

    async def causes(self, import_id: str) -> list[tuple[Outcome, str, str, int]]:
        """(outcome, code, an example of the text, rows), largest first."""
        ...


class Batches(Protocol):
    """Batches. Each `record_*` is a compare-and-set with its event: False says that somebody else was first."""

    async def get(self, batch_id: str) -> Batch: ...

    async def of(
        self, import_id: str, statuses: Collection[BatchStatus] = ALL, *, limit: int | None = None
    ) -> list[Batch]:
        """Those with one of the statuses, by number."""
        ...

    async def in_flight(self, shop: str) -> int: ...

    async def receipts(self, shop: str, since: datetime) -> set[str]:
        """Bulks of the shop that are known to belong to some batch sent after `since`."""
        ...

    async def record_sending(self, batch: Batch) -> bool:
        """waiting -> sending: the intent, before the act."""
        ...

    async def record_sent(self, batch: Batch, receipt: Receipt) -> bool: ...

    async def record_in_doubt(self, batch: Batch, reason: Reason) -> bool: ...

    async def record_not_taken(self, batch: Batch, reason: Reason) -> bool:
        """The shop does not hold it: back to waiting."""
        ...

    async def record_refused(
        self,
        batch: Batch,
        reason: Reason,
        *,
        into: Sequence[NewBatch],
        errors: Sequence[RowError],
    ) -> bool: ...

    async def record_confirmed(
        self,
        batch: Batch,
        *,
        counts: Counts,
        into: Sequence[NewBatch],
        errors: Sequence[RowError],
    ) -> bool: ...


class Queue(Protocol):
    """Carries steps. At least once: a lease that runs out is given to the next one who asks."""

    async def publish(self, step: Step, *, delay: float = 0.0) -> None:
        """A step that is already there stays as it is."""
        ...

    async def claim(self, worker: str, *, limit: int) -> list[Lease]: ...

    async def extend(self, lease: Lease) -> bool:
        """False when the lease was lost."""
        ...

    async def done(self, lease: Lease) -> None: ...

    async def again(self, lease: Lease, *, delay: float) -> None:
        """Give it back, due after `delay` seconds."""
        ...

    async def wait(self, seconds: float) -> None:
        """Return when something may be due, at the latest after `seconds`."""
        ...


class ShopReader(Protocol):
    """The part of a shop that cannot write. A dry run has nothing else."""

    async def look_ups(self) -> Tables:
        """Raises BackendUnavailable, BackendDenied."""
        ...

    async def probe(self) -> None:
        """One cheap call. Raises BackendUnavailable, BackendDenied."""
        ...


class Backend(ShopReader, Protocol):
    """A shop that takes batches."""

    async def submit(self, mapping: ImportMapping, operations: Sequence[Operation]) -> Receipt:
        """Raises BackendRefused (content), BackendUnavailable (nothing was taken), BackendDenied, AnswerLost."""
        ...

    async def poll(self, receipt: Receipt) -> list[OperationStatus]:
        """What the shop says now; operations it does not mention are open (contract S19)."""
        ...

    async def find(
        self,
        mapping: ImportMapping,
        operations: Sequence[Operation],
        *,
        since: datetime,
        known: set[str],
    ) -> Receipt | None:
        """The bulk that holds exactly these operations, submitted after `since`, not one of `known`."""
        ...


@dataclass(frozen=True, kw_only=True)
class ShopLimits:
    """How a shop wants to be treated; seconds and counts."""

    batch_size: int
    batch_bytes: int
    batches_in_flight: int
    settle_seconds: float


class Shops(Protocol):
    """The configured shops."""

    def names(self) -> list[str]: ...

    def limits(self, name: str) -> ShopLimits:
        """Raises UnknownName."""
        ...

    def reader(self, name: str) -> ShopReader: ...

    def backend(self, name: str) -> Backend: ...


class Mappings(Protocol):
    """Mapping documents by name."""

    def names(self) -> list[str]: ...

    def text(self, name: str) -> str:
        """The document as written. Raises UnknownName."""
        ...

    def parse(self, name: str, text: str) -> ImportMapping:
        """Raises MappingInvalid."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ports:
    """All of them at once: what `bootstrap` hands to every service."""

    imports: Imports
    rows: Rows
    batches: Batches
    files: Files
    queue: Queue
    mappings: Mappings
    shops: Shops
    clock: Clock
