"""When the shop stands in the way: the import waits and says why; it fails only when somebody has set a limit."""

from importer.domain.batches import Batch
from importer.domain.errors import BackendDenied, BackendError, ShopClosed
from importer.domain.imports import Import, ImportStatus, Reason
from importer.domain.steps import Step, StepKind
from importer.ports import Ports
from importer.services.closing import Closing
from importer.services.pacing import Pacing

SHORTEST_WAIT, LONGEST_WAIT = 1.0, 60.0


class Obstacles:
    """Each import has its own patience; without one it waits for ever, as a service should."""

    def __init__(self, ports: Ports, closing: Closing, pacing: Pacing) -> None:
        self._ports = ports
        self._closing = closing
        self._pacing = pacing

    async def met(self, step: Step, error: BackendError) -> float | None:
        """Seconds after which to try again, or None when patience has ended."""
        self._pacing.met(step.shop, error)
        state, batch = await self._of(step)
        reason = Reason(code=error.code, text=error.text)
        if not state.ended:
            await self._ports.imports.record_waiting(state.id, reason)
        waited = self._waited(state)
        if state.patience is not None and (isinstance(error, BackendDenied) or waited > state.patience):
            await self._closing.abandon(state.id, ImportStatus.FAILED, reason)
            return None
        if isinstance(error, ShopClosed):
            return error.retry_after
        sent_at = batch.sending_at if batch else None
        closed = await self._pacing.shut(state.shop, error, sent_at=sent_at)
        return min(LONGEST_WAIT, max(SHORTEST_WAIT, waited / 4)) if closed is None else closed

    def _waited(self, state: Import) -> float:
        since = state.waiting_since
        return (self._ports.clock.now() - since).total_seconds() if since else 0.0

    async def _of(self, step: Step) -> tuple[Import, Batch | None]:
        if step.kind in (StepKind.PREPARE, StepKind.FINISH):
            return await self._ports.imports.get(step.target), None
        batch = await self._ports.batches.get(step.target)
        return await self._ports.imports.get(batch.import_id), batch
