"""The database of the shop: Magento's tables of bulks, operations, locks and messages, in a file or in memory.

Facts: contract 11 (bulks, operations, locks) and 6.8 (messages). The connection behaves as Magento's with an empty
SQL mode: what is too long is cut in silence, what is too large is clipped. Tables that begin with `practice_` and the
columns `properties` and `owner` are ours.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BLOB, VARCHAR, SMALLINT = 65_535, 255, 32_767
"""Bytes of a blob, characters of a varchar(255), and the largest smallint."""

WAIT_SECONDS = 30.0
EMPTIED = (
    "magento_operation",
    "magento_acknowledged_bulk",
    "magento_bulk",
    "queue_lock",
    "queue_message",
    "practice_writing",
)

SCHEMA = """
CREATE TABLE IF NOT EXISTS magento_bulk (
    id INTEGER PRIMARY KEY, uuid TEXT UNIQUE, user_id INTEGER, user_type INTEGER, description TEXT,
    operation_count INTEGER NOT NULL, start_time TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS magento_operation (
    id INTEGER PRIMARY KEY, operation_key INTEGER, bulk_uuid TEXT REFERENCES magento_bulk (uuid) ON DELETE CASCADE,
    topic_name TEXT, serialized_data TEXT, result_serialized_data TEXT, status INTEGER NOT NULL DEFAULT 0,
    error_code INTEGER, result_message TEXT, started_at TEXT);
CREATE INDEX IF NOT EXISTS operation_of_bulk ON magento_operation (bulk_uuid, operation_key);
CREATE TABLE IF NOT EXISTS magento_acknowledged_bulk (
    id INTEGER PRIMARY KEY, bulk_uuid TEXT UNIQUE REFERENCES magento_bulk (uuid) ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS queue_lock (id INTEGER PRIMARY KEY, message_code TEXT UNIQUE, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS queue_poison_pill (version TEXT);
CREATE TABLE IF NOT EXISTS queue (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS queue_message (
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic_name TEXT, body TEXT, properties TEXT);
CREATE TABLE IF NOT EXISTS queue_message_status (
    id INTEGER PRIMARY KEY, queue_id INTEGER NOT NULL REFERENCES queue (id) ON DELETE CASCADE,
    message_id INTEGER NOT NULL REFERENCES queue_message (id) ON DELETE CASCADE, updated_at TEXT NOT NULL,
    status INTEGER NOT NULL, number_of_trials INTEGER NOT NULL DEFAULT 0, owner TEXT);
CREATE INDEX IF NOT EXISTS message_ready ON queue_message_status (queue_id, updated_at, id) WHERE status IN (2, 5);
CREATE INDEX IF NOT EXISTS message_of_status ON queue_message_status (message_id);
CREATE TABLE IF NOT EXISTS practice_log (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, entry TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS practice_setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS practice_writing (id INTEGER PRIMARY KEY, subject TEXT NOT NULL, existed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS practice_process (name TEXT PRIMARY KEY, pid INTEGER NOT NULL);
"""


class StateError(Exception):
    """The state file cannot be used; one sentence says which and why."""


class State:
    """One connection. Statements outside of `transaction` stand for themselves."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        try:
            self.connection = sqlite3.connect(
                path or ":memory:", isolation_level=None, timeout=WAIT_SECONDS, cached_statements=512
            )
            for pragma in ("journal_mode=WAL", "synchronous=OFF", "foreign_keys=ON", "temp_store=MEMORY"):
                self.connection.execute(f"PRAGMA {pragma}")
            self.connection.executescript(SCHEMA)
        except sqlite3.Error as error:
            raise StateError(f"The state file {path} cannot be used: {error}.") from None

    @property
    def shared(self) -> bool:
        """Whether other processes may use it, too."""
        return self.path is not None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def setting(self, name: str, default: str = "") -> str:
        row = self.connection.execute("SELECT value FROM practice_setting WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else default

    def set(self, name: str, value: str) -> None:
        self.connection.execute("INSERT OR REPLACE INTO practice_setting VALUES (?, ?)", (name, value))

    def clear(self) -> None:
        """Empty Magento's tables; queues stay declared."""
        with self.transaction() as connection:
            for table in EMPTIED:
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names

    def close(self) -> None:
        self.connection.close()


def clipped(text: str | None, limit: int = BLOB) -> str | None:
    """As a column of that many bytes keeps a text; the texts of this shop are ASCII, as PHP writes JSON."""
    return text if text is None else text[:limit]
