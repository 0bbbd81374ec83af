"""One request for each operation: asynchronous where a version's bulk route is broken (contract S1), or synchronous.

A batch then holds one operation, so intent, doubt and repetition stay what they are for a bulk. A batch cut for a
bulk is refused here without a word to the shop, and delivery halves it until its operations stand alone.
"""

import uuid
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import orjson

from importer.backends.magento.access import Mode
from importer.backends.magento.client import WritingClient
from importer.backends.magento.routes import single_path
from importer.backends.magento.statuses import inner_errors
from importer.domain.batches import Operation, OperationStatus, Receipt
from importer.domain.errors import AnswerLost, BackendRefused
from importer.domain.failures import COMPLETE, FAILED, RETRIABLE, Verdict, classify
from importer.domain.mapping import Request

MOST_ANSWERS = 1000
"""Answers kept in memory until they are asked for."""


def the_only(operations: Sequence[Operation], mode: Mode) -> Operation:
    """Raises BackendRefused for more than one: halve them."""
    if len(operations) > 1:
        raise BackendRefused(
            f"This shop is called with mode = {mode}, which takes one row a request; this batch is cut into its rows.",
            code="shop.one_by_one",
        )
    return operations[0]


async def send_async(client: WritingClient, request: Request, operation: Operation) -> Any:
    """The answer: a bulk of one operation."""
    path = single_path(request.path, operation, way="/async")
    return await client.send(request.method, path, _body(request, operation), scope=operation.scope or "all")


async def call_sync(client: WritingClient, request: Request, operation: Operation) -> OperationStatus:
    """Done when answered: what the shop says is final. Raises as `WritingClient.call`."""
    path = single_path(request.path, operation, way="")
    scope = operation.scope or "all"
    status, answer = await client.call(request.method, path, _body(request, operation), scope=scope)
    if status >= HTTPStatus.BAD_REQUEST:
        return OperationStatus(position=0, status=FAILED, error_code=0, text=str(answer))
    inner = inner_errors(orjson.dumps(answer).decode())
    return OperationStatus(
        position=0,
        status=COMPLETE,
        error_code=None,
        text=inner,
        inner_errors=bool(inner),
        answered=isinstance(answer, dict),
    )


def _body(request: Request, operation: Operation) -> bytes:
    """A DELETE is told by its path alone; a body would be ignored (contract 1.4)."""
    return b"" if request.method == "DELETE" else operation.payload


def receipt_of(answer: Any) -> Receipt:
    """Raises AnswerLost for an answer without a uuid."""
    if (
        not isinstance(answer, dict)
        or not isinstance(answer.get("bulk_uuid"), str)
        or not answer["bulk_uuid"]
    ):
        raise AnswerLost("The shop accepted the request but gave no bulk_uuid.")
    return Receipt(bulk_uuid=answer["bulk_uuid"])


class Answers:
    """Final answers of synchronous calls, until they are asked for.

    A receipt names the verdict, so that it outlives a crash: `sync:<status>:<uuid>`. The shop's own words are kept in
    memory only; after a crash the outcome is still right and its text says that they are lost.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, OperationStatus] = OrderedDict()

    def keep(self, status: OperationStatus) -> str:
        """The receipt's text."""
        final = RETRIABLE if classify(status) is Verdict.AGAIN else status.status
        final = FAILED if status.inner_errors else final
        name = f"sync:{final}:{uuid.uuid4()}"
        self._kept[name] = replace(status, status=final, inner_errors=False)
        while len(self._kept) > MOST_ANSWERS:
            self._kept.popitem(last=False)
        return name

    def of(self, name: str) -> OperationStatus | None:
        """None for a receipt of a bulk."""
        kind, _, rest = name.partition(":")
        if kind != "sync":
            return None
        lost = "The shop's answer was noted before a crash; its own words are lost."
        status = int(rest.partition(":")[0])
        return self._kept.get(name) or OperationStatus(position=0, status=status, error_code=None, text=lost)
