"""The table of operations, `magento_operation` (contract 5.2, 5.3, 11): one row for each accepted item of a bulk."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

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
    nothing (contract 7.3, 11)."""

    def __init__(self, state: State) -> None:
        self._execute = state.connection.execute
        self._executemany = state.connection.executemany

    def insert(self, bulk_uuid: str, topic: str, rows: Iterable[tuple[int, str]]) -> None:
        """Rows are key and serialized data."""
        self._executemany(
            "INSERT INTO magento_operation (operation_key, bulk_uuid, topic_name, serialized_data, status)"
            " VALUES (?, ?, ?, ?, 4)",
            [(key, bulk_uuid, topic[:VARCHAR], clipped(data)) for key, data in rows],
        )

    def of_bulk(self, bulk_uuid: str) -> list[Operation]:
        rows = self._execute(f"{SELECT} WHERE bulk_uuid = ? ORDER BY id", (bulk_uuid,))
        return [Operation(*row) for row in rows]

    def count(self, bulk_uuid: str, status: int) -> int:
        found = self._execute(
            "SELECT count(*) FROM magento_operation WHERE bulk_uuid = ? AND status = ?", (bulk_uuid, status)
        )
        return int(found.fetchone()[0])

    def start(self, bulk_uuid: str, key: int, now: str) -> None:
        self._execute(START, (now, bulk_uuid, key))

    def succeed(
        self, bulk_uuid: str, key: int, *, message: str, result: str | None, started: str | None = None
    ) -> None:
        """The payload is erased, the result is kept (contract S16). `started` is for who has not called `start`."""
        self._execute(SUCCEED, (message[:MESSAGE_LIMIT], clipped(result), started, bulk_uuid, key))

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
        self._execute(FAIL, (status, min(code, SMALLINT), message[:MESSAGE_LIMIT], started, bulk_uuid, key))

    def mark_incomplete(self, started_before: str) -> int:
        """Operations that were started and not ended become `Unknown Error` (contract 7.6); how many."""
        done = self._execute(
            "UPDATE magento_operation SET status = 2, error_code = 0, result_message = 'Unknown Error'"
            " WHERE status = 4 AND started_at < ?",
            (started_before,),
        )
        return done.rowcount
