"""Shops, the mappings that say what they get, and what may be asked of both."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from importer.domain.batches import (
    Operation,
    OperationStatus,
    Progress,
    Receipt,
)
from importer.domain.mapping import Mapping as ImportMapping

Tables = Mapping[str, Mapping[str, Any]]
"""Look-up tables of a shop: table name -> name in the shop -> its id or definition; compared without case."""


class ShopReader(Protocol):
    """The part of a shop that cannot write. A dry run has nothing else."""

    async def look_ups(self) -> Tables:
        """Raises BackendUnavailable, BackendDenied."""

    async def ids(self, mapping: ImportMapping, keys: Collection[str]) -> dict[str, int]:
        """The shop's ids of the entities with these keys; unknown ones are left out."""
        ...

    async def probe(self) -> None:
        """One cheap call. Raises BackendUnavailable, BackendDenied."""


class Backend(ShopReader, Protocol):
    """A shop that takes batches."""

    async def submit(self, mapping: ImportMapping, operations: Sequence[Operation]) -> Receipt:
        """Raises BackendRefused (content), BackendUnavailable (nothing was taken), BackendDenied, AnswerLost."""

    async def poll(self, receipt: Receipt, *, operations: int) -> Progress:
        """How far the shop is; cheap while some are open. Those it does not mention are open (contract S19)."""

    async def details(self, receipt: Receipt) -> list[OperationStatus]:
        """What the shop says of each operation, though some may be open; empty when it knows no such bulk."""

    async def find(
        self,
        mapping: ImportMapping,
        operations: Sequence[Operation],
        *,
        since: datetime,
        known: set[str],
    ) -> Receipt | None:
        """The bulk that holds exactly these operations, submitted after `since`, not one of `known`."""


@dataclass(frozen=True, kw_only=True)
class ShopLimits:
    """How a shop wants to be treated; seconds and counts. With a `fixed` pace the most is what it always gets."""

    batch_size: int
    batch_bytes: int
    batches_in_flight: int
    settle_seconds: float
    pace: Literal["adaptive", "fixed"] = "adaptive"
    slow_accept_seconds: float = 30.0
    stall_seconds: float = 60.0
    give_up_seconds: float = 24 * 3600.0


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
