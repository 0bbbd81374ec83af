"""The table of operations, `magento_operation` (contract 5.2, 5.3, 11): one row for each accepted item of a bulk."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

COMPLETE, RETRIABLE, FAILED, OPEN = 1, 2, 3, 4
MESSAGE_LIMIT = 255
"""Characters of a result message that the table keeps (contract S15)."""


@dataclass(kw_only=True)
class Operation:
    """`key` is the position in the request and what the API calls `id`; `id` is the table's own."""

    id: int
    key: int
    bulk_uuid: str
    topic_name: str
    serialized_data: str | None
    status: int = OPEN
    result_message: str | None = None
    error_code: int | None = None
    result_serialized_data: str | None = None
    started_at: str | None = None

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
    """Rows in the order of their insertion. An update of a row that is not there changes nothing (contract 7.3)."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Operation]] = {}
        self._last_id = 0

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def insert(self, rows: list[Operation]) -> None:
        for row in rows:
            self._rows.setdefault(row.bulk_uuid, []).append(row)

    def of_bulk(self, bulk_uuid: str) -> list[Operation]:
        return self._rows.get(bulk_uuid, [])

    def __iter__(self) -> Iterator[Operation]:
        for rows in self._rows.values():
            yield from rows

    def start(self, bulk_uuid: str, key: int, now: str) -> None:
        for row in self._found(bulk_uuid, key):
            row.started_at = now

    def succeed(self, bulk_uuid: str, key: int, *, message: str, result: str | None) -> None:
        """The payload is erased, the result is kept (contract S16)."""
        for row in self._found(bulk_uuid, key):
            row.status, row.result_message = COMPLETE, message[:MESSAGE_LIMIT]
            row.serialized_data, row.result_serialized_data = None, result

    def fail(self, bulk_uuid: str, key: int, *, message: str, code: int = 0) -> None:
        """The payload stays."""
        for row in self._found(bulk_uuid, key):
            row.status, row.result_message, row.error_code = FAILED, message[:MESSAGE_LIMIT], code

    def _found(self, bulk_uuid: str, key: int) -> list[Operation]:
        rows = self.of_bulk(bulk_uuid)
        if key < len(rows) and rows[key].key == key:  # the usual case, without looking at every row
            return [rows[key]]
        return [row for row in rows if row.key == key]
