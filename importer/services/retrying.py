"""Retrying: rows of an ended import go again as a further attempt of it, from the batches that were kept.

Rows that the shop may still be working on are not sent again: their batch is opened again and its fate found out.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from importer.domain.batches import Batch, BatchStatus, NewBatch, Operation
from importer.domain.commands import Attempt, Command, Retry, files_removed, outcomes_of, refusal
from importer.domain.errors import RequestError, Untimely
from importer.domain.imports import Import
from importer.domain.rows import Outcome
from importer.ports import Ports
from importer.services.dispatch import Dispatch
from importer.services.kept import mapping_of
from importer.services.payloads import folder, pack, unpack

FIRST_RETRY = 2
AT_ONCE = 50
"""Kept batches that are asked for in one query."""


class Retrying:
    def __init__(self, ports: Ports, dispatch: Dispatch) -> None:
        self._ports = ports
        self._dispatch = dispatch

    async def retry(self, import_id: str, retry: Retry, command: Command) -> Import:
        """Begin the next attempt; the import as it is afterwards. A retry that is under way already is that one.

        Raises UnknownName, Untimely (nothing to retry, or not now), RequestError (outcomes that cannot go again).
        """
        outcomes_of(sorted(retry.outcomes))
        if retry.attempt is not None and retry.attempt < FIRST_RETRY:
            raise RequestError(
                f"A retry is attempt {FIRST_RETRY} or a later one, not {retry.attempt}.", code="retry.attempt"
            )
        state = await self._ports.imports.get(import_id)
        if retry.attempt is not None and retry.attempt <= state.attempt:
            return state
        if _under_way(state, retry):
            return state
        await self._require(state, retry)
        attempt = await self._attempt(state, retry)
        if not await self._ports.commands.record_retried(import_id, attempt, command):
            await self._require_files(import_id)
        await self._dispatch.sweep(import_id)
        return await self._ports.imports.get(import_id)

    async def _require(self, state: Import, retry: Retry) -> None:
        """Raises Untimely with the sentence that says why not."""
        if not state.ended:
            raise Untimely(refusal("retry", state), code="retry.untimely")
        if retry.attempt is not None and retry.attempt > state.attempt + 1:
            text = f"The next attempt of import {state.id} is {state.attempt + 1}, not {retry.attempt}."
            raise Untimely(text, code="retry.attempt")
        if state.files_removed:
            raise Untimely(files_removed(state), code="files.removed")
        if state.dry_run:
            text = f"Import {state.id} was a dry run: it has nothing to retry. Import the file without it."
            raise Untimely(text, code="retry.dry_run")
        if state.too_many_errors:
            text = (
                f"Import {state.id} ended because too many rows are wrong. Mend the file and import it again."
            )
            raise Untimely(text, code="retry.too_many")
        _require_rows(state, retry.outcomes)

    async def _require_files(self, import_id: str) -> None:
        """What was written for the attempt goes too, when the files were removed meanwhile. Raises Untimely."""
        state = await self._ports.imports.get(import_id)
        if state.files_removed:
            await self._ports.files.remove(folder(import_id))
            raise Untimely(files_removed(state), code="files.removed")

    async def _require_safe(self, state: Import, rows: int) -> None:
        """So many rows that the shop may have done are about to be sent again. Raises Untimely."""
        if not (await mapping_of(self._ports, state)).request.idempotent:
            raise Untimely(
                f"{rows:,} rows of import {state.id} are unknown: the shop may have done them, "
                "and the mapping's request is not safe to repeat. Look at them in the shop; then leave the outcome "
                "`unknown` out, or insist (--even-unsafe, in the API even_unsafe).",
                code="retry.unsafe",
            )

    async def _attempt(self, state: Import, retry: Retry) -> Attempt:
        outcomes, number = retry.outcomes, state.attempt + 1
        found = await self._reopened(state) if Outcome.UNKNOWN in outcomes else Reopened()
        unclear = state.counts.get(Outcome.UNKNOWN, 0) - len(found.rows)
        if Outcome.UNKNOWN in outcomes and unclear > 0 and not retry.even_unsafe:
            await self._require_safe(state, unclear)
        packing = _Packing(self._ports, state, f"{state.id}.a{number}-{secrets.token_hex(3)}")
        await self._pack(state, outcomes, found, packing)
        return Attempt(number=number, outcomes=outcomes, batches=packing.batches, reopened=found.batches)

    async def _reopened(self, state: Import) -> "Reopened":
        """Batches that were given up while the shop may have had them, and their rows.

        The newest first: an older one with the same rows was never taken by the shop, or they would not have gone again.
        """
        found = Reopened()
        for batch in reversed(await self._ports.batches.of(state.id, {BatchStatus.ABANDONED})):
            if batch.sending_at is None:
                continue
            rows = {operation.row for operation in await unpack(self._ports.files, batch)}
            if rows <= await self._among(state, {Outcome.UNKNOWN}, rows) - found.rows:
                found.batches.append(batch)
                found.rows |= rows
                found.to_the_end |= rows if batch.follow_up else set()
        return found

    async def _among(self, state: Import, outcomes: Collection[Outcome], rows: Collection[int]) -> set[int]:
        """Rows between the first and the last of these that ended so."""
        return await self._ports.commands.among(state.id, outcomes, first=min(rows), last=max(rows))

    async def _pack(
        self, state: Import, outcomes: frozenset[Outcome], found: "Reopened", packing: "_Packing"
    ) -> None:
        after = 0
        while kept := await self._ports.commands.originals(state.id, after=after, limit=AT_ONCE):
            for batch in kept:
                operations = await unpack(self._ports.files, batch)
                rows = [operation.row for operation in operations]
                elsewhere = found.to_the_end if batch.follow_up else found.rows
                again = await self._among(state, outcomes, rows) - elsewhere
                await packing.add(batch, [operation for operation in operations if operation.row in again])
            after = kept[-1].number
        await packing.close()


@dataclass
class Reopened:
    """Batches whose fate is still to be found out, and their rows. Of a row `to_the_end` its last operation is among
    them; what follows on the others has to go again."""

    batches: list[Batch] = field(default_factory=list)
    rows: set[int] = field(default_factory=set)
    to_the_end: set[int] = field(default_factory=set)


@dataclass
class _Filling:
    """A batch that is being filled; `source` is where its first operation comes from, `weight` is in bytes."""

    source: Batch
    operations: list[Operation] = field(default_factory=list)
    weight: int = 0


class _Packing:
    """Fills batches with operations of kept ones: each of one phase and for one scope, within the shop's limits."""

    def __init__(self, ports: Ports, state: Import, name: str) -> None:
        self._ports = ports
        self._name = name
        self._limits = ports.shops.limits(state.shop)
        self._open: dict[tuple[int, str], _Filling] = {}
        self.batches: list[NewBatch] = []

    async def add(self, source: Batch, operations: Sequence[Operation]) -> None:
        place = source.phase, source.scope
        for operation in operations:
            weight = len(operation.payload) + 1  # with its comma
            filling = self._open.get(place)
            if filling and (
                len(filling.operations) >= self._limits.batch_size
                or filling.weight + weight > self._limits.batch_bytes
            ):
                await self._close(place)
            filling = self._open.setdefault(place, _Filling(source))
            filling.operations.append(operation)
            filling.weight += weight

    async def close(self) -> None:
        for place in list(self._open):
            await self._close(place)

    async def _close(self, place: tuple[int, str]) -> None:
        filled = self._open.pop(place)
        name = f"{self._name}.{len(self.batches) + 1}"
        self.batches.append(
            await pack(self._ports.files, name, filled.operations, parent=filled.source, tries=0)
        )


def _under_way(state: Import, retry: Retry) -> bool:
    """Whether a retry that was begun already has left this one nothing to do."""
    left = any(state.counts.get(outcome) for outcome in retry.outcomes)
    return state.attempt > 1 and not state.ended and not state.cancelling and not left


def _require_rows(state: Import, outcomes: frozenset[Outcome]) -> None:
    """Raises Untimely."""
    words = " or ".join(outcome.value for outcome in Outcome if outcome in outcomes)
    unread = not state.read_whole and Outcome.NOT_SENT in outcomes
    if not unread and not any(state.counts.get(outcome) for outcome in outcomes):
        text = f"No row of import {state.id} is {words}: there is nothing to retry."
        raise Untimely(text, code="retry.nothing")
    if not state.read_whole and not unread:
        text = f"The file of import {state.id} was not read to its end: retry the outcome not_sent as well."
        raise Untimely(text, code="retry.unread")
