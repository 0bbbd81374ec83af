"""What an operation needs in the shop before it may go: a configurable its children, a store view's row its product."""

from collections.abc import Mapping as Dict, Sequence
from typing import Any

import orjson

from importer.domain.batches import Operation, needed
from importer.domain.imports import Import
from importer.domain.mapping import Mapping
from importer.domain.rows import Outcome, RowError
from importer.ports import Backend, Ports

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

    async def filled(
        self, mapping: Mapping, operations: Sequence[Operation], backend: Backend
    ) -> tuple[Sequence[Operation], list[RowError]]:
        """The operations with the shop's ids in place of references, and those for which the shop has none.

        Ids do not change while an import runs, so the same operations give the same payloads every time.
        """
        if not needed(operations):
            return operations, []
        wanted = {key for operation in operations if not operation.scope for key in operation.needs}
        ids = await backend.ids(mapping, wanted) if wanted else {}
        done, blocked = [], []
        for operation in operations:
            missing = [] if operation.scope else [key for key in operation.needs if key not in ids]
            if missing:
                named = ", ".join(missing[:SHOWN]) + (" ..." if len(missing) > SHOWN else "")
                text = f"It needs {named}, which the shop does not have."
                fix = "Add those rows to the file, or create them in the shop, and import this row again."
                blocked.append(operation.error(Outcome.BLOCKED, "needs.missing", text, fix))
            elif operation.needs and not operation.scope:
                payload = orjson.dumps(_replaced(orjson.loads(operation.payload), ids))
                operation = operation._replace(payload=payload)
            done.append(operation)
        return done, blocked


def _replaced(value: Any, ids: Dict[str, int]) -> Any:
    """`{"$id": key}` becomes the key's id."""
    if isinstance(value, list):
        return [_replaced(entry, ids) for entry in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"$id"}:
        return ids[str(value["$id"])]
    return {name: _replaced(entry, ids) for name, entry in value.items()}
