"""The report of an import, put together from its state, its rows and its log."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import aiofiles

from importer.domain.commands import files_removed
from importer.domain.errors import RequestError, Untimely
from importer.domain.imports import Import
from importer.domain.rows import NEEDS_A_PERSON, Outcome, RowError
from importer.formats.reading import in_words
from importer.ports import Ports
from importer.services.kept import mapping_of
from importer.services.reporting import account, attempts, durations
from importer.services.reporting.layouts import LAYOUTS
from importer.services.reporting.repair import Repair
from importer.services.reporting.timeline import timeline

LISTED_ROWS = 10_000
"""Rows that a JSON report lists itself; beyond that it says so, and the files of rows hold all."""

LISTED = frozenset({*NEEDS_A_PERSON, Outcome.SKIPPED})
"""Outcomes whose rows are kept one by one."""

CHUNK_BYTES = 1 << 18


class Reporting:
    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def account(self, import_id: str, *, listed: int = LISTED_ROWS) -> dict[str, Any]:
        """What became of the rows, as plain data; of rows at most `listed` of each kind."""
        state = await self._ports.imports.get(import_id)
        found = await self._ports.rows.causes(import_id, each_text=account.OUR_SENTENCES)
        needing = account.needing(state)
        rows = await self._rows(import_id, needing, listed)
        skipped = await self._ports.rows.of(import_id, outcomes=[Outcome.SKIPPED], limit=listed)
        return {
            **account.summary(state),
            "equation_in_words": account.equation_in_words(state),
            "causes": account.causes(state, found),
            "rows": [account.row_document(error) for error in rows],
            "skipped": [account.row_document(error) for error in skipped],
            "rows_listed_up_to": listed,
            "earlier_attempts": [asdict(cause) for cause in await self._ports.commands.earlier(import_id)],
            "rows_needing_a_person": sum(state.counts.get(outcome, 0) for outcome in needing),
            "columns": dict(state.columns),
        }

    async def _rows(self, import_id: str, needing: Sequence[Outcome], listed: int) -> list[RowError]:
        """Those that need a correction come first: a shop that was away leaves many that only were not sent."""
        first = [outcome for outcome in needing if outcome is not Outcome.NOT_SENT]
        rows = await self._ports.rows.of(import_id, outcomes=first, limit=listed)
        left = listed - len({error.row for error in rows})
        if not left or Outcome.NOT_SENT not in needing:
            return rows
        return rows + await self._ports.rows.of(import_id, outcomes=[Outcome.NOT_SENT], limit=left)

    async def report(self, import_id: str, *, listed: int = LISTED_ROWS) -> dict[str, Any]:
        """Everything about the import: its account, its batches, its time line, its pace and where the time went."""
        document = await self.account(import_id, listed=listed)
        events = await self._ports.imports.events(import_id)
        told = attempts.stories(events)
        spent = durations.durations(events, self._ports.clock.now())
        return {
            **document,
            "batches": [
                {
                    "batch": batch.id,
                    "status": batch.status.value,
                    "operations": batch.operations,
                    "attempts": batch.attempt,
                    "bulk_uuid": batch.bulk_uuid,
                    "tries": batch.tries,
                    "phase": batch.phase,
                    "scope": batch.scope,
                    **(told[batch.id].document() if batch.id in told else {}),
                }
                for batch in await self._ports.batches.of(import_id)
            ],
            "timeline": [line.document() for line in timeline(events)],
            "pace": durations.pace(events),
            "time": durations.spent_document(spent),
        }

    async def write_rows(
        self, import_id: str, path: Path, layout: str = "csv", outcomes: Sequence[Outcome] = ()
    ) -> None:
        """Rows that did not succeed into a file at `path`, in the layout of the import's own file (`LAYOUTS`).

        Without `outcomes` those that need a person. Raises UnknownName, Untimely without the file, and RequestError when the layout cannot hold
        them; a file that was begun is left at `path`.
        """
        state = await self._ports.imports.get(import_id)
        if state.files_removed:
            raise Untimely(files_removed(state), code="files.removed")
        usual = in_words((await mapping_of(self._ports, state)).reading)
        async with self._ports.files.local(state.kept.file) as kept:
            repair = Repair(self._ports, state, kept, wanted(state, outcomes), usual)
            await LAYOUTS[layout](repair, path)

    async def rows(
        self, import_id: str, layout: str = "csv", outcomes: Sequence[Outcome] = ()
    ) -> AsyncIterator[bytes]:
        """The same file piece by piece; it is whole before the first one."""
        with tempfile.TemporaryDirectory(prefix="importer-rows-") as folder:
            path = Path(folder) / f"rows.{layout}"
            await self.write_rows(import_id, path, layout, outcomes)
            async with aiofiles.open(path, "rb") as file:
                while chunk := await file.read(CHUNK_BYTES):
                    yield chunk


def wanted(state: Import, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes whose rows are asked for. Raises RequestError for those of which no rows are kept."""
    for outcome in outcomes:
        if outcome not in LISTED:
            raise RequestError(
                f"Rows that are {outcome.value} are counted, not listed; ask for {', '.join(sorted(LISTED))}.",
                code="query.outcome",
            )
    return list(outcomes) or sorted(NEEDS_A_PERSON)
