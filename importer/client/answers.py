"""What the service answers, as values. What a newer service tells beside it is left out."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

ENDED = ("completed", "failed", "cancelled")

Value = TypeVar("Value", bound="Answer")


@dataclass(frozen=True, kw_only=True)
class Answer:
    @classmethod
    def of(cls: type[Value], document: Mapping[str, Any]) -> Value:
        return cls(**{one.name: document[one.name] for one in fields(cls)})


@dataclass(frozen=True, kw_only=True)
class Reason(Answer):
    """Why an import waits or failed."""

    code: str
    text: str


@dataclass(frozen=True, kw_only=True)
class File(Answer):
    """`source` is the address that it was taken from, if it was not sent."""

    name: str
    size: int
    sha256: str
    source: str | None


@dataclass(frozen=True, kw_only=True)
class Import(Answer):
    """`counts` are rows by their outcome; their sum is `rows_read` at every moment."""

    id: str
    status: str
    mode: str
    attempt: int
    shop: str
    mapping: str
    file: File
    accepted_at: datetime
    ended_at: datetime | None
    rows_total: int | None
    rows_read: int
    rows_sent: int
    rows_confirmed: int
    counts: Mapping[str, int]
    equation: str
    waiting: Reason | None
    failure: Reason | None

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Import":
        ended_at, waiting, failure = (document[name] for name in ("ended_at", "waiting", "failure"))
        read: dict[str, Any] = {
            "file": File.of(document["file"]),
            "accepted_at": datetime.fromisoformat(document["accepted_at"]),
            "ended_at": datetime.fromisoformat(ended_at) if ended_at else None,
            "waiting": Reason.of(waiting) if waiting else None,
            "failure": Reason.of(failure) if failure else None,
        }
        rest = {one.name: document[one.name] for one in fields(cls) if one.name not in read}
        return cls(**rest, **read)


@dataclass(frozen=True, kw_only=True)
class Row(Answer):
    """One reason why one row did not succeed; a row may have several."""

    row: int
    line: int
    outcome: str
    code: str
    text: str
    fix: str
    column: str | None
    key: str | None
    value: str | None
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Upload(Answer):
    """`offset` of its `size` bytes are kept."""

    id: str
    name: str
    size: int
    offset: int
