"""An import: one run of a file through a mapping into a shop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from importer.domain.limits import Limits
from importer.domain.rows import Counts, Outcome, equation, holds


class ImportStatus(StrEnum):
    """`accepted -> preparing -> delivering -> completed`, and what a person or a fault makes of it (docs/states.md)."""

    ACCEPTED = "accepted"  # the bytes are kept, nothing was read yet
    PREPARING = "preparing"  # the file is being read; its first batches may already be under way
    DELIVERING = "delivering"  # the file was read to its end; batches are under way
    HELD = "held"  # its file was read and breaks a safety limit: nothing is sent until a person releases it
    PAUSED = "paused"  # a person holds it: nothing is sent, what is in flight is followed to its end
    CANCELLING = (
        "cancelling"  # a person ended it: nothing is sent any more, what is in flight is followed to its end
    )
    COMPLETED = "completed"  # every row has its final outcome
    FAILED = "failed"  # the import could not go on; every row has its final outcome all the same
    CANCELLED = "cancelled"  # a person ended it


class Mode(StrEnum):
    """How far an import goes. Those that send nothing are a `dry_run`."""

    APPLY = "apply"  # its rows go to the shop
    DRY_RUN = "dry-run"  # everything is done up to the last byte of each request, what needs what included
    CHECK = "check"  # rows are read, mapped and checked, with the shop's look-ups


ENDED = frozenset({ImportStatus.COMPLETED, ImportStatus.FAILED, ImportStatus.CANCELLED})
STOPPED = frozenset({ImportStatus.HELD, ImportStatus.PAUSED, ImportStatus.CANCELLING})
"""A limit or a person has stopped it; it has not ended yet."""

SAID_BY_THE_SHOP = (Outcome.SUCCEEDED, Outcome.UNCHANGED, Outcome.FAILED)


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """The bytes of an import, taken once and kept whole. `size` is in bytes, `sha256` hexadecimal.

    `source`: the address that it was taken from, if it was not sent. `reading`: how the file is read, as it was said or recognised when it came; `evidence`: why, in sentences.
    """

    name: str
    file: str
    size: int
    sha256: str
    source: str = ""
    reading: Mapping[str, Any] = field(default_factory=dict)
    evidence: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why an import waits or failed: a stable code and a sentence for a person."""

    code: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Import:
    """The state of an import as its event log tells it (`history.apply` is the only way to change it)."""

    id: str
    status: ImportStatus
    shop: str
    mapping: str
    entity: str
    kept: KeptFile
    dry_run: bool
    patience: float | None = None  # seconds that its shop may be away; None: for ever
    check_only: bool = False  # a dry run that ends with the check: nothing is made ready to be sent
    check_first: bool = False  # nothing is sent until the whole file was checked
    max_errors: int | None = None  # more wrong rows than these end it before anything is sent
    limits: Limits | None = (
        None  # what holds it for a person before anything is sent; with them it is check_first
    )
    accepted_at: datetime
    updated_at: datetime
    ended_at: datetime | None = None
    seq: int = 0
    rows_total: int | None = None  # known once the file was counted
    rows_read: int = 0
    sent: int = 0  # operations the shop has given a receipt for
    counts: Counts = field(default_factory=dict)
    batches: int = 0
    open_batches: int = 0
    read_whole: bool = False
    columns: Mapping[str, list[str]] = field(default_factory=dict)
    waiting: Reason | None = None
    waiting_since: datetime | None = None
    held: Reason | None = None  # the limits that it breaks, as long as no person has released it
    failure: Reason | None = None
    attempt: int = 1  # how often it was begun: 1, and one more for each retry
    files_removed_at: datetime | None = None  # since then its file and its payloads are gone

    @property
    def mode(self) -> Mode:
        if self.check_only:
            return Mode.CHECK
        return Mode.DRY_RUN if self.dry_run else Mode.APPLY

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def files_removed(self) -> bool:
        return self.files_removed_at is not None

    @property
    def stopped(self) -> bool:
        return self.status in STOPPED

    @property
    def cancelling(self) -> bool:
        return self.status is ImportStatus.CANCELLING

    @property
    def counted(self) -> bool:
        """The file was walked through once; the shop's look-up tables are kept."""
        return self.rows_total is not None

    @property
    def stage(self) -> ImportStatus:
        """The status of an import that nobody has stopped and that has not ended: how far its file was read."""
        if self.held:
            return ImportStatus.HELD
        if self.read_whole:
            return ImportStatus.DELIVERING
        return ImportStatus.PREPARING if self.counted else ImportStatus.ACCEPTED

    @property
    def may_send(self) -> bool:
        return not self.stopped and (self.read_whole or not self.check_first)

    @property
    def too_many_errors(self) -> bool:
        return self.max_errors is not None and self.counts.get(Outcome.INVALID, 0) > self.max_errors

    @property
    def over_limits(self) -> Reason | None:
        """Which limits its checked file breaks, and what a person may do."""
        broken = self.limits.broken(self.rows_read, self.counts) if self.limits else []
        if not broken:
            return None
        then = (
            f"Nothing was sent. importer release {self.id} lets it go on, importer cancel {self.id} ends it."
        )
        return Reason(code=broken[0][0], text=" ".join([*(text for _, text in broken), then]))

    @property
    def settled(self) -> bool:
        """Nothing is left to read, send, confirm or release. A file that is cancelled before its first row is read stays
        unread."""
        unread = self.cancelling and not self.counted
        return (self.read_whole or unread) and self.open_batches == 0 and self.held is None

    @property
    def confirmed(self) -> int:
        """Rows on which the shop has said its final word, good or bad."""
        return sum(self.counts.get(outcome, 0) for outcome in SAID_BY_THE_SHOP)

    @property
    def equation(self) -> str:
        return equation(self.rows_read, self.counts)

    @property
    def equation_holds(self) -> bool:
        return holds(self.rows_read, self.counts)
