"""Bulks and operations: their tables, what a submission does, and what the status routes tell (contract 2, 5, 6, 11)."""

import hashlib
import hmac
import json
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from importer.sandbox.errors import Refusal

OPEN, COMPLETE, RETRIABLE, FAILED = 4, 1, 2, 3
MESSAGE_LIMIT = 255
"""Characters of a result message that the table keeps (contract S15)."""

INTEGRATION = 1


@dataclass
class Operation:
    """A row of `magento_operation`. `key` is the position in the request; `id` is the table's own."""

    id: int
    key: int
    bulk_uuid: str
    topic: str
    serialized_data: str | None
    status: int = OPEN
    result_message: str | None = None
    error_code: int | None = None
    result: str | None = None

    @property
    def short(self) -> dict[str, Any]:
        return {
            "id": self.key, "status": self.status, "result_message": self.result_message, "error_code": self.error_code,
        }  # fmt: skip

    @property
    def detailed(self) -> dict[str, Any]:
        return {
            "id": self.key, "bulk_uuid": self.bulk_uuid, "topic_name": self.topic,
            "serialized_data": self.serialized_data, "result_serialized_data": self.result, "status": self.status,
            "result_message": self.result_message, "error_code": self.error_code,
        }  # fmt: skip


@dataclass
class Bulk:
    uuid: str
    description: str
    start_time: str
    operations: list[Operation] = field(default_factory=list)


class Bulks:
    """The tables and the queue: `async.operations.all`, first in, first out."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._by_uuid: dict[str, Bulk] = {}
        self._last_id = 0
        self.queue: deque[tuple[Operation, Any]] = deque()

    def submit(self, topic: str, items: Sequence[Any], *, store_id: int, now: str) -> dict[str, Any]:
        """Record the bulk, queue its messages; the answer of a submission (contract 2)."""
        bulk = Bulk(uuid=str(uuid.uuid4()), description=f"Topic {topic}", start_time=now)
        self._by_uuid[bulk.uuid] = bulk
        answers = []
        for place, item in enumerate(items):
            data = serialized(item, store_id)
            self._last_id += 1
            operation = Operation(
                id=self._last_id, key=place, bulk_uuid=bulk.uuid, topic=topic, serialized_data=data,
            )  # fmt: skip
            bulk.operations.append(operation)
            self.queue.append((operation, item))
            digest = hmac.new(self._key, data.encode(), hashlib.sha256).hexdigest()
            answers.append({"id": place, "data_hash": digest, "status": "accepted"})
        return {"bulk_uuid": bulk.uuid, "request_items": answers, "errors": False}

    def status(self, bulk_uuid: str, *, detailed: bool) -> dict[str, Any]:
        """Raises Refusal 404 for an unknown bulk."""
        bulk = self._by_uuid.get(bulk_uuid)
        if bulk is None:
            raise Refusal(404, "Bulk uuid %bulkUuid not exist", {"bulkUuid": bulk_uuid})
        return {
            "operations_list": [op.detailed if detailed else op.short for op in bulk.operations],
            "user_type": INTEGRATION,
            "bulk_id": bulk.uuid,
            "description": bulk.description,
            "start_time": bulk.start_time,
            "user_id": 1,
            "operation_count": len(bulk.operations),
        }

    def count(self, bulk_uuid: str, status: int) -> int:
        """0 for an unknown bulk, too (contract 5.5)."""
        bulk = self._by_uuid.get(bulk_uuid)
        return sum(1 for op in bulk.operations if op.status == status) if bulk else 0

    def rows(self) -> list[dict[str, Any]]:
        """Operations of all bulks as the search route sees them (contract 5.6)."""
        return [
            {**op.detailed, "id": op.id, "operation_key": op.key, "start_time": bulk.start_time}
            for bulk in self._by_uuid.values()
            for op in bulk.operations
        ]


def found(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the search as it is answered: the position as id, the bulk's time as an extension attribute."""
    shown = {name: value for name, value in row.items() if name not in ("operation_key", "start_time")}
    return {**shown, "id": row["operation_key"], "extension_attributes": {"start_time": row["start_time"]}}


def succeed(operation: Operation, result: Any) -> None:
    """The payload is erased, the result is kept (contract S16)."""
    operation.status = COMPLETE
    operation.serialized_data = None
    operation.result = php_json(result)
    operation.result_message = (
        r"Service execution success Magento\Catalog\Model\ProductRepository\Interceptor::"
        + ("deleteById" if operation.topic.endswith(".delete") else "save")
    )


def fail(operation: Operation, text: str) -> None:
    operation.status = FAILED
    operation.error_code = 0
    operation.result_message = text[:MESSAGE_LIMIT]


def serialized(item: Any, store_id: int) -> str:
    """Three layers of JSON (contract 6.2), with the store as 2.4.6 adds it."""
    return php_json(
        {"entity_id": None, "entity_link": "", "meta_information": php_json(item), "store_id": str(store_id)},
    )


def php_json(value: Any) -> str:
    """As PHP's json_encode writes it: no blanks, `/` escaped, other characters as \\uXXXX, empty objects as lists."""
    return json.dumps(_php(value), separators=(",", ":")).replace("/", "\\/")


def _php(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _php(inner) for name, inner in value.items()} if value else []
    return [_php(inner) for inner in value] if isinstance(value, list) else value
