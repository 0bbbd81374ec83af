"""Who runs: a consumer started with `--single-thread` or as one of several refuses to run twice (contract 8.1, 9)."""

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
