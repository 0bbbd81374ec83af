"""Magento behind the port `Backend`: batches through its bulk API (contract sections 1, 2 and 5), or one by one."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from importer.backends.magento import look_ups, statuses
from importer.backends.magento.access import Access, Mode
from importer.backends.magento.client import ReadingClient, WritingClient
from importer.backends.magento.finding import find
from importer.backends.magento.routes import bulk_body, bulk_path
from importer.backends.magento.single import Answers, call_sync, receipt_of, send_async, the_only
from importer.domain.batches import Operation, OperationStatus, Progress, Receipt, scope_of
from importer.domain.errors import AnswerLost, BackendDenied, BackendRefused, BackendUnavailable
from importer.domain.mapping import Mapping as ImportMapping, Request
from importer.domain.sentences import sentences
from importer.ports import Tables

ATTACK = "It lets other requests pass, so something in these rows looks like an attack to it."
BROKEN_ROUTES = (
    "Magento 2.4.3 and 2.4.4 answer every bulk PUT and DELETE with a parameter in its path so; "
    'mode = "async" in the settings of the shop goes around it.'
)


class MagentoReader:
    """Everything that only reads."""

    def __init__(self, access: Access) -> None:
        self._client = ReadingClient(access)

    async def close(self) -> None:
        await self._client.close()

    async def look_ups(self) -> Tables:
        with _as_magento_answers("the look-ups"):
            return await look_ups.load(self._client)

    async def ids(self, mapping: ImportMapping, keys: Collection[str]) -> dict[str, int]:
        with _as_magento_answers("a search for ids"):
            return await look_ups.ids(self._client, mapping, keys)

    async def probe(self) -> None:
        await self._client.get("/V1/store/websites")


class MagentoBackend(MagentoReader):
    """Reads and sends."""

    def __init__(self, access: Access) -> None:
        self._mode = access.mode
        self._client = self._writer = WritingClient(access)
        self._answers = Answers()

    async def submit(self, mapping: ImportMapping, operations: Sequence[Operation]) -> Receipt:
        request, mode = mapping.request, self._mode
        try:
            if mode is Mode.SYNC:
                status = await call_sync(self._writer, request, the_only(operations, mode))
                return Receipt(bulk_uuid=self._answers.keep(status))
            if mode is Mode.ASYNC:
                return receipt_of(await send_async(self._writer, request, the_only(operations, mode)))
            return receipt_of(await self._send_bulk(request, operations))
        except BackendDenied as error:
            if error.code == "shop.blocked":
                await self._blame_content(error)
            raise

    async def _send_bulk(self, request: Request, operations: Sequence[Operation]) -> Any:
        path, scope = bulk_path(request.path), scope_of(operations) or "all"
        try:
            return await self._writer.send(
                request.method, path, bulk_body(request.path, operations), scope=scope
            )
        except AnswerLost as error:
            if not error.settled or ":" not in request.path:
                raise
            raise AnswerLost(
                sentences(error.text, BROKEN_ROUTES),
                code=error.code,
                retry_after=error.retry_after,
                settled=True,
            ) from None

    async def _blame_content(self, error: BackendDenied) -> None:
        """A firewall forbids this request. When it lets others pass, something in the rows displeases it: returns only
        when it does not. Raises BackendRefused otherwise."""
        await self.probe()
        text = sentences(error.text, ATTACK)
        raise BackendRefused(text, code="shop.blocked") from None

    async def poll(self, receipt: Receipt, *, operations: int) -> Progress:
        final = self._answers.of(receipt.bulk_uuid)
        if final is not None:
            return Progress(done=1, statuses=[final])
        return await statuses.progress(self._client, receipt.bulk_uuid, operations)

    async def details(self, receipt: Receipt) -> list[OperationStatus]:
        final = self._answers.of(receipt.bulk_uuid)
        if final is not None:
            return [final]
        return await statuses.details(self._client, receipt.bulk_uuid) or []

    async def find(
        self,
        mapping: ImportMapping,
        operations: Sequence[Operation],
        *,
        since: datetime,
        known: set[str],
    ) -> Receipt | None:
        """A synchronous call leaves nothing to find: whoever asks repeats it, or cannot tell."""
        if self._mode is Mode.SYNC:
            return None
        return await find(self._client, mapping, operations, since=since, known=known, mode=self._mode)


@contextmanager
def _as_magento_answers(what: str) -> Iterator[None]:
    """JSON of another shape is a shop that cannot be read, not a defect."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BackendUnavailable(
            f"The shop's answer to {what} is JSON of another shape than Magento's ({type(error).__name__}: {error}).",
            code="shop.answer",
        ) from error
