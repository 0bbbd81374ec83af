"""Magento behind the port `Backend`: batches through the asynchronous bulk API (contract sections 1, 2 and 5)."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from importer.backends.magento import look_ups
from importer.backends.magento.client import Access, ReadingClient, WritingClient
from importer.domain.batches import Operation, OperationStatus, Receipt, body
from importer.domain.errors import AnswerLost, BackendUnavailable
from importer.domain.mapping import Mapping as ImportMapping
from importer.ports import Tables

TABLE_BYTES = 65_535
"""What the shop keeps of an operation's payload (contract section 11)."""


class MagentoReader:
    """Everything that only reads."""

    def __init__(self, access: Access) -> None:
        self._client = ReadingClient(access)

    async def close(self) -> None:
        await self._client.close()

    async def look_ups(self) -> Tables:
        return await look_ups.load(self._client)

    async def probe(self) -> None:
        await self._client.get("/V1/store/websites")


class MagentoBackend(MagentoReader):
    """Reads and sends."""

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._writer = WritingClient(access)

    async def close(self) -> None:
        await self._writer.close()
        await super().close()

    async def submit(self, mapping: ImportMapping, operations: Sequence[Operation]) -> Receipt:
        answer = await self._writer.send(
            mapping.request.method, bulk_path(mapping.request.path), body(operations)
        )
        if not isinstance(answer, dict) or not answer.get("bulk_uuid"):
            raise AnswerLost("The shop accepted the request but gave no bulk_uuid.")
        return Receipt(bulk_uuid=str(answer["bulk_uuid"]))

    async def poll(self, receipt: Receipt) -> list[OperationStatus]:
        """A bulk the shop does not know has no operations: they stay open until tracking gives up."""
        answer = await self._client.get(f"/V1/bulk/{receipt.bulk_uuid}/status")
        return [_status(item) for item in (answer or {}).get("operations_list") or []]

    async def find(
        self,
        mapping: ImportMapping,
        operations: Sequence[Operation],
        *,
        since: datetime,
        known: set[str],
    ) -> Receipt | None:
        """Looks at the first operation of every bulk since then; the one that fits is compared as a whole."""
        candidates = await self._first_operations(since)
        for item in candidates:
            uuid = item["bulk_uuid"]
            if (
                uuid not in known
                and _same(item, operations[0], mapping)
                and await self._whole(uuid, mapping, operations)
            ):
                return Receipt(bulk_uuid=uuid)
        return None

    async def _first_operations(self, since: datetime) -> list[Mapping[str, Any]]:
        """Magento 2.4.0 to 2.4.4 answers 500 when a page holds operations of one number from several bulks (contract
        S8): then page by page with one operation each, which cannot clash."""
        try:
            return [item async for item in self._client.pages("/V1/bulk", _first_since(since))]
        except BackendUnavailable as error:
            if error.code != "shop.error":
                raise
        return [item async for item in self._client.pages("/V1/bulk", _first_since(since), size=1)]

    async def _whole(self, uuid: str, mapping: ImportMapping, operations: Sequence[Operation]) -> bool:
        answer = await self._client.get(f"/V1/bulk/{uuid}/detailed-status") or {}
        items = {int(item["id"]): item for item in answer.get("operations_list") or []}
        return answer.get("operation_count") == len(operations) and all(
            position in items and _same(items[position], operation, mapping)
            for position, operation in enumerate(operations)
        )


def bulk_path(route: str) -> str:
    """`/V1/products/:sku` -> `/async/bulk/V1/products/bySku` (contract 1.2)."""
    return "/async/bulk" + re.sub(r"/:(\w)(\w*)", lambda m: f"/by{m[1].upper()}{m[2]}", route)


def _first_since(since: datetime) -> dict[str, str]:
    """Search for the operations number 0 of all bulks submitted since then (contract 5.6)."""
    criteria: dict[str, str] = {}
    for group, (field, condition, value) in enumerate(
        [
            ("start_time", "gteq", since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")),
            ("operation_key", "eq", "0"),
        ],
    ):
        prefix = f"searchCriteria[filter_groups][{group}][filters][0]"
        criteria |= {
            f"{prefix}[field]": field,
            f"{prefix}[condition_type]": condition,
            f"{prefix}[value]": value,
        }
    return criteria


def _same(item: Mapping[str, Any], operation: Operation, mapping: ImportMapping) -> bool:
    """Does the shop's operation carry our payload? After a success only its result is left (S16): compare the key."""
    data = item.get("serialized_data")
    if data and len(data) >= TABLE_BYTES:  # cut off by the shop's table (S17): its beginning must do
        return operation.key in data
    if data:
        return bool(orjson.loads(orjson.loads(data)["meta_information"]) == orjson.loads(operation.payload))
    if item.get("result_serialized_data"):
        result = orjson.loads(item["result_serialized_data"])
        key = mapping.key_field
        return isinstance(result, dict) and str(result.get(key or "", "")).lower() == operation.key.lower()
    return False


def _status(item: Mapping[str, Any]) -> OperationStatus:
    code = item.get("error_code")
    return OperationStatus(
        position=int(item["id"]),
        status=int(item["status"]),
        error_code=int(code) if code is not None else None,
        text=str(item.get("result_message") or ""),
    )
