"""Closing an import, whatever the reason: afterwards every row that was read has its final outcome."""

from importer.domain.batches import OPEN, Batch, BatchStatus
from importer.domain.imports import Import, ImportStatus, Reason
from importer.domain.rows import Outcome, RowError
from importer.domain.steps import Step
from importer.ports import Ports
from importer.services.dispatch import Dispatch
from importer.services.payloads import unpack

AT_ONCE = 20
"""Batches that are withdrawn in one transaction."""

CANCELLED = Reason(code="cancelled", text="The import was cancelled.")


class Closing:
    def __init__(self, ports: Ports, dispatch: Dispatch) -> None:
        self._ports = ports
        self._dispatch = dispatch

    async def finish(self, step: Step) -> None:
        """Everything is confirmed: close the import and let the next one of its lane go.

        One that is being cancelled is confirmed when nothing of it is in flight; what was not sent will not be.
        """
        state = await self._ports.imports.get(step.target)
        if state.cancelling:
            await self._withdraw(state.id)
            state = await self._ports.imports.get(step.target)
        if (state.settled or self._orphaned(state)) and not state.ended:
            status, reason = (
                (ImportStatus.CANCELLED, CANCELLED) if state.cancelling else (ImportStatus.COMPLETED, None)
            )
            await self._ports.imports.record_ended(state.id, status, reason=reason)
            await self._dispatch.fill(state)

    def _orphaned(self, state: Import) -> bool:
        """Cancelled, and its shop is no longer in the settings: nobody will read the rest of its file."""
        gone = state.shop not in self._ports.shops.names()
        return state.cancelling and gone and not state.open_batches

    async def _withdraw(self, import_id: str) -> None:
        """Everything that waits to be sent is `not_sent`."""
        while (await self._ports.imports.get(import_id)).cancelling:
            batches = await self._ports.batches.of(import_id, {BatchStatus.WAITING}, limit=AT_ONCE)
            if not batches:
                return
            errors = [error for batch in batches for error in await self._left(batch, CANCELLED)]
            await self._ports.commands.record_withdrawn(import_id, batches, errors)

    async def abandon(self, import_id: str, status: ImportStatus, reason: Reason) -> None:
        """End it now. What was not sent is `not_sent`; what the shop may have taken is `unknown`."""
        state = await self._ports.imports.get(import_id)
        while not state.ended:
            ending = ImportStatus.CANCELLED if state.cancelling else status
            left = await self._ports.batches.of(import_id, OPEN)
            errors = [error for batch in left for error in await self._left(batch, reason)]
            await self._ports.imports.record_ended(import_id, ending, reason=reason, left=left, errors=errors)
            state = await self._ports.imports.get(import_id)
        await self._dispatch.fill(state)

    async def _left(self, batch: Batch, reason: Reason) -> list[RowError]:
        sent = batch.status is not BatchStatus.WAITING
        outcome = Outcome.UNKNOWN if sent else Outcome.NOT_SENT
        text = (
            "The shop may have taken this row; it has not confirmed it." if sent else "The row was not sent."
        )
        fix = "Look at it in the shop, or retry the import: it finds out." if sent else "Retry the import."
        sentence = f"{text} {reason.text}"
        operations = await unpack(self._ports.files, batch)
        return [operation.error(outcome, reason.code, sentence, fix) for operation in operations]
