"""Bulks: what a submission does, and what the status routes tell about it (contract 2, 5 and 6.2; recording 21)."""

import hashlib
import hmac
import itertools
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from importer.sandbox import php
from importer.sandbox.errors import Crash, Refusal, internal
from importer.sandbox.messages import Message, MessageQueue
from importer.sandbox.operations import Operation, OperationTable

INTEGRATION, USER = 1, 1
"""Type and id of the one user that this shop knows."""

WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]*")

Entry = tuple[int, Any]
"""Operation key and item."""


@dataclass(kw_only=True)
class Bulk:
    """A row of `magento_bulk`."""

    uuid: str
    description: str
    start_time: str
    operation_count: int = 0


def entries(body: Any) -> list[Entry]:
    """Items and their keys: of an object, names become 0 and numbers are counted anew (contract 1.4, 1.5)."""
    if body is None:
        return []
    if isinstance(body, list):
        return list(enumerate(body))
    if not isinstance(body, dict):
        raise Crash
    places = itertools.count()
    return [(next(places) if WHOLE_NUMBER.fullmatch(name) else 0, item) for name, item in body.items()]


class Bulks:
    """The table of bulks, with the operations and the queue that belong to it. `key` is for the data hashes."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._by_uuid: dict[str, Bulk] = {}
        self.operations = OperationTable()
        self.queue = MessageQueue()

    def submit(self, topic: str, items: Sequence[Entry], *, store_id: int, now: str) -> dict[str, Any]:
        """In Magento's order: the bulk's row, the messages, the operations' rows (contract 2, order of effects)."""
        bulk = Bulk(uuid=str(uuid.uuid4()), description=f"Topic {topic}", start_time=now)
        self._by_uuid[bulk.uuid] = bulk
        messages = [
            Message(id=key, bulk_uuid=bulk.uuid, topic_name=topic, serialized_data=serialized(item, store_id))
            for key, item in items
        ]
        bulk.operation_count += len(messages)
        self.queue.publish(messages)
        self.operations.insert([self._row(message) for message in messages])
        return {
            "bulk_uuid": bulk.uuid,
            "request_items": [self._accepted(m) for m in messages],
            "errors": False,
        }

    def _row(self, message: Message) -> Operation:
        return Operation(
            id=self.operations.next_id(), key=message.id, bulk_uuid=message.bulk_uuid, topic_name=message.topic_name,
            serialized_data=message.serialized_data,
        )  # fmt: skip

    def _accepted(self, message: Message) -> dict[str, Any]:
        digest = hmac.new(self._key, message.serialized_data.encode(), hashlib.sha256).hexdigest()
        return {"id": message.id, "data_hash": digest, "status": "accepted"}

    def status(self, bulk_uuid: str, *, detailed: bool) -> dict[str, Any]:
        """Raises Refusal: 404 for an unknown bulk, 500 where two operations share a key (recording 21)."""
        bulk = self._by_uuid.get(bulk_uuid)
        if bulk is None:
            raise Refusal(404, "Bulk uuid %bulkUuid not exist", {"bulkUuid": bulk_uuid})
        rows = self.operations.of_bulk(bulk_uuid)
        if len({row.key for row in rows}) < len(rows):
            raise internal()
        return {
            "operations_list": [row.detailed if detailed else row.short for row in rows],
            "user_type": INTEGRATION,
            "bulk_id": bulk.uuid,
            "description": bulk.description,
            "start_time": bulk.start_time,
            "user_id": USER,
            "operation_count": bulk.operation_count,
        }

    def count(self, bulk_uuid: str, status: int) -> int:
        """0 for an unknown bulk, too (contract 5.5)."""
        return sum(1 for row in self.operations.of_bulk(bulk_uuid) if row.status == status)

    def rows(self) -> list[dict[str, Any]]:
        """Operations of all bulks with the columns that the search may filter by (contract 5.6)."""
        return [
            {
                **row.detailed, "id": row.id, "operation_key": row.key, "started_at": row.started_at,
                "start_time": self._by_uuid[row.bulk_uuid].start_time,
            }
            for row in self.operations
        ]  # fmt: skip


def found(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the search as it is answered: the key as id, the bulk's time as an extension attribute."""
    columns = ("operation_key", "start_time", "started_at")
    shown = {name: value for name, value in row.items() if name not in columns}
    return {**shown, "id": row["operation_key"], "extension_attributes": {"start_time": row["start_time"]}}


def serialized(item: Any, store_id: int) -> str:
    """The inner two of the three layers of JSON, with the store as 2.4.6 adds it."""
    data = {
        "entity_id": None,
        "entity_link": "",
        "meta_information": php.encode(item),
        "store_id": str(store_id),
    }
    return php.encode(data)
