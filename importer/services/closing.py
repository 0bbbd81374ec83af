"""Closing an import, whatever the reason: afterwards every row that was read has its final outcome."""

from importer.domain.batches import OPEN, Batch, BatchStatus
from importer.domain.imports import ImportStatus, Reason
from importer.domain.rows import Outcome, RowError
from importer.domain.sentences import sentences
from importer.domain.steps import Step
from importer.ports import Ports
from importer.services.dispatch import Dispatch
from importer.services.needs import Needs
from importer.services.payloads import unpack


class Closing:
    def __init__(self, ports: Ports, dispatch: Dispatch) -> None:
        self._ports = ports
        self._dispatch = dispatch
        self._needs = Needs(ports)

    async def finish(self, step: Step) -> None:
        """Everything is confirmed: complete the import and let the next one of its lane go."""
        state = await self._ports.imports.get(step.target)
        if state.settled and not state.ended:
            await self._ports.imports.record_ended(state.id, ImportStatus.COMPLETED)
            await self._dispatch.fill(state)

    async def abandon(self, import_id: str, status: ImportStatus, reason: Reason) -> None:
        """End it now. What was not sent is `not_sent`; what the shop may have taken is `unknown`."""
        errors: dict[int, RowError] = {}
        left = await self._ports.batches.of(import_id, OPEN)
        for batch in sorted(left, key=lambda one: one.phase):  # a row counts once, by its first operation
            found = [error for error in await self._left(batch, reason) if error.row not in errors]
            errors |= {error.row: error for error in found}
        await self._ports.imports.record_ended(import_id, status, reason=reason, errors=list(errors.values()))
        await self._dispatch.fill(await self._ports.imports.get(import_id))

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
        fix = "Look at it in the shop, then import it again." if sent else "Import it again."
        sentence = sentences(text, reason.text)
        operations = await unpack(self._ports.files, batch)
        settled = await self._needs.settled(batch, operations)
        return [
            operation.error(outcome, reason.code, sentence, fix)
            for operation in operations
            if operation.row not in settled
        ]
