"""What the shop was asked and what it wrote: for tests, and for people who want to see what their client does."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson


class Journal:
    """Two lists in memory; with a path, each entry is also appended to that file as a JSON line, at once.

    A request: at, method, path, status, ms, and items where it submitted some. A write: at, sku, outcome (created,
    updated, deleted), via (sync, bulk), bulk_uuid and operation_id. What a service refused is no write.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.requests: list[dict[str, Any]] = []
        self.writes: list[dict[str, Any]] = []
        self._file = path.open("ab") if path else None

    def request(self, **entry: Any) -> None:
        self._add(self.requests, "request", entry)

    def write(self, **entry: Any) -> None:
        self._add(self.writes, "write", entry)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _add(self, entries: list[dict[str, Any]], kind: str, entry: Mapping[str, Any]) -> None:
        full = {"kind": kind, "at": datetime.now(UTC).isoformat(), **entry}
        entries.append(full)
        if self._file is not None and not self._file.closed:
            self._file.write(orjson.dumps(full) + b"\n")
            self._file.flush()
