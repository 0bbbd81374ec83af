"""Which batches may go now, and when an import is done: decisions about the queue, made from the state alone."""

from collections import deque
from collections.abc import Sequence

from importer.domain.batches import IN_FLIGHT, Batch, BatchStatus
from importer.domain.history import TURN
from importer.domain.imports import Import, Reason
from importer.domain.steps import Step, StepKind
from importer.domain.timing import backoff
from importer.ports import Ports
from importer.services.intake import prepare_step
from importer.services.pacing import Pacing
from importer.services.turns import Turns

LOOK_AHEAD = 8
"""Batches of an import that are looked at to find one that need not wait for another import."""


class Dispatch:
    def __init__(self, ports: Ports, pacing: Pacing) -> None:
        self._ports = ports
        self._pacing = pacing
        self._turns = Turns(ports)

    async def fill(self, state: Import) -> None:
        """Publish `deliver` for as many waiting batches as the shop has free places.

        Places go to the import that has fewest batches in flight, so that a small upload need not wait for a large one.
        A dry run writes nothing and waits for nobody.
        """
        if state.shop not in self._ports.shops.names():
            return  # it was taken out of the settings
        if state.dry_run:
            for batch in await self._offered(
                state, (), limit=self._ports.shops.limits(state.shop).batches_in_flight
            ):
                await self._publish(state, batch)
            return
        given = await self._ports.batches.in_flight(state.shop)
        free = (await self._pacing.get(state.shop)).most - sum(given.values())
        if free <= 0:
            return
        under_way = [other for other in await self._ports.imports.unfinished(state.shop) if not other.dry_run]
        self._turns.forget(state.shop, {other.id for other in under_way})
        offers: dict[str, deque[Batch]] = {}
        asking = list(under_way)
        while asking and free > 0:
            head = min(asking, key=lambda other: (given.get(other.id, 0), other.id))
            if head.id not in offers:
                elders = [other for other in under_way if other.id < head.id and other.entity == head.entity]
                offers[head.id] = deque(await self._offered(head, elders, limit=free))
            if not offers[head.id]:
                asking.remove(head)
                continue
            await self._publish(head, offers[head.id].popleft())
            given[head.id] = given.get(head.id, 0) + 1
            free -= 1

    async def _offered(self, state: Import, elders: Sequence[Import], *, limit: int) -> list[Batch]:
        """Batches of the import that may go now.

        A phase begins when every operation of the ones before it is final. What an older import has yet to write goes
        first, and as long as it is not read whole nobody knows what that is.
        """
        if not state.may_send:
            return []
        wanted = max(limit, LOOK_AHEAD) if elders else limit
        waiting = await self._ports.batches.next(state.id, limit=wanted)
        if waiting and waiting[0].phase and not state.read_whole:
            return []  # an earlier phase may still get batches from the rest of the file
        firsts = [await self._first(batch, elders) for batch in waiting]
        offered = [batch for batch, first in zip(waiting, firsts, strict=True) if first is None]
        if not offered and firsts and firsts[0]:
            await self._wait_for_turn(state, firsts[0])
        return offered[:limit]

    async def _first(self, batch: Batch, elders: Sequence[Import]) -> Import | None:
        """The older import that goes before this batch."""
        unread = next((other for other in elders if not other.read_whole), None)
        return unread or await self._turns.before(batch, elders)

    async def _wait_for_turn(self, state: Import, first: Import) -> None:
        """Said only while nothing else of the import is under way."""
        if await self._ports.batches.of(state.id, IN_FLIGHT, limit=1):
            return
        held = f", which is {first.status}," if first.stopped and not first.cancelling else ""
        text = f"The import {first.id} ({first.kept.name}){held} came first and writes some of the same {state.entity} keys."
        await self._ports.imports.record_waiting(state.id, Reason(code=TURN, text=text))

    async def _publish(self, state: Import, batch: Batch) -> None:
        delay = backoff(batch.tries) if batch.tries else 0.0
        await self._ports.queue.publish(batch_step(StepKind.DELIVER, batch, state), delay=delay)

    async def finish_if_settled(self, import_id: str) -> None:
        state = await self._ports.imports.get(import_id)
        if not state.ended and (state.settled or state.cancelling):
            await self._ports.queue.publish(closing_step(state))

    async def sweep(self, only: str | None = None) -> None:
        """Publish every step that the state asks for. Those already queued stay; lost ones come back."""
        filled: set[str] = set()
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
            if state.dry_run or state.shop not in filled:
                await self.fill(state)
            if not state.dry_run:
                filled.add(state.shop)
            await self.finish_if_settled(state.id)


def closing_step(state: Import) -> Step:
    return Step(kind=StepKind.FINISH, target=state.id, shop=state.shop, entity=state.entity)


def batch_step(kind: StepKind, batch: Batch, state: Import) -> Step:
    return Step(kind=kind, target=batch.id, shop=state.shop, entity=state.entity)
