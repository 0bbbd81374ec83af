"""What the state adds up to, for those who watch over a service."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from importer.domain.imports import ImportStatus
from importer.domain.rows import Outcome
from importer.domain.steps import StepKind


@dataclass(frozen=True, kw_only=True)
class InFlight:
    """Of a shop: batches that have a place, and operations of all batches that it has not confirmed."""

    batches: int
    operations: int


@dataclass(frozen=True, kw_only=True)
class Queued:
    """Steps of a kind: those that nobody works on, those that somebody does, and those that were set aside."""

    waiting: int
    running: int
    dead: int = 0


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The state at one moment. Imports and rows by shop; rows of dry runs are left out.

    `oldest_due` is how many seconds the step that is due for longest has waited; 0 when none is.
    """

    imports: Mapping[tuple[str, ImportStatus], int]
    rows: Mapping[tuple[str, Outcome], int]
    in_flight: Mapping[str, InFlight]
    steps: Mapping[StepKind, Queued]
    oldest_due: float


class Sums(Protocol):
    async def read(self, shops: Collection[str]) -> Figures:
        """`shops`: those whose batches are looked at. Raises StateUnavailable."""
        ...

    async def check(self) -> None:
        """Raises ConfigurationError when the state cannot be used."""
        ...
