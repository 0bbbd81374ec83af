"""What the shop was asked and what it wrote: for tests, and for people who want to see what their client does."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import orjson

from importer.sandbox.state import State

Entry = dict[str, Any]


class Journal:
    """Two lists; with a path, each entry is also appended to that file as a JSON line, at once. With a state file the
    entries lie in it, so that consumers of other processes add theirs.

    A request: at, method, path, status, ms, and items where it submitted some. A write: began, at, sku, outcome
    (created, updated, deleted, doubled), via (sync, bulk), bulk_uuid and operation_id, overlapping (true where another
    write of that SKU was under way). What a service refused is no write.
    """

    def __init__(self, path: Path | None = None, state: State | None = None) -> None:
        self._state = state if state is not None and state.shared else None
        self._lists: dict[str, list[Entry]] = {"request": [], "write": []}
        self._file = path.open("ab") if path else None
        self.circumstances: Entry = {}
        """Of the write that happens now: when it began, whether it overlaps another one."""
        self.heard: Callable[[Entry], None] = lambda _entry: None
        """Called with every entry of this process, before an answer leaves the shop."""

    @property
    def requests(self) -> list[Entry]:
        return self._entries("request")

    @property
    def writes(self) -> list[Entry]:
        return self._entries("write")

    def writes_of(self, sku: str) -> list[Entry]:
        """In their order; SKUs are compared without case."""
        return [entry for entry in self.writes if _subject(entry) == sku.lower()]

    def repeated(self) -> dict[str, int]:
        """SKUs that were written more than once, and how often."""
        counts: dict[str, int] = {}
        for entry in self.writes:
            counts[entry["sku"]] = counts.get(entry["sku"], 0) + 1
        return {sku: times for sku, times in counts.items() if times > 1}

    def overlapping(self) -> list[tuple[Entry, Entry]]:
        """Pairs of writes of one SKU of which the second began before the first had ended."""
        by_sku: dict[str, list[Entry]] = {}
        for entry in self.writes:
            by_sku.setdefault(_subject(entry), []).append(entry)
        pairs = (pair for entries in by_sku.values() for pair in combinations(entries, 2))
        return [(a, b) for a, b in pairs if a["began"] < b["at"] and b["began"] < a["at"]]

    def request(self, **entry: Any) -> None:
        self._add("request", entry)

    def write(self, **entry: Any) -> None:
        """With `doubled`, the outcome is that, whatever the service thought."""
        if entry.pop("doubled", False):
            entry["outcome"] = "doubled"
        self._add("write", entry)

    def clear(self) -> None:
        """Forget what was; the file keeps it."""
        for entries in self._lists.values():
            entries.clear()
        if self._state is not None:
            self._state.connection.execute("DELETE FROM practice_log")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _entries(self, kind: str) -> list[Entry]:
        if self._state is None:
            return self._lists[kind]
        rows = self._state.connection.execute(
            "SELECT entry FROM practice_log WHERE kind = ? ORDER BY id", (kind,)
        )
        return [orjson.loads(entry) for (entry,) in rows]

    def _add(self, kind: str, entry: Mapping[str, Any]) -> None:
        at = datetime.now(UTC).isoformat()
        began = {"began": at} if kind == "write" else {}
        full = {"kind": kind, "at": at, **began, **entry}
        self.heard(full)
        if self._state is None:
            self._lists[kind].append(full)
        else:
            self._state.connection.execute(
                "INSERT INTO practice_log (kind, entry) VALUES (?, ?)", (kind, orjson.dumps(full).decode())
            )
        if self._file is not None and not self._file.closed:
            self._file.write(orjson.dumps(full) + b"\n")
            self._file.flush()


def _subject(entry: Mapping[str, Any]) -> str:
    return str(entry["sku"]).strip().lower()
