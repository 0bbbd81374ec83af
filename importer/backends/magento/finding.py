"""Finding a bulk whose receipt was lost: by its time, its first operation, and then its whole content (contract S23)."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from importer.backends.magento.access import Mode
from importer.backends.magento.client import BULKS, ReadingClient, other_shape, page_of
from importer.backends.magento.routes import carrying
from importer.domain.batches import Operation, Receipt
from importer.domain.errors import BackendUnavailable
from importer.domain.mapping import Mapping as ImportMapping

PAUSES = (0.2, 1.0)
"""Seconds before a question that found the shop in trouble is asked again."""

LONGEST_PAUSE = 5.0

TABLE_BYTES = 65_535
"""What the shop keeps of an operation's payload (contract section 11)."""


async def find(
    client: ReadingClient,
    mapping: ImportMapping,
    operations: Sequence[Operation],
    *,
    since: datetime,
    known: set[str],
    mode: Mode,
) -> Receipt | None:
    """Looks at one operation of every bulk since then; the one that fits is compared as a whole. The shop publishes its
    messages before it writes its rows (S9), so the first row may be missing: then the second is looked for."""
    if mode is Mode.BULK:
        operations = carrying(mapping.request.path, operations)
    for place, operation in enumerate(operations[:2]):
        async for item in _operations(client, since, place):
            uuid = str(item.get("bulk_uuid", ""))
            if not uuid or uuid in known:
                continue
            fits = _same(item, operation, mapping, mode)
            if mode is Mode.BULK and fits is None:
                fits = True  # the others may tell
            if fits and (mode is Mode.ASYNC or await _whole(client, uuid, mapping, operations)):
                return Receipt(bulk_uuid=uuid)
    return None


async def _operations(client: ReadingClient, since: datetime, place: int) -> AsyncIterator[Mapping[str, Any]]:
    """Of each bulk the operation at this place.

    Magento 2.4.0 to 2.4.4 answers 500 when a page holds operations of one number from several bulks (contract S8):
    then page by page with one operation each, which cannot clash."""
    try:
        found = [item async for item in client.pages(BULKS, _since(since, place))]
    except BackendUnavailable as error:
        if error.code != "shop.error":
            raise
    else:
        for item in found:
            yield item
        return
    async for item in _one_by_one(client, since, place):
        yield item


async def _one_by_one(client: ReadingClient, since: datetime, place: int) -> AsyncIterator[Mapping[str, Any]]:
    """The last page first, for what is looked for was sent of late."""
    _, total = await _page(client, _since(since, place), 1)
    for number in range(total, 0, -1):
        items, _ = await _page(client, _since(since, place), number)
        for item in items:
            yield item


async def _page(
    client: ReadingClient, wanted: Mapping[str, str], number: int
) -> tuple[list[Mapping[str, Any]], int]:
    """One operation and how many there are. They are many questions, so that a shop in trouble would never answer all
    of them: each is asked up to three times. Raises BackendUnavailable, BackendDenied."""
    bounds = {"searchCriteria[pageSize]": "1", "searchCriteria[currentPage]": str(number)}
    pauses = iter(PAUSES)
    while True:
        try:
            answer = await client.get(BULKS, {**wanted, **bounds})
        except BackendUnavailable as error:
            pause = next(pauses, None)
            if pause is None:
                raise
            await asyncio.sleep(min(error.retry_after or pause, LONGEST_PAUSE))
        else:
            return page_of(answer, BULKS) if answer is not None else ([], 0)


def _since(since: datetime, place: int) -> dict[str, str]:
    """Search for the operations at this place of all bulks submitted since then (contract 5.6)."""
    criteria: dict[str, str] = {}
    for group, (field, condition, value) in enumerate(
        [
            ("start_time", "gteq", since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")),
            ("operation_key", "eq", str(place)),
        ],
    ):
        prefix = f"searchCriteria[filter_groups][{group}][filters][0]"
        criteria |= {
            f"{prefix}[field]": field,
            f"{prefix}[condition_type]": condition,
            f"{prefix}[value]": value,
        }
    return criteria


async def _whole(
    client: ReadingClient, uuid: str, mapping: ImportMapping, operations: Sequence[Operation]
) -> bool:
    """It has as many operations, and every one of which the shop has a row is ours: rows may come late, or never (S9)."""
    path = f"/V1/bulk/{uuid}/detailed-status"
    answer = await client.get(path, seconds=client.access.status_seconds) or {}
    if not isinstance(answer, dict) or not isinstance(answer.get("operations_list", []), list):
        raise other_shape(path)
    if answer.get("operation_count") != len(operations):
        return False
    items = {item.get("id"): item for item in answer.get("operations_list", []) if isinstance(item, dict)}
    said = {
        _same(items[place], operation, mapping, Mode.BULK)
        for place, operation in enumerate(operations)
        if place in items
    }
    return True in said and False not in said


def _same(item: Mapping[str, Any], operation: Operation, mapping: ImportMapping, mode: Mode) -> bool | None:
    """Does the shop's operation carry our payload? After a success only its result is left (S16): compare the key.

    None: the result is none that has a key (`true`), so this operation alone cannot tell. A bulk of which all have
    succeeded so is not recognised, and then nothing of it is on its way any more.
    """
    data = item.get("serialized_data")
    if data and len(data) >= TABLE_BYTES:  # cut off by the shop's table (S17): its beginning must do
        return operation.key in data
    if data:
        return _payload_is(data, operation, mode, deleting=mapping.request.method == "DELETE")
    result = _json(item.get("result_serialized_data"))
    if result is True:
        return None
    return (
        isinstance(result, dict)
        and str(result.get(mapping.key_field or "", "")).lower() == operation.key.lower()
    )


def _payload_is(data: str, operation: Operation, mode: Mode, *, deleting: bool) -> bool:
    """Alone, a call's path is merged into its payload, so ours is a part of what the shop kept; of a DELETE it keeps the
    path alone (contract 1.4)."""
    stored = _json(data)
    kept = _json(stored.get("meta_information")) if isinstance(stored, dict) else None
    sent = orjson.loads(operation.payload)
    if mode is Mode.BULK:
        return bool(kept == sent)
    if not isinstance(kept, dict):
        return False
    return _within(kept, sent) or operation.key in kept.values() if deleting else _within(sent, kept)


def _within(part: Any, whole: Any) -> bool:
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and _within(value, whole[key]) for key, value in part.items())
    return bool(part == whole)


def _json(text: Any) -> Any:
    """None for what is no JSON: a shop's table may hold anything."""
    try:
        return orjson.loads(text) if isinstance(text, str) else None
    except orjson.JSONDecodeError:
        return None
