"""Delivering a batch: the intent is recorded before the act, and an unclear answer is resolved before a repeat."""

from collections.abc import Mapping as Dict, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from importer.domain.batches import (
    Batch,
    BatchStatus,
    NewBatch,
    Operation,
    Receipt,
    Sending,
    halves,
    keys_of,
    parts,
)
from importer.domain.errors import AnswerLost, BackendDenied, BackendRefused, BackendUnavailable
from importer.domain.imports import Import, Reason
from importer.domain.mapping import Mapping
from importer.domain.rows import Outcome, RowError
from importer.domain.sentences import sentences
from importer.domain.steps import Step, StepKind
from importer.domain.timing import backoff
from importer.ports import Backend, Ports
from importer.services.dispatch import Dispatch, batch_step
from importer.services.kept import mapping_of
from importer.services.needs import Needs
from importer.services.pacing import Pacing
from importer.services.payloads import pack, unpack

MOST_ATTEMPTS = 4
"""Sendings of one and the same request that got no answer, before its content is suspected."""
DESPERATE_ATTEMPTS = 10
"""The same for a shop that takes nothing else either: perhaps there is nothing else."""
EVIDENCE_SECONDS = 60.0
"""A bulk taken so lately shows that the shop takes bulks."""

LATER: Dict[Sending, float | None] = {Sending.LATE: None, Sending.FULL: 0.2, Sending.KEYS_IN_FLIGHT: 0.5}
"""Seconds after which a batch that may not go yet is tried again; whatever frees its place publishes it too."""

STOOD_STILL = Reason(
    code="shop.not_taken", text="The machine stood still before the request left; it is sent again."
)
INTERRUPTED = Reason(
    code="shop.no_answer", text="The process that sent it ended before it had an answer; the shop is asked."
)

CLOCK_SKEW = timedelta(minutes=10)
"""How far the shop's clock may stand behind ours when we look a bulk up by its time."""


class Delivery:
    """`prompt_seconds`: a request that did not leave within them after its intent does not leave at all. They are fewer
    than a lease has left, so nobody else has begun to look for it."""

    def __init__(self, ports: Ports, dispatch: Dispatch, pacing: Pacing, *, prompt_seconds: float) -> None:
        self._ports = ports
        self._prompt = timedelta(seconds=prompt_seconds)
        self._dispatch = dispatch
        self._pacing = pacing
        self._needs = Needs(ports)

    async def deliver(self, step: Step) -> float | None:
        """Seconds after which to come again, or None. Raises BackendUnavailable, BackendDenied."""
        batch = await self._ports.batches.get(step.target)
        state = await self._ports.imports.get(batch.import_id)
        if state.ended:
            return None
        if batch.status is BatchStatus.WAITING and not state.may_send:
            await self._dispatch.finish_if_settled(state.id)
            return None
        if state.dry_run:
            await self._rehearse(state, batch)
            return None
        if batch.status not in (BatchStatus.WAITING, BatchStatus.SENDING, BatchStatus.IN_DOUBT):
            return None
        await self._pacing.gate(state.shop)
        if batch.status is BatchStatus.WAITING:
            return await self._send(state, batch)
        return await self._resolve(state, batch)

    async def _rehearse(self, state: Import, batch: Batch) -> None:
        """A dry run ends at the last byte before the request; it has no client that could send."""
        operations = await self._due(batch)
        told = [operation._replace(preface="") for operation in operations]  # nothing was written here
        blocked = await self._needs.blocked(state, told)
        if blocked or len(told) < batch.operations:
            await self._block(state, batch, operations, blocked)
            return
        counts = {Outcome.NOT_SENT: sum(not operation.more for operation in operations)}
        await self._ports.batches.record_confirmed(batch, counts=counts, into=[], errors=[])
        await self._go_on(state)

    async def _due(self, batch: Batch) -> Sequence[Operation]:
        """Its operations, without those whose row came to its end in an earlier phase: they are dropped."""
        operations = await unpack(self._ports.files, batch)
        settled = await self._needs.settled(batch, operations)
        return [one for one in operations if one.row not in settled] if settled else operations

    async def _block(
        self, state: Import, batch: Batch, operations: Sequence[Operation], blocked: Sequence[RowError]
    ) -> None:
        """These operations cannot go; the others go on without them."""
        rows = {error.row for error in blocked}
        rest = [operation for operation in operations if operation.row not in rows]
        into = await self._pack(batch, [(f"{batch.id}.b", rest)] if rest else [])
        await self._ports.batches.record_blocked(batch, into=into, errors=blocked)
        await self._go_on(state)

    async def _send(self, state: Import, batch: Batch) -> float | None:
        mapping = await mapping_of(self._ports, state)
        backend = self._ports.shops.backend(state.shop)
        operations = await self._due(batch)
        dropped = len(operations) < batch.operations
        blocked = await self._needs.blocked(state, operations)
        if blocked or dropped:
            await self._block(state, batch, operations, blocked)
            return None
        pace = await self._pacing.get(state.shop)
        if len(operations) > pace.size:
            await self._split(state, batch, operations, pace.size)
            return None
        operations, blocked = await self._needs.filled(mapping, operations, backend)
        if blocked:
            await self._block(state, batch, operations, blocked)
            return None
        began = self._ports.clock.now()
        sending = await self._ports.batches.record_sending(batch, keys=keys_of(operations), most=pace.most)
        if sending is not Sending.RECORDED:
            return LATER[sending]
        return await self._submit(state, batch, mapping, operations, began)

    async def _split(self, state: Import, batch: Batch, operations: Sequence[Operation], size: int) -> None:
        """The shop gets smaller batches now than when this one was cut."""
        pieces = parts(operations, size)
        into = await self._pack(batch, [(f"{batch.id}.p{n}", part) for n, part in enumerate(pieces, 1)])
        await self._ports.batches.record_split(batch, into=into)
        await self._go_on(state)

    async def _submit(
        self, state: Import, batch: Batch, mapping: Mapping, operations: Sequence[Operation], began: datetime
    ) -> float | None:
        """The intent is recorded; now the act. A machine that was asleep in between has lost its lease: others looked for
        the batch, found nothing and may have sent it."""
        intended, began = began, self._ports.clock.now()
        batch = replace(batch, status=BatchStatus.SENDING, attempt=batch.attempt + 1, sending_at=began)
        if began - intended > self._prompt:
            return 0.0 if await self._ports.batches.record_not_taken(batch, STOOD_STILL) else None
        try:
            backend = self._ports.shops.backend(state.shop)
            receipt = await backend.submit(mapping.in_phase(batch.phase), operations)
        except BackendRefused as error:
            self._pacing.met(state.shop, error)
            await self._refused(state, batch, operations, Reason(code=error.code, text=error.text))
            return None
        except AnswerLost as error:
            self._pacing.met(state.shop, error)
            return await self._unanswered(state, batch, error)
        except (BackendUnavailable, BackendDenied) as error:
            await self._ports.batches.record_not_taken(batch, Reason(code=error.code, text=error.text))
            raise
        await self._sent(state, batch, receipt)
        await self._pacing.taken(batch, (self._ports.clock.now() - began).total_seconds())
        return None

    async def _unanswered(self, state: Import, batch: Batch, error: AnswerLost) -> float | None:
        """In doubt, and the import says why it waits; what is settled is looked up at once."""
        reason = Reason(code=error.code, text=error.text)
        await self._ports.batches.record_in_doubt(batch, reason)
        await self._ports.imports.record_waiting(state.id, reason)
        await self._pacing.trouble(
            state.shop, sent_at=batch.sending_at, reason=reason, smaller=not error.settled
        )
        if not error.settled:
            return self._unsettled(batch)
        doubtful = await self._ports.batches.get(batch.id)
        if doubtful.status is not BatchStatus.IN_DOUBT:
            return None
        return await self._look_up(await self._ports.imports.get(state.id), doubtful)

    async def _sent(self, state: Import, batch: Batch, receipt: Receipt) -> None:
        if await self._ports.batches.record_sent(batch, receipt):
            await self._ports.queue.publish(batch_step(StepKind.TRACK, batch, state))

    def _unsettled(self, batch: Batch) -> float:
        """Seconds until an answer that is lost now can no longer be on its way into the shop."""
        settle = self._ports.shops.limits(batch.shop).settle_seconds
        since = (self._ports.clock.now() - batch.sending_at).total_seconds() if batch.sending_at else settle
        return max(0.0, settle - since)

    async def _resolve(self, state: Import, batch: Batch) -> float | None:
        """The request left and no answer was recorded: find its bulk, and only then send again (design promise 1)."""
        if (wait := self._unsettled(batch)) > 0:
            if (
                batch.status is BatchStatus.SENDING
            ):  # a process ended here; else the shop's words are told already
                await self._tell_in_doubt(batch, wait)
            return wait
        if batch.status is BatchStatus.SENDING:
            await self._ports.batches.record_in_doubt(batch, INTERRUPTED)
        return await self._look_up(state, batch)

    async def _tell_in_doubt(self, batch: Batch, wait: float) -> None:
        at = self._ports.clock.now() + timedelta(seconds=wait)
        text = (
            f"No answer was seen for batch {batch.number}, perhaps because importer was stopped. "
            f"It is looked up in the shop at {at:%H:%M:%S} UTC, before anything is sent again."
        )
        await self._ports.imports.record_waiting(batch.import_id, Reason(code="shop.answer_lost", text=text))

    async def _look_up(self, state: Import, batch: Batch) -> float | None:
        mapping = await mapping_of(self._ports, state)
        backend = self._ports.shops.backend(state.shop)
        kept = await unpack(self._ports.files, batch)
        operations, _ = await self._needs.filled(mapping, kept, backend)
        mapping = mapping.in_phase(batch.phase)
        since = (batch.sending_at or self._ports.clock.now()) - CLOCK_SKEW
        known = await self._ports.batches.receipts(state.shop, since)
        receipt = await backend.find(mapping, operations, since=since, known=known)
        if receipt is not None:
            await self._sent(state, batch, receipt)
            return None
        if not mapping.request.idempotent:
            await self._lost(state, batch, operations)
            return None
        return await self._repeat(state, batch, operations, backend)

    async def _repeat(
        self,
        state: Import,
        batch: Batch,
        operations: Sequence[Operation],
        backend: Backend,
    ) -> float | None:
        """The shop does not hold it. Send again; after several silences suspect the content, if the shop takes others.

        Raises BackendUnavailable, so that the import waits and its patience counts, while nothing shows that it does.
        """
        tried = batch.attempt >= MOST_ATTEMPTS
        if tried and (batch.attempt >= DESPERATE_ATTEMPTS or await self._takes_others(batch)):
            await backend.probe()
            text = f"The shop gave no clear answer to this request in {batch.attempt} attempts, though it answers others."
            says = f"It last said: {state.waiting.text}" if state.waiting else ""
            reason = Reason(code="shop.no_answer", text=sentences(text, says))
            await self._refused(state, batch, operations, reason)
            return None
        then = "it is sent again" if state.may_send else "it can be sent again, or left"
        reason = Reason(code="shop.not_taken", text=f"The shop holds no such bulk; {then}.")
        await self._ports.batches.record_not_taken(batch, reason)
        if tried:
            said = state.waiting or reason
            raise BackendUnavailable(said.text, code=said.code)
        return backoff(batch.attempt, first=0.5)

    async def _takes_others(self, batch: Batch) -> bool:
        """Whether the shop has taken any bulk lately: then it is this one that it does not like."""
        lately = self._ports.clock.now() - timedelta(seconds=EVIDENCE_SECONDS)
        return bool(await self._ports.batches.receipts(batch.shop, lately))

    async def _lost(self, state: Import, batch: Batch, operations: Sequence[Operation]) -> None:
        text = "The shop gave no answer and holds no such bulk; this request is not safe to repeat."
        errors = [
            op.error(Outcome.UNKNOWN, "shop.no_answer", text, "Look at it in the shop.") for op in operations
        ]
        counts = {Outcome.UNKNOWN: len(operations)}
        await self._ports.batches.record_confirmed(batch, counts=counts, into=[], errors=errors)
        await self._go_on(state)

    async def _refused(
        self, state: Import, batch: Batch, operations: Sequence[Operation], reason: Reason
    ) -> None:
        """A refused request names no culprit (contract S2): halve it until one operation stands alone."""
        if len(operations) == 1:
            fix = "Correct the row as the shop's sentence says and import it again."
            errors = [operations[0].error(Outcome.FAILED, reason.code, reason.text, fix)]
            await self._ports.batches.record_refused(batch, reason, into=[], errors=errors)
        else:
            into = await self._pack(
                batch, [(f"{batch.id}.{n}", half) for n, half in enumerate(halves(operations), 1)]
            )
            await self._ports.batches.record_refused(batch, reason, into=into, errors=[])
        await self._go_on(state)

    async def _pack(self, batch: Batch, pieces: Sequence[tuple[str, Sequence[Operation]]]) -> list[NewBatch]:
        """The batches, by their ids, in which operations of this one go on."""
        return [
            await pack(self._ports.files, name, piece, parent=batch, tries=batch.tries)
            for name, piece in pieces
        ]

    async def _go_on(self, state: Import) -> None:
        await self._dispatch.fill(state)
        await self._dispatch.finish_if_settled(state.id)
