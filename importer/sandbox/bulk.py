"""Bulks: what a submission does, and what the status routes tell about it (contract 2, 5 and 6.2; recording 21)."""

import hashlib
import hmac
import itertools
import re
import uuid
from collections.abc import Sequence, Sized
from typing import Any

from importer.sandbox import php
from importer.sandbox.errors import Crash, Refusal, internal
from importer.sandbox.messages import Outgoing
from importer.sandbox.operations import COLUMNS, Operation, OperationTable
from importer.sandbox.state import VARCHAR, State

User = tuple[int, int | None]
"""Type and id of who submits: 1 an integration, 2 an administrator, 4 a guest, who has no id (contract 4)."""

INTEGRATION_USER: User = (1, 1)

WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]*")

Entry = tuple[int, Any]
"""Operation key and item."""


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
    """The table of bulks, with the operations that belong to it. `key` is for the data hashes."""

    def __init__(self, state: State, key: bytes) -> None:
        self._key = key
        self._state = state
        self.operations = OperationTable(state)
        self.queue: Sized = ()
        """What waits to be worked off, for tests that look at its length."""

    def open(self, topic: str, *, now: str, user: User = INTEGRATION_USER) -> str:
        """The first step of a submission: the bulk's row, without operations; its uuid."""
        number = str(uuid.uuid4())
        self._state.connection.execute(
            "INSERT INTO magento_bulk (uuid, user_id, user_type, description, operation_count, start_time)"
            " VALUES (?, ?, ?, ?, 0, ?)",
            (number, user[1], user[0], f"Topic {topic}"[:VARCHAR], now),
        )
        return number

    def counted(self, bulk_uuid: str, operations: int) -> None:
        self._state.connection.execute(
            "UPDATE magento_bulk SET operation_count = operation_count + ? WHERE uuid = ?",
            (operations, bulk_uuid),
        )

    def withdraw(self, bulk_uuid: str) -> None:
        """Scheduling has failed: the bulk's row goes (contract 2)."""
        self._state.connection.execute("DELETE FROM magento_bulk WHERE uuid = ?", (bulk_uuid,))

    def accepted(self, outgoing: Outgoing) -> dict[str, Any]:
        """The hash is an HMAC with the shop's key: a client cannot compute it, the same payload has the same one."""
        digest = hmac.digest(self._key, outgoing.serialized_data.encode(), hashlib.sha256).hex()
        return {"id": outgoing.key, "data_hash": digest, "status": "accepted"}

    def status(self, bulk_uuid: str, *, detailed: bool) -> dict[str, Any]:
        """Raises Refusal: 404 for an unknown bulk, 500 where two operations share a key (recording 21)."""
        bulk = self._state.connection.execute(
            "SELECT user_type, uuid, description, start_time, user_id, operation_count FROM magento_bulk"
            " WHERE uuid = ?",
            (bulk_uuid,),
        ).fetchone()
        if bulk is None:
            raise Refusal(404, "Bulk uuid %bulkUuid not exist", {"bulkUuid": bulk_uuid})
        rows = self.operations.of_bulk(bulk_uuid, results=detailed)
        if len({row.key for row in rows}) < len(rows):
            raise internal()
        names = ("user_type", "bulk_id", "description", "start_time", "user_id", "operation_count")
        told = [row.detailed if detailed else row.short for row in rows]
        return {"operations_list": told, **dict(zip(names, bulk, strict=True))}

    def count(self, bulk_uuid: str, status: int) -> int:
        """0 for an unknown bulk, too (contract 5.5)."""
        return self.operations.count(bulk_uuid, status)

    def rows(self) -> list[dict[str, Any]]:
        """Operations of all bulks with the columns that the search may filter by (contract 5.6)."""
        self.operations.flush(results=True)
        columns = ", ".join(f"magento_operation.{name}" for name in COLUMNS)
        found = self._state.connection.execute(
            f"SELECT magento_bulk.start_time, {columns} FROM magento_operation"  # noqa: S608 - our own names
            " LEFT JOIN magento_bulk ON magento_bulk.uuid = bulk_uuid ORDER BY magento_operation.id"
        )
        return [_searched(start_time, Operation(*row)) for start_time, *row in found]


def _searched(start_time: str, row: Operation) -> dict[str, Any]:
    return {
        **row.detailed, "id": row.id, "operation_key": row.key, "started_at": row.started_at, "start_time": start_time,
    }  # fmt: skip


def found(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the search as it is answered: the key as id, the bulk's time as an extension attribute."""
    columns = ("operation_key", "start_time", "started_at")
    shown = {name: value for name, value in row.items() if name not in columns}
    return {**shown, "id": row["operation_key"], "extension_attributes": {"start_time": row["start_time"]}}


def page(rows: Sequence[dict[str, Any]], *, by_key: bool) -> list[dict[str, Any]]:
    """A page of the search. `by_key`: until 2.4.5 two operations of one key cannot lie on one page (contract 5.6, S8).
    Raises Refusal."""
    keys = [row["operation_key"] for row in rows]
    if by_key and len(set(keys)) < len(keys):
        raise internal()
    return [found(row) for row in rows]


def serialized(item: Any, store_id: int | None) -> str:
    """The inner two of the three layers of JSON; the store is there from 2.4.5 or 2.4.6 on."""
    inner = php.encode(php.encode(item))
    store = "" if store_id is None else f',"store_id":"{store_id}"'
    return f'{{"entity_id":null,"entity_link":"","meta_information":{inner}{store}}}'
