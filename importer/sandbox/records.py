"""Where entities live: tables of rows in memory, written behind into one SQLite file when there is one.

Rows are plain JSON and never changed in place: who changes a row puts a new one. `flush` writes what changed since the
last one in a single transaction, so that a consumer can flush once for many operations.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

SCHEMA = """
CREATE TABLE IF NOT EXISTS entity (
    kind TEXT NOT NULL, key TEXT NOT NULL, place INTEGER NOT NULL, document BLOB NOT NULL, PRIMARY KEY (kind, key)
);
"""
PUT = (
    "INSERT INTO entity (kind, key, place, document) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (kind, key) DO UPDATE SET document = excluded.document"
)
SEQUENCE = "sequence"
LOCK_SECONDS = 10.0

Row = dict[str, Any]


class Records:
    """All tables of a shop. Without a path nothing is written and everything ends with the process."""

    def __init__(self, path: Path | None = None) -> None:
        self._tables: dict[str, Table] = {}
        self._changed: dict[tuple[str, str], None] = {}
        self._place = 0
        self._file = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None) if path else None
        if self._file is not None:
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = NORMAL")
            self._file.executescript(SCHEMA)
            self._load(self._file)

    def _load(self, file: sqlite3.Connection) -> None:
        query = "SELECT kind, key, place, document FROM entity ORDER BY place"
        for kind, key, place, document in file.execute(query):
            self.table(kind).rows[key] = orjson.loads(document)
            self._place = place

    @property
    def is_kept(self) -> bool:
        """Whether there is a file to write to."""
        return self._file is not None

    @property
    def empty(self) -> bool:
        return not any(len(table) for table in self._tables.values())

    def table(self, kind: str) -> "Table":
        if kind not in self._tables:
            self._tables[kind] = Table(kind, self)
        return self._tables[kind]

    def change(self, kind: str, key: str) -> None:
        if self._file is not None:
            self._changed[kind, key] = None

    def flush(self) -> int:
        """Everything that changed goes into the file, all or nothing; how many rows those are."""
        if self._file is None or not self._changed:
            return 0
        kept, gone = [], []
        for kind, key in self._changed:
            row = self._tables[kind].rows.get(key)
            if row is None:
                gone.append((kind, key))
            else:
                self._place += 1
                kept.append((kind, key, self._place, orjson.dumps(row)))
        self._file.execute("BEGIN IMMEDIATE")
        try:
            self._file.executemany("DELETE FROM entity WHERE kind = ? AND key = ?", gone)
            self._file.executemany(PUT, kept)
            self._file.execute("COMMIT")
        except BaseException:
            self._file.execute("ROLLBACK")
            raise
        done, self._changed = len(self._changed), {}
        return done

    def reset(self) -> None:
        """Forget every row, in memory and in the file."""
        for table in self._tables.values():
            table.rows.clear()
        self._changed.clear()
        self._place = 0
        if self._file is not None:
            self._file.execute("DELETE FROM entity")

    def dump(self) -> dict[str, list[Row]]:
        """Every row by kind, for people and tests; counters are left out."""
        return {
            kind: list(table)
            for kind, table in sorted(self._tables.items())
            if kind != SEQUENCE and len(table)
        }

    def close(self) -> None:
        self.flush()
        if self._file is not None:
            self._file.close()
            self._file = None


class Table:
    """Rows of one kind by a key, in the order of their creation."""

    def __init__(self, kind: str, records: Records) -> None:
        self.kind = kind
        self.rows: dict[str, Row] = {}
        self._records = records

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows.values())

    def __contains__(self, key: object) -> bool:
        return str(key) in self.rows

    def get(self, key: object) -> Row | None:
        return self.rows.get(str(key))

    def put(self, key: object, row: Row) -> Row:
        text = str(key)
        self.rows[text] = row
        self._records.change(self.kind, text)
        return row

    def drop(self, key: object) -> None:
        if self.rows.pop(str(key), None) is not None:
            self._records.change(self.kind, str(key))

    def next_id(self, first: int = 1) -> int:
        """The next number of this kind; like AUTO_INCREMENT it never gives one twice."""
        sequences = self._records.table(SEQUENCE)
        last = sequences.rows.get(self.kind)
        number = max(last["last"] + 1 if last else 1, first)
        sequences.rows[self.kind] = {"last": number}
        self._records.change(SEQUENCE, self.kind)
        return number
