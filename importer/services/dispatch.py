"""Which batches may go now, and when an import is done: decisions about the queue, made from the state alone."""

from importer.domain.batches import IN_FLIGHT, Batch, BatchStatus
from importer.domain.imports import Import
from importer.domain.steps import Step, StepKind
from importer.domain.timing import backoff
from importer.ports import Ports
from importer.services.intake import prepare_step


class Dispatch:
    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def fill(self, state: Import) -> None:
        """Publish `deliver` for as many waiting batches as the shop has free places.

        A phase begins when every operation of the ones before it is final. Imports of one entity into one shop go one
        after the other: overlapping writes of one SKU corrupt a Magento shop for good, and two files may name the same
        SKU. Within a file every key is unique, so its batches may overlap. A dry run writes nothing and waits for nobody.
        """
        head = state if state.dry_run else await self._first_in_lane(state)
        if head is None or not head.may_send:
            return
        limit = self._ports.shops.limits(head.shop).batches_in_flight
        free = limit if head.dry_run else limit - await self._ports.batches.in_flight(head.shop)
        for batch in await self._ports.batches.next(head.id, limit=max(0, free)):
            if batch.phase and not head.read_whole:
                return  # an earlier phase may still get batches from the rest of the file
            delay = backoff(batch.tries) if batch.tries else 0.0
            await self._ports.queue.publish(batch_step(StepKind.DELIVER, batch, head), delay=delay)

    async def _first_in_lane(self, state: Import) -> Import | None:
        """The import whose turn it is: one that has batches in flight, else the oldest that nobody has stopped."""
        lane = [
            other
            for other in await self._ports.imports.unfinished()
            if other.shop == state.shop and other.entity == state.entity and not other.dry_run
        ]
        for other in lane:
            if await self._ports.batches.of(other.id, IN_FLIGHT, limit=1):
                return other
        return next((other for other in lane if not other.stopped), None)

    async def finish_if_settled(self, import_id: str) -> None:
        state = await self._ports.imports.get(import_id)
        if not state.ended and (state.settled or state.cancelling):
            await self._ports.queue.publish(closing_step(state))

    async def sweep(self, only: str | None = None) -> None:
        """Publish every step that the state asks for. Those already queued stay; lost ones come back."""
        for state in await self._ports.imports.unfinished():
            if state.shop not in self._ports.shops.names():
                continue  # its shop was taken out of the settings: it waits until the shop is back
            if only not in (None, state.id):
                continue
            if not state.read_whole:
                await self._ports.queue.publish(prepare_step(state))
            for batch in await self._ports.batches.of(state.id, IN_FLIGHT):
                kind = StepKind.TRACK if batch.status is BatchStatus.SENT else StepKind.DELIVER
                await self._ports.queue.publish(batch_step(kind, batch, state))
            await self.fill(state)
            await self.finish_if_settled(state.id)


def closing_step(state: Import) -> Step:
    return Step(kind=StepKind.FINISH, target=state.id, shop=state.shop, entity=state.entity)


def batch_step(kind: StepKind, batch: Batch, state: Import) -> Step:
    return Step(kind=kind, target=batch.id, shop=state.shop, entity=state.entity)
