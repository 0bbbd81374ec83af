"""What an operation needs in the shop before it may go: a configurable its children, links their targets."""

from collections.abc import Sequence

from importer.domain.batches import Batch, Operation, Parcel, needed
from importer.domain.imports import Import
from importer.domain.mapping import Mapping
from importer.domain.rows import Outcome, RowError
from importer.ports import Backend, Ports
from importer.transform import references

SHOWN = 5
"""Keys that a sentence names."""


class Needs:
    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def blocked(self, state: Import, operations: Sequence[Operation]) -> list[RowError]:
        """Operations that need a row of this import which did not succeed; each names it."""
        wanted = needed(operations)
        if not wanted:
            return []
        failing = await self._ports.rows.failing(state.id, wanted)
        found = []
        for operation in operations:
            bad = [key for key in operation.needs if key in failing]
            if bad:
                named = ", ".join(f"{key} (record {failing[key]})" for key in bad[:SHOWN])
                more = f" and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
                text = f"It needs {named}{more}, which did not succeed."
                fix = "Mend those rows and import them together with this one."
                found.append(operation.error(Outcome.BLOCKED, "needs.failed", text, fix))
        return found

    async def settled(self, batch: Batch, operations: Sequence[Operation]) -> set[int]:
        """Rows that came to their end before these operations of a later phase: those did not succeed at first."""
        if not batch.follow_up:
            return set()
        return await self._ports.rows.settled(batch.import_id, [operation.row for operation in operations])

    async def filled(
        self, mapping: Mapping, operations: Sequence[Operation], backend: Backend
    ) -> tuple[Sequence[Operation], list[RowError]]:
        """The operations with what the shop has in place of references, and those for which it lacks something.

        Ids do not change while an import runs, so the same operations give the same payloads every time. The mapping is
        the one of the rows themselves, whatever the phase: its request says where they are searched for.
        """
        if not _refer(operations):
            return operations, []
        named = [references.keys(operation.payload) for operation in operations]
        wanted = {key for keys in named for key in keys}
        ids = await backend.ids(mapping, wanted) if wanted else {}
        done, blocked = [], []
        for operation, keys in zip(operations, named, strict=True):
            missing = [key for key in keys if key not in ids]
            if missing:
                named_ones = ", ".join(missing[:SHOWN]) + (" ..." if len(missing) > SHOWN else "")
                text = f"It needs {named_ones}, which the shop does not have."
                fix = "Add those rows to the file, or create them in the shop, and import this row again."
                blocked.append(operation.error(Outcome.BLOCKED, "needs.missing", text, fix))
                done.append(operation)
            else:
                payload = references.filled(operation.payload, operation.key, ids)
                done.append(operation._replace(payload=payload))
        return done, blocked


def _refer(operations: Sequence[Operation]) -> bool:
    if isinstance(operations, Parcel):
        return references.are_in(operations.payloads)
    return any(references.are_in(operation.payload) for operation in operations)
