"""Closing an import, whatever the reason: afterwards every row that was read has its final outcome."""

from importer.domain.batches import OPEN, Batch, BatchStatus
from importer.domain.imports import ImportStatus, Reason
from importer.domain.rows import Outcome, RowError
from importer.domain.sentences import sentences
from importer.domain.steps import Step
from importer.ports import Ports
from importer.services.dispatch import Dispatch
from importer.services.payloads import unpack


class Closing:
    def __init__(self, ports: Ports, dispatch: Dispatch) -> None:
        self._ports = ports
        self._dispatch = dispatch

    async def finish(self, step: Step) -> None:
        """Everything is confirmed: complete the import and let the next one of its lane go."""
        state = await self._ports.imports.get(step.target)
        if state.settled and not state.ended:
            await self._ports.imports.record_ended(state.id, ImportStatus.COMPLETED)
            await self._dispatch.fill(state)

    async def abandon(self, import_id: str, status: ImportStatus, reason: Reason) -> None:
        """End it now. What was not sent is `not_sent`; what the shop may have taken is `unknown`."""
        errors: list[RowError] = []
        for batch in await self._ports.batches.of(import_id, OPEN):
            errors += await self._left(batch, reason)
        await self._ports.imports.record_ended(import_id, status, reason=reason, errors=errors)
        await self._dispatch.fill(await self._ports.imports.get(import_id))

    async def _left(self, batch: Batch, reason: Reason) -> list[RowError]:
        sent = batch.status is not BatchStatus.WAITING
        outcome = Outcome.UNKNOWN if sent else Outcome.NOT_SENT
        text = (
            "The shop may have taken this row; it has not confirmed it." if sent else "The row was not sent."
        )
        fix = "Look at it in the shop, then import it again." if sent else "Import it again."
        sentence = sentences(text, reason.text)
        operations = await unpack(self._ports.files, batch)
        return [operation.error(outcome, reason.code, sentence, fix) for operation in operations]
