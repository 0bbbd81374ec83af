"""The table of operations, `magento_operation` (contract 5.2, 5.3, 11): one row for each accepted item of a bulk."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from importer.sandbox import php
from importer.sandbox.state import SMALLINT, VARCHAR, State, clipped

COMPLETE, RETRIABLE, FAILED, OPEN = 1, 2, 3, 4
MESSAGE_LIMIT = VARCHAR
"""Characters of a result message that the table keeps (contract S15)."""

COLUMNS = (
    "id", "operation_key", "bulk_uuid", "topic_name", "serialized_data", "result_serialized_data", "status",
    "result_message", "error_code", "started_at",
)  # fmt: skip
SELECT = f"SELECT {', '.join(COLUMNS)} FROM magento_operation"  # noqa: S608 - our own names
START = "UPDATE magento_operation SET started_at = ? WHERE bulk_uuid = ? AND operation_key = ?"
SUCCEED = """
UPDATE magento_operation SET status = 1, error_code = NULL, result_message = ?, serialized_data = NULL,
    result_serialized_data = ?, started_at = coalesce(started_at, ?) WHERE bulk_uuid = ? AND operation_key = ?
"""
RESULT = """
UPDATE magento_operation SET result_serialized_data = ? WHERE bulk_uuid = ? AND operation_key = ? AND status = 1
"""
FAIL = """
UPDATE magento_operation SET status = ?, error_code = ?, result_message = ?, result_serialized_data = NULL,
    started_at = coalesce(started_at, ?) WHERE bulk_uuid = ? AND operation_key = ?
"""


@dataclass(frozen=True, slots=True)
class Operation:
    """`key` is the position in the request and what the API calls `id`; `id` is the table's own."""

    id: int
    key: int
    bulk_uuid: str
    topic_name: str
    serialized_data: str | None
    result_serialized_data: str | None
    status: int
    result_message: str | None
    error_code: int | None
    started_at: str | None

    @property
    def short(self) -> dict[str, Any]:
        return {
            "id": self.key, "status": self.status, "result_message": self.result_message, "error_code": self.error_code,
        }  # fmt: skip

    @property
    def detailed(self) -> dict[str, Any]:
        return {
            "id": self.key, "bulk_uuid": self.bulk_uuid, "topic_name": self.topic_name,
            "serialized_data": self.serialized_data, "result_serialized_data": self.result_serialized_data,
            "status": self.status, "result_message": self.result_message, "error_code": self.error_code,
        }  # fmt: skip


class OperationTable:
    """Rows in the order of their insertion. There is no unique key, and an update of a row that is not there changes
    nothing (contract 7.3, 11).

    In memory, successes are written together when somebody looks, and their results are encoded when somebody looks at
    those: nobody can tell the difference, because answers of services never change."""

    def __init__(self, state: State) -> None:
        self._shared = state.shared
        self._execute = state.connection.execute
        self._executemany = state.connection.executemany
        self._succeeded: list[tuple[str, None, str | None, str, int]] = []
        self._answers: dict[str, dict[int, Any]] = {}

    def flush(self, bulk_uuid: str = "", *, results: bool = False) -> None:
        """Write what is due; with `results` those of a bulk, or of all."""
        if self._succeeded:
            self._executemany(SUCCEED, self._succeeded)
            self._succeeded.clear()
        if results and self._answers:
            for uuid in [bulk_uuid] if bulk_uuid else list(self._answers):
                answers = self._answers.pop(uuid, {})
                self._executemany(RESULT, [(_encoded(one), uuid, key) for key, one in answers.items()])

    def insert(self, bulk_uuid: str, topic: str, rows: Iterable[tuple[int, str]]) -> None:
        """Rows are key and serialized data."""
        self.flush()
        self._executemany(
            "INSERT INTO magento_operation (operation_key, bulk_uuid, topic_name, serialized_data, status)"
            " VALUES (?, ?, ?, ?, 4)",
            [(key, bulk_uuid, topic[:VARCHAR], clipped(data)) for key, data in rows],
        )

    def of_bulk(self, bulk_uuid: str, *, results: bool = True) -> list[Operation]:
        """Without `results` those may be missing."""
        self.flush(bulk_uuid, results=results)
        rows = self._execute(f"{SELECT} WHERE bulk_uuid = ? ORDER BY id", (bulk_uuid,))
        return [Operation(*row) for row in rows]

    def count(self, bulk_uuid: str, status: int) -> int:
        self.flush()
        found = self._execute(
            "SELECT count(*) FROM magento_operation WHERE bulk_uuid = ? AND status = ?", (bulk_uuid, status)
        )
        return int(found.fetchone()[0])

    def start(self, bulk_uuid: str, key: int, now: str) -> None:
        self._execute(START, (now, bulk_uuid, key))

    def succeed(
        self, bulk_uuid: str, key: int, *, message: str, answer: Any, started: str | None = None
    ) -> None:
        """The payload is erased, the result is kept, none of a service that answers nothing (contract 7.3, S16).
        `started` is for who has not called `start`."""
        row = (message[:MESSAGE_LIMIT], None, started, bulk_uuid, key)
        if self._shared:
            self._execute(SUCCEED, (row[0], _encoded(answer), *row[2:]))
        else:
            self._succeeded.append(row)
            self._answers.setdefault(bulk_uuid, {})[key] = answer

    def fail(
        self,
        bulk_uuid: str,
        key: int,
        *,
        message: str,
        code: int = 0,
        status: int = FAILED,
        started: str | None = None,
    ) -> None:
        """The payload stays."""
        self.flush(bulk_uuid, results=bulk_uuid in self._answers and key in self._answers[bulk_uuid])
        self._execute(FAIL, (status, min(code, SMALLINT), message[:MESSAGE_LIMIT], started, bulk_uuid, key))

    def mark_incomplete(self, started_before: str) -> int:
        """Operations that were started and not ended become `Unknown Error` (contract 7.6); how many."""
        self.flush()
        done = self._execute(
            "UPDATE magento_operation SET status = 2, error_code = 0, result_message = 'Unknown Error'"
            " WHERE status = 4 AND started_at < ?",
            (started_before,),
        )
        return done.rowcount


def _encoded(answer: Any) -> str | None:
    return None if answer is None else clipped(php.encode(answer))
