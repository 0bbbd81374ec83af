"""Where entities live: tables of rows in memory, kept in the state file when there is one.

Rows are plain JSON and never changed in place: who changes a row puts a new one. With a state file several processes
may work: each takes over what the others changed before it works (`refresh`), and writes what it changed itself, in one
transaction for each piece of work (`exclusive`). Rows of the file are never deleted but emptied, so that the others
learn of it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from importer.sandbox.state import State

SCHEMA = """
CREATE TABLE IF NOT EXISTS practice_entity (
    change INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL, place INTEGER NOT NULL,
    document TEXT, UNIQUE (kind, key) ON CONFLICT REPLACE);
"""
PUT = "INSERT INTO practice_entity (kind, key, place, document) VALUES (?, ?, ?, ?)"
NEWER = "SELECT change, kind, key, place, document FROM practice_entity WHERE change > ? ORDER BY change"
SEQUENCE = "sequence"

Row = dict[str, Any]
Watcher = Callable[[str, Row | None, Row | None], None]
"""Key, the row before, the row now; None where there is none."""


class Records:
    """All tables of a shop. Without a state file nothing is written and everything ends with the process."""

    def __init__(self, state: State | None = None) -> None:
        self._tables: dict[str, Table] = {}
        self._state = state if state is not None and state.shared else None
        self._changed: dict[tuple[str, str], None] = {}
        self._places: dict[tuple[str, str], int] = {}
        self._seen = 0
        if self._state is not None:
            self._state.connection.executescript(SCHEMA)
            self._load(self._state)

    def _load(self, state: State) -> None:
        """In the order of their creation, not of their last change."""
        newer = state.connection.execute(NEWER, (0,)).fetchall()
        for change, kind, key, place, document in sorted(newer, key=lambda row: row[3]):
            self._places[kind, key] = place
            self._seen = max(self._seen, change)
            if document is not None:
                self.table(kind).rows[key] = orjson.loads(document)

    @property
    def kept(self) -> bool:
        """Whether there is a file."""
        return self._state is not None

    @property
    def empty(self) -> bool:
        return not any(len(table) for table in self._tables.values())

    def table(self, kind: str) -> "Table":
        if kind not in self._tables:
            self._tables[kind] = Table(kind, self)
        return self._tables[kind]

    def change(self, kind: str, key: str) -> None:
        if self._state is not None:
            self._changed[kind, key] = None

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """A piece of work that no other process comes between; what it changed is kept, even when it is refused."""
        if self._state is None:
            yield
            return
        connection = self._state.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            self.refresh()
            yield
        finally:
            self._write()
            connection.execute("COMMIT")

    def refresh(self) -> None:
        """Take over what other processes have changed."""
        if self._state is None:
            return
        for change, kind, key, place, document in self._state.connection.execute(
            NEWER, (self._seen,)
        ).fetchall():
            self._seen = change
            self._places[kind, key] = place
            self.table(kind).take(key, None if document is None else orjson.loads(document))

    def _write(self) -> None:
        if self._state is None or not self._changed:
            return
        rows = []
        for kind, key in self._changed:
            place = self._places.setdefault((kind, key), len(self._places) + 1)
            row = self._tables[kind].rows.get(key)
            rows.append((kind, key, place, None if row is None else orjson.dumps(row).decode()))
        self._state.connection.executemany(PUT, rows)
        self._changed.clear()
        newest = self._state.connection.execute("SELECT max(change) FROM practice_entity").fetchone()
        self._seen = newest[0]

    def reset(self) -> None:
        """Forget every row, in memory and in the file."""
        for table in self._tables.values():
            for key in list(table.rows):
                table.drop(key)

    def dump(self) -> dict[str, list[Row]]:
        """Every row by kind, for people and tests; counters are left out."""
        self.refresh()
        return {
            kind: list(table)
            for kind, table in sorted(self._tables.items())
            if kind != SEQUENCE and len(table)
        }


class Table:
    """Rows of one kind by a key, in the order of their creation. `watchers` learn what other processes changed."""

    def __init__(self, kind: str, records: Records) -> None:
        self.kind = kind
        self.rows: dict[str, Row] = {}
        self.watchers: list[Watcher] = []
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

    def take(self, key: str, row: Row | None) -> None:
        """A change that another process made."""
        before = self.rows.get(key)
        if row is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = row
        for watcher in self.watchers:
            watcher(key, before, row)

    def next_id(self, first: int = 1) -> int:
        """The next number of this kind; like AUTO_INCREMENT it never gives one twice."""
        sequences = self._records.table(SEQUENCE)
        last = sequences.rows.get(self.kind)
        number = max(last["last"] + 1 if last else 1, first)
        sequences.put(self.kind, {"last": number})
        return number
