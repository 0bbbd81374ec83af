"""Closing an import, whatever the reason: afterwards every row that was read has its final outcome."""

from importer.domain.batches import IN_FLIGHT, OPEN, Batch, BatchStatus
from importer.domain.imports import Import, ImportStatus, Reason
from importer.domain.rows import Outcome, RowError
from importer.domain.sentences import sentences
from importer.domain.steps import Step
from importer.ports import Ports
from importer.services.dispatch import Dispatch
from importer.services.needs import Needs
from importer.services.payloads import unpack

AT_ONCE = 20
"""Batches that are withdrawn in one transaction."""

CANCELLED = Reason(code="cancelled", text="The import was cancelled.")


class Closing:
    def __init__(self, ports: Ports, dispatch: Dispatch) -> None:
        self._ports = ports
        self._dispatch = dispatch
        self._needs = Needs(ports)

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
        """Everything that waits to be sent is `not_sent`. What follows on other operations of its rows waits for them to
        be confirmed: then it is known which of the rows are settled."""
        while (await self._ports.imports.get(import_id)).cancelling:
            waiting = await self._ports.batches.of(import_id, {BatchStatus.WAITING})
            batches = [batch for batch in waiting if not batch.follow_up]
            if not batches and not await self._ports.batches.of(import_id, IN_FLIGHT, limit=1):
                batches = waiting
            if not batches:
                return
            for start in range(0, len(batches), AT_ONCE):
                some = batches[start : start + AT_ONCE]
                errors = [error for batch in some for error in await self._left(batch, CANCELLED)]
                await self._ports.commands.record_withdrawn(import_id, some, errors)

    async def abandon(self, import_id: str, status: ImportStatus, reason: Reason) -> None:
        """End it now. What was not sent is `not_sent`; what the shop may have taken is `unknown`."""
        state = await self._ports.imports.get(import_id)
        while not state.ended:
            ending = ImportStatus.CANCELLED if state.cancelling else status
            errors: dict[int, RowError] = {}
            left = await self._ports.batches.of(import_id, OPEN)
            for batch in sorted(left, key=lambda one: one.phase):  # a row counts once, by its first operation
                found = [error for error in await self._left(batch, reason) if error.row not in errors]
                errors |= {error.row: error for error in found}
            await self._ports.imports.record_ended(
                import_id, ending, reason=reason, left=left, errors=list(errors.values())
            )
            state = await self._ports.imports.get(import_id)
        await self._dispatch.fill(state)

    async def _left(self, batch: Batch, reason: Reason) -> list[RowError]:
        sent = batch.status is not BatchStatus.WAITING
        outcome = Outcome.UNKNOWN if sent else Outcome.NOT_SENT
        text = (
            "The shop may have taken this row; it has not confirmed it." if sent else "The row was not sent."
        )
        if batch.follow_up:
            text = (
                "The shop may have taken them; it has not confirmed them." if sent else "They were not sent."
            )
        fix = "Look at it in the shop, or retry the import: it finds out." if sent else "Retry the import."
        sentence = sentences(text, reason.text)
        operations = await unpack(self._ports.files, batch)
        settled = await self._needs.settled(batch, operations)
        return [
            operation.error(outcome, reason.code, sentence, fix)
            for operation in operations
            if operation.row not in settled
        ]
