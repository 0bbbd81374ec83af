"""What became of a bulk, with few requests: the open ones are counted, and only when there are none the details are read.

A count costs the shop one number however large the bulk is; the details are unpaginated and heavy (contract S18).
"""

from collections.abc import Mapping
from typing import Any

import orjson

from importer.backends.magento.answers import sentences
from importer.backends.magento.client import ReadingClient, other_shape
from importer.domain.batches import OperationStatus, Progress
from importer.domain.failures import COMPLETE, DEFINED, OPEN, Verdict, classify

NO_STATUS = -1
"""Stands for a status that is no number."""

UNDEFINED = "The shop reports status {status!r}, which Magento does not define."


async def progress(client: ReadingClient, uuid: str, operations: int) -> Progress:
    """One request while operations are open; one more when none is. A bulk whose rows are not all there yet has no open
    ones either (contract S9, S19, S20), so it is done when its details hold as many final operations as were sent."""
    path = f"/V1/bulk/{uuid}/operation-status/{OPEN}"
    still_open = await client.get(path, seconds=client.access.status_seconds)
    if still_open is None:
        return Progress(done=0, known=False)
    if not isinstance(still_open, int) or isinstance(still_open, bool):
        raise other_shape(path)
    if still_open:
        return Progress(done=max(0, operations - still_open))
    found = await details(client, uuid)
    if found is None:
        return Progress(done=0, known=False)
    final = {
        one.position for one in found if classify(one) is not Verdict.OPEN and 0 <= one.position < operations
    }
    return Progress(done=len(final), statuses=found if len(final) >= operations else None)


async def details(client: ReadingClient, uuid: str) -> list[OperationStatus] | None:
    """Every operation that the shop mentions; None when it knows no such bulk."""
    path = f"/V1/bulk/{uuid}/detailed-status"
    answer = await client.get(path, seconds=client.access.status_seconds)
    if answer is None:
        return None
    try:
        return [status_of(item) for item in answer.get("operations_list", [])]
    except (AttributeError, TypeError):
        raise other_shape(path) from None


def status_of(item: Mapping[str, Any]) -> OperationStatus:
    """Raises TypeError for an item without a number."""
    position, status = _number(item.get("id")), _number(item.get("status"))
    text = str(item.get("result_message") or "")
    if position is None:
        raise TypeError("an operation without an id")
    if status not in DEFINED:  # what else it says of the operation would contradict that nobody knows
        text = UNDEFINED.format(status=item.get("status") if status is None else status)
        status = NO_STATUS if status is None else status
    result = item.get("result_serialized_data")
    inner = inner_errors(result) if status == COMPLETE else ""
    return OperationStatus(
        position=position,
        status=status,
        error_code=_number(item.get("error_code")),
        text=inner or text,
        inner_errors=bool(inner),
        answered=isinstance(result, str)
        and result.startswith("{"),  # the shop's table may have cut it off (S17)
    )


def inner_errors(result: Any) -> str:
    """The refusals that a list-taking service answers with and calls a success (contract S40, recording 11)."""
    if not isinstance(result, str) or not result.startswith("["):
        return ""
    try:
        return sentences(orjson.loads(result))
    except orjson.JSONDecodeError:  # cut off by the shop's table (S17)
        return ""


def _number(value: object) -> int | None:
    """A whole number, or its text: some versions quote them."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    return int(value) if isinstance(value, int) or value.isdecimal() else None
