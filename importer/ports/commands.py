"""What a person tells an import, as it is recorded, and what a retry has to know."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from importer.domain.batches import Batch
from importer.domain.commands import Attempt, Command, Verb
from importer.domain.rows import Outcome, RowError


@dataclass(frozen=True, kw_only=True)
class EarlierCause:
    """Rows that ended so in an earlier `attempt` and went again; `text` is an example."""

    attempt: int
    outcome: Outcome
    code: str
    text: str
    rows: int


class Commands(Protocol):
    """Each `record_*` is one transaction that appends one event, or does nothing and says False."""

    async def record(self, import_id: str, verb: Verb, command: Command) -> bool:
        """The status moves, if the import is in one of those the verb goes from. The event tells what was done, what is
        in flight and what was not sent at that moment (rows)."""
        ...

    async def record_withdrawn(
        self, import_id: str, batches: Sequence[Batch], errors: Sequence[RowError]
    ) -> bool:
        """Waiting batches of an import that is being cancelled will never be sent. All of them, or none."""
        ...

    async def record_retried(self, import_id: str, attempt: Attempt, command: Command) -> bool:
        """An ended import begins again. The reasons of its rows become those of an earlier attempt."""
        ...

    async def originals(self, import_id: str, *, after: int, limit: int) -> list[Batch]:
        """Batches as they were prepared, by number, those after number `after`: each operation is in one of them."""
        ...

    async def among(
        self, import_id: str, outcomes: Collection[Outcome], *, first: int, last: int
    ) -> set[int]:
        """Record numbers, from `first` to `last`, of rows that ended with one of the outcomes."""
        ...

    async def earlier(self, import_id: str) -> list[EarlierCause]:
        """By attempt, in each the largest first."""
        ...
