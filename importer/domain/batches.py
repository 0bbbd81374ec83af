"""Operations travel in batches; a batch is one request to the shop and is answered by one receipt."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple, overload

from importer.domain.rows import Outcome, RowError


class BatchStatus(StrEnum):
    """`waiting -> sending -> sent -> confirmed`, aside: `in_doubt` and `refused` (see docs/states.md)."""

    WAITING = "waiting"  # prepared, nobody has begun to send it
    SENDING = "sending"  # the intent is recorded; a crash from here on leaves it in doubt
    SENT = "sent"  # the shop gave a receipt
    CONFIRMED = "confirmed"  # every operation has its final outcome, or went on in another batch
    IN_DOUBT = "in_doubt"  # sent, no clear answer seen
    BLOCKED = (
        "blocked"  # never sent: what some operations need is not there; the others went on in another batch
    )
    SPLIT = "split"  # never sent: the shop gets smaller batches now, in which its operations went on
    REFUSED = "refused"  # the shop refused the request; its operations went on in smaller batches or failed
    ABANDONED = "abandoned"  # the import ended first


ALL = frozenset(BatchStatus)
OPEN = frozenset({BatchStatus.WAITING, BatchStatus.SENDING, BatchStatus.SENT, BatchStatus.IN_DOUBT})
IN_FLIGHT = frozenset({BatchStatus.SENDING, BatchStatus.SENT, BatchStatus.IN_DOUBT})


class Sending(StrEnum):
    """What became of the wish to send a batch."""

    RECORDED = "recorded"  # the intent is recorded: send it
    LATE = "late"  # somebody else was first, or the import does not send any more
    FULL = "full"  # the shop has as many batches in flight as it may have
    KEYS_IN_FLIGHT = "keys_in_flight"  # a batch in flight writes one of its entities


class Operation(NamedTuple):
    """One row's payload for the shop: `payload` is the JSON text of one element of the request's array.

    `scope` is the shop's scope it is for; empty is the default one. `needs` are the keys of what has to be in the shop
    before it; in the payload `{"$id": key}` stands for the id that the shop gave to it. `more`: its row has a later
    operation, so that its success settles nothing. Such a later one has a `preface`: how a sentence begins that tells what
    of its row is in the shop already and what is not ("The product was written, its links").
    """

    row: int
    line: int
    key: str
    payload: bytes
    scope: str = ""
    needs: tuple[str, ...] = ()
    more: bool = False
    preface: str = ""

    def error(self, outcome: Outcome, code: str, text: str, fix: str) -> RowError:
        """Why this operation's row did not succeed."""
        return RowError(
            row=self.row,
            line=self.line,
            key=self.key,
            outcome=outcome,
            code=code,
            text=self._about(outcome) + text,
            fix=fix,
            scope=self.scope,
        )

    def _about(self, outcome: Outcome) -> str:
        if not self.preface:
            return ""
        return f"{self.preface} {'perhaps' if outcome is Outcome.UNKNOWN else 'were'} not. "


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What holds for all operations of a parcel (`scope`, `preface`), and for some by their places: see `Operation`."""

    scope: str = ""
    needs: Mapping[int, Sequence[str]] = field(default_factory=dict)
    more: Sequence[int] = ()
    preface: str = ""


class Parcel(Sequence[Operation]):
    """The operations of a batch with their payloads in one piece (one JSON text a line), as they are kept and sent.

    It is taken apart only when an operation is looked at.
    """

    def __init__(
        self,
        rows: Sequence[int],
        lines: Sequence[int],
        keys: Sequence[str],
        payloads: bytes,
        terms: Terms | None = None,
    ) -> None:
        self.payloads = payloads
        self.terms = terms or Terms()
        self._places = rows, lines, keys

    @property
    def keys(self) -> Sequence[str]:
        return self._places[2]

    @cached_property
    def _operations(self) -> list[Operation]:
        terms, more = self.terms, frozenset(self.terms.more)
        needs = {place: tuple(keys) for place, keys in terms.needs.items()}
        places = zip(*self._places, self.payloads.split(b"\n"), strict=True)
        return [
            Operation(row, line, key, payload, terms.scope, needs.get(at, ()), at in more, terms.preface)
            for at, (row, line, key, payload) in enumerate(places)
        ]

    def __len__(self) -> int:
        return len(self._places[0])

    @overload
    def __getitem__(self, place: int) -> Operation: ...

    @overload
    def __getitem__(self, place: slice) -> list[Operation]: ...

    def __getitem__(self, place: int | slice) -> Operation | list[Operation]:
        return self._operations[place]


def scope_of(operations: Sequence[Operation]) -> str:
    """All operations of a batch are for one scope."""
    return operations.terms.scope if isinstance(operations, Parcel) else operations[0].scope


def keys_of(operations: Sequence[Operation]) -> Sequence[str]:
    """The keys of the operations, in their order."""
    return operations.keys if isinstance(operations, Parcel) else [operation.key for operation in operations]


def needed(operations: Sequence[Operation]) -> set[str]:
    """Keys of what any of them needs."""
    if isinstance(operations, Parcel):
        return {key for keys in operations.terms.needs.values() for key in keys}
    return {key for operation in operations for key in operation.needs}


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The shop's word that it took a request. `bulk_uuid` finds it again (64 characters at most)."""

    bulk_uuid: str


@dataclass(frozen=True, kw_only=True)
class OperationStatus:
    """What the shop says of one operation. `position` is its place in the request, from 0 (contract S7).

    `inner_errors`: the operation is called a success, and its result is a list of refusals (contract S40); they are
    the `text` then. `answered`: the shop shows the entity that came of it.
    """

    position: int
    status: int
    error_code: int | None
    text: str
    inner_errors: bool = False
    answered: bool = False


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the shop is with a batch: `done` operations are not open any more.

    `statuses` come once, when every operation is final. `known` is False when the shop holds no such bulk.
    """

    done: int
    statuses: Sequence[OperationStatus] | None = None
    known: bool = True


@dataclass(frozen=True, kw_only=True)
class NewBatch:
    """A batch about to be recorded; its operations already lie in the file store under `file`.

    `follow_up`: rows have had an operation before those in it, so it adds no rows to those that are counted.
    """

    id: str
    operations: int
    content_hash: str
    file: str
    phase: int = 0
    scope: str = ""
    tries: int = 0
    parent: str | None = None
    follow_up: bool = False

    @property
    def told(self) -> dict[str, Any]:
        """As an event tells it."""
        data = {"batch": self.id, "operations": self.operations}
        return data | {"follow_up": True} if self.follow_up else data


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A recorded batch.

    All its operations are of one `phase` and for one `scope`. `attempt` counts how often this request was sent; `tries`
    counts how often its operations came back from the shop with a failure that passes (they travel on in a new batch,
    which inherits the number). `follow_up` is as in `NewBatch`.
    """

    id: str
    import_id: str
    number: int
    status: BatchStatus
    attempt: int
    tries: int
    operations: int
    content_hash: str
    file: str
    shop: str
    bulk_uuid: str | None
    sending_at: datetime | None
    sent_at: datetime | None
    phase: int = 0
    scope: str = ""
    follow_up: bool = False
    lagging: bool = False


def body(operations: Sequence[Operation]) -> bytes:
    """The request: a JSON array, one element for each operation, in order (contract S6: never an object)."""
    if isinstance(operations, Parcel):
        return b"".join((b"[", operations.payloads.replace(b"\n", b","), b"]"))  # copied once, not twice
    return b"[" + b",".join(operation.payload for operation in operations) + b"]"


def content_hash(payloads: bytes) -> str:
    """SHA-256 of the payloads, one JSON text a line, hexadecimal."""
    return hashlib.sha256(payloads).hexdigest()


def halves(operations: Sequence[Operation]) -> list[list[Operation]]:
    """Split for bisecting: a refused request names no culprit (contract S2)."""
    return parts(operations, (len(operations) + 1) // 2)


def parts(operations: Sequence[Operation], size: int) -> list[list[Operation]]:
    """Cut into pieces of `size`; the last may be smaller."""
    return [list(operations[start : start + size]) for start in range(0, len(operations), size)]
