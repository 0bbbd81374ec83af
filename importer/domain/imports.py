"""An import: one run of a file through a mapping into a shop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from importer.domain.rows import Counts, Outcome, equation, holds


class ImportStatus(StrEnum):
    """`accepted -> preparing -> delivering -> completed`, aside: `failed` and `cancelled` (see docs/states.md)."""

    ACCEPTED = "accepted"  # the bytes are kept, nothing was read yet
    PREPARING = "preparing"  # the file is being read; its first batches may already be under way
    DELIVERING = "delivering"  # the file was read to its end; batches are under way
    COMPLETED = "completed"  # every row has its final outcome
    FAILED = "failed"  # the import could not go on; every row has its final outcome all the same
    CANCELLED = "cancelled"  # a person ended it


ENDED = frozenset({ImportStatus.COMPLETED, ImportStatus.FAILED, ImportStatus.CANCELLED})


SAID_BY_THE_SHOP = (Outcome.SUCCEEDED, Outcome.UNCHANGED, Outcome.FAILED)


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """The bytes of an import, taken once and kept whole. `size` is in bytes, `sha256` hexadecimal.

    `reading`: how the file is read, as it was said or recognised when it came; `evidence`: why, in sentences.
    """

    name: str
    file: str
    size: int
    sha256: str
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
    check_first: bool = False  # nothing is sent until the whole file was checked
    max_errors: int | None = None  # more wrong rows than these end it before anything is sent
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
    failure: Reason | None = None

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def may_send(self) -> bool:
        return self.read_whole or not self.check_first

    @property
    def too_many_errors(self) -> bool:
        return self.max_errors is not None and self.counts.get(Outcome.INVALID, 0) > self.max_errors

    @property
    def settled(self) -> bool:
        """Nothing is left to read, send or confirm."""
        return self.read_whole and self.open_batches == 0

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
