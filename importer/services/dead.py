"""Dead steps: the import that needs one says so, everything else goes on without it."""

from importer.domain.batches import IN_FLIGHT
from importer.domain.errors import UnknownName
from importer.domain.imports import Import, ImportStatus, Reason
from importer.domain.steps import DeadStep, StepKind
from importer.ports import Ports
from importer.services.closing import Closing

DEFECT = "defect"


class DeadSteps:
    def __init__(self, ports: Ports, closing: Closing) -> None:
        self._ports = ports
        self._closing = closing

    async def tell(self, only: str | None = None) -> None:
        """Each import with a dead step waits and says for what. One whose patience has a limit ends: a person who sits
        at a terminal cannot give steps back."""
        for dead in await self._ports.ledger.dead():
            if only not in (None, dead.import_id):
                continue
            state = await self._import(dead)
            if state is not None and not state.ended and state.patience is not None:
                await self._closing.abandon(state.id, ImportStatus.FAILED, failure(dead))
                state = None
            if state is None or state.ended:
                await self._ports.ledger.forget([dead.step])
                continue
            await self._free_place(dead)
            if not await self._under_way(state, dead):
                await self._ports.imports.record_waiting(state.id, obstacle(dead))

    async def _import(self, dead: DeadStep) -> Import | None:
        try:
            return await self._ports.imports.get(dead.import_id)
        except UnknownName:
            return None

    async def _free_place(self, dead: DeadStep) -> None:
        """What nobody asks the shop about must not hold up what could go there."""
        if dead.step.kind not in (StepKind.DELIVER, StepKind.TRACK):
            return
        batch = await self._ports.batches.get(dead.step.target)
        if batch.status in IN_FLIGHT and not batch.lagging:
            await self._ports.batches.record_lagging(batch, left=batch.operations)

    async def _under_way(self, state: Import, dead: DeadStep) -> bool:
        """Something else of the import: then it does not wait yet."""
        batches = await self._ports.batches.of(state.id, IN_FLIGHT, limit=2)
        return any(batch.id != dead.step.target and not batch.lagging for batch in batches)


def obstacle(dead: DeadStep) -> Reason:
    """Why the import waits."""
    text = (
        f"The step {dead.step.kind} of {dead.step.target} is dead: {dead.reason} `importer consumers dead` shows it; with "
        "--requeue it is tried again. Everything else goes on."
    )
    return Reason(code=DEFECT, text=text)


def failure(dead: DeadStep) -> Reason:
    text = f"A defect of importer stopped the step {dead.step.kind} of {dead.step.target}: {dead.reason} Its log holds the details."
    return Reason(code=DEFECT, text=text)
