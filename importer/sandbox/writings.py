"""Writes that are under way: whether two of one SKU overlap, here or in another process of the same state file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from importer.sandbox.state import State


@dataclass(kw_only=True)
class Writing:
    """`existed`: whether the entity was there when the write began. `overlapping` may become true while it lasts."""

    number: int
    subject: str
    existed: bool
    began: str
    overlapping: bool = False


class Writings:
    """In memory for one process, in the state file for several."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._under_way: dict[int, Writing] = {}
        self._last = 0

    @contextmanager
    def of(self, subject: str, *, existed: bool) -> Iterator[Writing]:
        writing = Writing(
            number=self._begin(subject, existed=existed), subject=subject, existed=existed,
            began=datetime.now(UTC).isoformat(),
        )  # fmt: skip
        for other in self._under_way.values():
            if subject and other.subject == subject:
                other.overlapping = writing.overlapping = True
        self._under_way[writing.number] = writing
        try:
            yield writing
        finally:
            del self._under_way[writing.number]
            self._end(writing.number)

    def overlaps(self, writing: Writing) -> bool:
        """Whether it does so far; other processes are looked at now."""
        if self._state.shared and writing.subject:
            found = self._state.connection.execute(
                "SELECT 1 FROM practice_writing WHERE subject = ? AND id != ?",
                (writing.subject, writing.number),
            ).fetchone()
            writing.overlapping = writing.overlapping or found is not None
        return writing.overlapping

    def _begin(self, subject: str, *, existed: bool) -> int:
        if not self._state.shared:
            self._last += 1
            return self._last
        row = self._state.connection.execute(
            "INSERT INTO practice_writing (subject, existed) VALUES (?, ?)", (subject, existed)
        )
        return int(row.lastrowid or 0)

    def _end(self, number: int) -> None:
        if self._state.shared:
            self._state.connection.execute("DELETE FROM practice_writing WHERE id = ?", (number,))


def subject(item: Any) -> str:
    """What an item writes to, compared without case: a SKU, an e-mail, else nothing."""
    if not isinstance(item, dict):
        return ""
    for words in (item.get("product"), item.get("customer"), item):
        if isinstance(words, dict):
            name = words.get("sku") or words.get("email")
            if name:
                return str(name).strip().lower()
    return ""
