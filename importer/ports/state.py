"""The state: imports with their logs, rows that did not succeed, batches."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from importer.domain.batches import (
    ALL,
    Batch,
    BatchStatus,
    NewBatch,
    Receipt,
    Sending,
)
from importer.domain.history import Event
from importer.domain.imports import Import, ImportStatus, KeptFile, Reason
from importer.domain.limits import Limits
from importer.domain.pace import Pace
from importer.domain.rows import Cause, Counts, Outcome, RowError


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request to import, as it will be recorded. `request_hash` tells equal requests of one key from others."""

    id: str
    shop: str
    mapping: str
    entity: str
    kept: KeptFile
    dry_run: bool
    check_only: bool = False
    patience: float | None = None
    check_first: bool = False
    max_errors: int | None = None
    limits: Limits | None = None
    idempotency_key: str | None = None
    request_hash: str = ""
    traceparent: str | None = None


@dataclass(frozen=True, kw_only=True)
class Which:
    """Which imports are meant; what is not said does not matter. `since`: accepted then or later."""

    shops: Collection[str] | None = None
    statuses: Collection[ImportStatus] = ()
    mapping: str | None = None
    since: datetime | None = None


EVERY = Which()


class Imports(Protocol):
    """Imports and their event logs. Each `record_*` is one transaction that appends one event, or does nothing."""

    async def accept(self, request: Request) -> Import:
        """Record the import. A known idempotency key with the same request gives the import of the first time;
        with another request it raises Conflict."""
        ...

    async def earlier(self, idempotency_key: str, request_hash: str) -> Import | None:
        """The import that this request has made before. Raises Conflict when the key was another request's."""
        ...

    async def get(self, import_id: str) -> Import:
        """Raises UnknownName."""
        ...

    async def traceparent(self, import_id: str) -> str | None:
        """Of the trace that the import began in, if it came with one (W3C Trace Context)."""
        ...

    async def latest(self, *, limit: int, before: str | None = None, which: Which = EVERY) -> list[Import]:
        """Newest first, those before the id `before`."""
        ...

    async def unfinished(self, shop: str | None = None) -> list[Import]:
        """Those of all shops or of one; oldest first."""
        ...

    async def events(self, import_id: str, *, after: int = 0) -> list[Event]: ...

    async def rebuild(self, import_id: str, *, check: bool) -> tuple[Import, Import]:
        """The state as it is kept and as its events alone say; unless `check`, the latter is kept from now on."""
        ...

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
        """One frame: `start` rows were read before it. False when it is already recorded or the import ended.

        Of an import that only checks, rows without an error have come to their end with it: they are `not_sent`."""
        ...

    async def record_read_whole(self, import_id: str) -> None:
        """With a second event in the same transaction when it breaks one of its limits: it is held from the first moment
        at which it could be sent."""
        ...

    async def record_waiting(self, import_id: str, reason: Reason) -> None: ...

    async def record_ended(
        self,
        import_id: str,
        status: ImportStatus,
        *,
        reason: Reason | None = None,
        left: Sequence[Batch] = (),
        errors: Sequence[RowError] = (),
    ) -> bool:
        """Close it. `left` are its open batches as the caller saw them, `errors` the final outcomes of their operations:
        they are abandoned. False when it has ended, or when those are not its open batches (any more)."""
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

    async def failing(self, import_id: str, keys: Collection[str]) -> dict[str, int]:
        """Which of the keys belong to a row of the default scope that did not succeed: key -> its record number.

        Keys are compared without upper and lower case. A row that failed in a later operation is not one of them: what
        others need of it is in the shop.
        """
        ...

    async def settled(self, import_id: str, rows: Collection[int]) -> set[int]:
        """Which of the rows (record numbers) have a final outcome other than success."""
        ...

    async def causes(self, import_id: str, *, each_text: Collection[str] = ()) -> list[Cause]:
        """By outcome, code and column; for the codes `each_text` by text as well."""
        ...


class Batches(Protocol):
    """Batches. Each `record_*` is a compare-and-set with its event: False says that somebody else was first."""

    async def get(self, batch_id: str) -> Batch: ...

    async def of(
        self, import_id: str, statuses: Collection[BatchStatus] = ALL, *, limit: int | None = None
    ) -> list[Batch]:
        """Those with one of the statuses, by number."""
        ...

    async def next(self, import_id: str, *, limit: int) -> list[Batch]:
        """Waiting batches of the first phase that has any open one, by number; not those whose step is dead."""
        ...

    async def in_flight(self, shop: str) -> dict[str, int]:
        """Import -> how many of its batches are in flight; those that lag behind have no place any more."""
        ...

    async def overtaken(self, batch: Batch) -> bool:
        """Whether the shop has confirmed a batch that was sent after this one."""
        ...

    async def record_lagging(self, batch: Batch, *, left: int) -> bool:
        """`left` operations of it stay open although the shop went on, or nobody asks for it any more: others may have
        its place."""
        ...

    async def receipts(self, shop: str, since: datetime) -> set[str]:
        """Bulks of the shop that are known to belong to some batch sent after `since`."""
        ...

    async def record_sending(self, batch: Batch, *, keys: Collection[str], most: int) -> Sending:
        """waiting -> sending: the intent, before the act.

        Not while the shop has `most` batches in flight, nor while one of them writes an entity of the same kind with
        one of the `keys` (design promise 2: overlapping writes of one entity corrupt a Magento shop).
        """
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

    async def record_blocked(
        self, batch: Batch, *, into: Sequence[NewBatch], errors: Sequence[RowError]
    ) -> bool:
        """waiting -> blocked: what some operations need is not there; the others go on in `into`."""
        ...

    async def record_split(self, batch: Batch, *, into: Sequence[NewBatch]) -> bool:
        """waiting -> split: its operations go on in smaller batches."""
        ...

    async def record_confirmed(
        self,
        batch: Batch,
        *,
        counts: Counts,
        into: Sequence[NewBatch],
        errors: Sequence[RowError],
    ) -> bool: ...


class Paces(Protocol):
    """How fast each shop is fed, for all who feed it."""

    async def get(self, shop: str) -> Pace | None: ...

    async def adjust(self, shop: str, first: Pace, change: Callable[[Pace], Pace]) -> tuple[Pace, Pace]:
        """Change the kept pace, or `first` when there is none, in one transaction; before and after.

        What a person would notice goes into the logs of the imports that the shop is fed from.
        """
        ...
