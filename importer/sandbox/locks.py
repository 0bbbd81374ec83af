"""What was delivered, and who runs: messages are worked off once, and consumers that say so run once (contract 7.5, 9)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from importer.sandbox.state import State
from importer.sandbox.table_queues import alive


class Running(Exception):
    """The same consumer with the same number runs already."""


class ProcessLocks:
    """Names in the state file with the process that holds them; a dead one holds nothing."""

    def __init__(self, state: State) -> None:
        self._state = state

    @contextmanager
    def held(self, name: str, number: int | None) -> Iterator[None]:
        """Without a number nothing is held. Raises Running."""
        if number is None:
            yield
            return
        lock = f"{name}-{number}"
        self._take(lock)
        try:
            yield
        finally:
            self._state.connection.execute(
                "DELETE FROM practice_process WHERE name = ? AND pid = ?", (lock, os.getpid())
            )

    def _take(self, lock: str) -> None:
        with self._state.transaction() as connection:
            row = connection.execute("SELECT pid FROM practice_process WHERE name = ?", (lock,)).fetchone()
            if row and alive(row[0]):
                raise Running(lock)
            connection.execute("INSERT OR REPLACE INTO practice_process VALUES (?, ?)", (lock, os.getpid()))


class DeliveryLocks:
    """The rows of `queue_lock`: codes of deliveries that somebody has taken. A set for one process, the table for
    several."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._codes: set[str] = set()

    def __len__(self) -> int:
        if not self._state.shared:
            return len(self._codes)
        return int(self._state.connection.execute("SELECT count(*) FROM queue_lock").fetchone()[0])

    def take(self, code: str, now: str) -> bool:
        """False when somebody has it already."""
        if self._state.shared:
            taken = self._state.connection.execute(
                "INSERT OR IGNORE INTO queue_lock (message_code, created_at) VALUES (?, ?)", (code, now)
            )
            return bool(taken.rowcount)
        if code in self._codes:
            return False
        self._codes.add(code)
        return True

    def release(self, code: str) -> None:
        self._codes.discard(code)
        self._state.connection.execute("DELETE FROM queue_lock WHERE message_code = ?", (code,))

    def purge(self) -> None:
        self._codes.clear()
        self._state.connection.execute("DELETE FROM queue_lock")
