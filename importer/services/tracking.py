"""Tracking a batch: done means no open operation and as many final ones as were sent; the bulk's own status is not asked.

(contract S9, S19, S21)
"""

from collections.abc import Sequence
from datetime import datetime

from importer.domain.batches import Batch, BatchStatus, NewBatch, Operation, OperationStatus, Receipt
from importer.domain.errors import BackendError
from importer.domain.failures import ROW_OUTCOME, Verdict, classify
from importer.domain.imports import Import, Reason
from importer.domain.rows import Outcome, RowError, plural
from importer.domain.steps import Step
from importer.domain.timing import LONGEST, SHORTEST
from importer.domain.watching import Watch
from importer.ports import Ports
from importer.services.dispatch import Dispatch
from importer.services.kept import mapping_of
from importer.services.pacing import Pacing
from importer.services.payloads import pack, unpack

MOST_TRIES = 3
"""How often an operation is sent again after a failure that passes (deadlock, lock wait)."""

FORGOTTEN_SECONDS = 600.0
"""After so long a bulk that the shop does not know is taken to be gone: it is written before its receipt is given."""

SILENT = "The shop has not said for {hours:.3g} hours what became of this row."
FORGOTTEN = (
    "The shop took this row and no longer knows the bulk it travelled in; it may have been done. Magento keeps bulks for "
    "60 days; a shop restored from a backup has lost them."
)

STALLED = (
    "The shop has taken {rows} and confirmed nothing for {seconds}. Probably no consumer "
    "runs, or it is busy with other work. On the shop's host: bin/magento queue:consumers:start async.operations.all"
)

EMPTY = "The shop calls this row done, but shows nothing of what came of it, as it does for others; perhaps it was not done."

FIXES = {
    Outcome.FAILED: "Correct the row as the shop's sentence says and import it again.",
    Outcome.UNKNOWN: "Look at it in the shop, then import it again.",
}


class Tracking:
    def __init__(self, ports: Ports, dispatch: Dispatch, pacing: Pacing) -> None:
        self._ports = ports
        self._dispatch = dispatch
        self._pacing = pacing
        self._watch = Watch()
        self._answering: set[tuple[str, str, int]] = set()
        """Shop, mapping and phase whose successes show their entity."""

    async def track(self, step: Step) -> float | None:
        """Seconds after which to come again, or None. Raises BackendUnavailable, BackendDenied."""
        batch = await self._ports.batches.get(step.target)
        state = await self._ports.imports.get(batch.import_id)
        if state.ended or batch.status is not BatchStatus.SENT or batch.bulk_uuid is None:
            return None
        age = _age(batch, self._ports.clock.now())
        limits = self._ports.shops.limits(state.shop)
        if (early := self._watch.too_early(batch, age)) > 0 and age < limits.stall_seconds:
            return min(early, limits.stall_seconds - age)
        backend, receipt = self._ports.shops.backend(state.shop), Receipt(bulk_uuid=batch.bulk_uuid)
        try:
            await self._pacing.gate(state.shop)
            seen = await backend.poll(receipt, operations=batch.operations)
        except BackendError:
            self._watch.forget(state.shop)
            raise
        give_up = limits.give_up_seconds
        given_up = age >= give_up or (not seen.known and age >= FORGOTTEN_SECONDS)
        if seen.statuses is None and not given_up:
            await self._note_lag(state, batch, seen.done, age)
            again = min(self._watch.again(batch, age, seen.done), give_up - age)
            return again if seen.done else min(again, await self._note_stall(state, batch, age))
        self._watch.done(batch, age)
        statuses = await backend.details(receipt) if seen.statuses is None else seen.statuses
        final = {s.position: s for s in statuses if classify(s) is not Verdict.OPEN}
        await self._confirm(
            state, batch, final, silence=SILENT.format(hours=give_up / 3600) if seen.known else FORGOTTEN
        )
        return None

    async def _note_lag(self, state: Import, batch: Batch, done: int, age: float) -> None:
        """A queue is first in, first out: what stays open while later batches are confirmed was lost, or hangs. The
        batch is asked about until the shop is given up, and its place goes to another one."""
        late = age >= self._ports.shops.limits(batch.shop).stall_seconds
        if batch.lagging or not late or not await self._ports.batches.overtaken(batch):
            return
        if await self._ports.batches.record_lagging(batch, left=batch.operations - done):
            await self._dispatch.fill(state)

    async def _note_stall(self, state: Import, batch: Batch, age: float) -> float:
        """Of a batch of which nothing is confirmed: the most seconds until it is asked for again. A queue is first in,
        first out: while the oldest batch moves, the others only wait for their turn. The oldest is looked at when a stall
        would have to be said, and no less often while there is one: then it is soon seen that the shop goes on."""
        still = (self._ports.clock.now() - state.updated_at).total_seconds()
        seconds = self._ports.shops.limits(batch.shop).stall_seconds
        sent = await self._ports.batches.of(state.id, {BatchStatus.SENT})
        oldest = next((one for one in sent if not one.lagging), None)
        if oldest is None or oldest.id != batch.id:
            return LONGEST
        left = seconds - min(age, still)
        if left > 0:
            return max(SHORTEST, left)
        text = STALLED.format(
            rows=plural(sum(one.operations for one in sent), "row"), seconds=plural(round(seconds), "second")
        )
        await self._ports.imports.record_waiting(state.id, Reason(code="shop.stalled", text=text))
        return max(SHORTEST, seconds)

    async def _confirm(
        self, state: Import, batch: Batch, final: dict[int, OperationStatus], *, silence: str
    ) -> None:
        """`silence` is what is said of operations without a final status."""
        again: list[Operation] = []
        counts: dict[Outcome, int] = {}
        errors: list[RowError] = []
        empty = self._empty(state, batch, final)
        repeatable = bool(empty) and await self._may_repeat(state, batch)
        for position, operation in enumerate(await unpack(self._ports.files, batch)):
            status = final.get(position)
            hollow = position in empty
            if (hollow and repeatable) or _goes_again(status, batch):
                again.append(operation)
                continue
            outcome, error = _outcome(operation, None if hollow else status, EMPTY if hollow else silence)
            if outcome is Outcome.SUCCEEDED and operation.more:
                continue  # its row goes on in a later phase
            counts[outcome] = counts.get(outcome, 0) + 1
            errors += [error] if error else []
        into = await self._pack_again(batch, again)
        if await self._ports.batches.record_confirmed(batch, counts=counts, into=into, errors=errors):
            await self._pacing.confirmed(batch, again=len(again))
        await self._dispatch.fill(state)
        await self._dispatch.finish_if_settled(state.id)

    def _empty(self, state: Import, batch: Batch, final: dict[int, OperationStatus]) -> set[int]:
        """Successes that show no entity, where the shop shows one for others of the kind: they may be none."""
        kind = state.shop, state.mapping, batch.phase
        done = {place for place, status in final.items() if classify(status) is Verdict.SUCCEEDED}
        if any(final[place].answered for place in done):
            self._answering.add(kind)
        return {place for place in done if not final[place].answered} if kind in self._answering else set()

    async def _may_repeat(self, state: Import, batch: Batch) -> bool:
        mapping = (await mapping_of(self._ports, state)).in_phase(batch.phase)
        return mapping.request.idempotent and batch.tries < MOST_TRIES

    async def _pack_again(self, batch: Batch, operations: Sequence[Operation]) -> list[NewBatch]:
        """What failed in passing travels on in a batch of its own."""
        if not operations:
            return []
        tries = batch.tries + 1
        return [await pack(self._ports.files, f"{batch.id}.r", operations, parent=batch, tries=tries)]


def _age(batch: Batch, now: datetime) -> float:
    return (now - batch.sent_at).total_seconds() if batch.sent_at else 0.0


def _goes_again(status: OperationStatus | None, batch: Batch) -> bool:
    return status is not None and classify(status) is Verdict.AGAIN and batch.tries < MOST_TRIES


def _outcome(
    operation: Operation, status: OperationStatus | None, silence: str
) -> tuple[Outcome, RowError | None]:
    outcome = ROW_OUTCOME[classify(status)] if status is not None else Outcome.UNKNOWN
    if outcome is Outcome.SUCCEEDED:
        return outcome, None
    text = status.text if status is not None else silence
    code = "shop.rejected" if outcome is Outcome.FAILED else "shop.unknown"
    return outcome, operation.error(outcome, code, text, FIXES[outcome])
