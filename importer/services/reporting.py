"""The report of an import: totals that add up, causes, and every row that needs a person, in the file's own layout."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from importer import formats
from importer.domain.imports import Import, KeptFile
from importer.domain.rows import LINE, NEEDS_A_PERSON, ROW, Outcome, RowError
from importer.formats.frames import JSON_CELLS, REPORT_COLUMNS
from importer.formats.guard import guard
from importer.formats.reading import Reading
from importer.ports import Ports

PAGE_ROWS = 1_000
LISTED_ROWS = 10_000
"""Rows that a JSON report lists itself; beyond that it says so, and the CSV holds all."""

SENTENCES = " | "


class Reporting:
    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def report(self, import_id: str, *, listed: int = LISTED_ROWS) -> dict[str, Any]:
        """Everything about the import as plain data; of rows at most `listed` of each kind."""
        state = await self._ports.imports.get(import_id)
        causes = await self._ports.rows.causes(import_id)
        rows = await self._ports.rows.of(import_id, outcomes=sorted(NEEDS_A_PERSON), limit=listed)
        skipped = await self._ports.rows.of(import_id, outcomes=[Outcome.SKIPPED], limit=listed)
        batches = await self._ports.batches.of(import_id)
        return {
            **summary(state),
            "causes": [
                {"outcome": outcome.value, "code": code, "rows": number, "example": text}
                for outcome, code, text, number in causes
            ],
            "rows": [row_document(error) for error in rows],
            "skipped": [row_document(error) for error in skipped],
            "rows_listed_up_to": listed,
            "earlier_attempts": [asdict(cause) for cause in await self._ports.commands.earlier(import_id)],
            "columns": dict(state.columns),
            "batches": [
                {
                    "batch": batch.id,
                    "status": batch.status.value,
                    "operations": batch.operations,
                    "attempts": batch.attempt,
                    "bulk_uuid": batch.bulk_uuid,
                }
                for batch in batches
            ],
        }

    async def rows_csv(self, import_id: str) -> AsyncIterator[bytes]:
        """Rows that need a person, as the file has them, with the report's columns; ready to mend and import again.

        A malformed record has no cells: its own columns stay empty and its text stands in the message, so that it
        cannot slip through unmended.
        """
        state = await self._ports.imports.get(import_id)
        reasons = await self._reasons(import_id)
        async with self._ports.files.local(state.kept.file) as path:
            lines = _csv_lines(path, state.kept, reasons)
            while (line := await asyncio.to_thread(next, lines, None)) is not None:
                yield line

    async def _reasons(self, import_id: str) -> dict[int, list[RowError]]:
        reasons: dict[int, list[RowError]] = {}
        after = 0
        wanted = sorted(NEEDS_A_PERSON)
        while page := await self._ports.rows.of(import_id, outcomes=wanted, limit=PAGE_ROWS, after=after):
            for error in page:
                reasons.setdefault(error.row, []).append(error)
            after = page[-1].row
        return reasons


def summary(state: Import) -> dict[str, Any]:
    """An import as the API and the report show it."""
    return {
        "id": state.id,
        "status": state.status.value,
        "attempt": state.attempt,
        "shop": state.shop,
        "mapping": state.mapping,
        "entity": state.entity,
        "dry_run": state.dry_run,
        "check_first": state.check_first,
        "max_errors": state.max_errors,
        "file": {
            "name": state.kept.name,
            "size": state.kept.size,
            "sha256": state.kept.sha256,
            "reading": dict(state.kept.reading),
        },
        "accepted_at": state.accepted_at.isoformat(),
        "updated_at": state.updated_at.isoformat(),
        "ended_at": state.ended_at.isoformat() if state.ended_at else None,
        "rows_total": state.rows_total,
        "rows_read": state.rows_read,
        "rows_sent": state.sent,
        "rows_confirmed": state.confirmed,
        "counts": {outcome.value: state.counts.get(outcome, 0) for outcome in Outcome},
        "equation": state.equation,
        "equation_holds": state.equation_holds,
        "waiting": asdict(state.waiting) if state.waiting else None,
        "failure": asdict(state.failure) if state.failure else None,
    }


def row_document(error: RowError) -> dict[str, Any]:
    return {**asdict(error), "outcome": error.outcome.value}


def _csv_lines(path: Path, kept: KeptFile, reasons: dict[int, list[RowError]]) -> Iterator[bytes]:
    header = formats.header(path, kept.name, Reading(**kept.reading))
    delimiter = header.reading.delimiter or ","
    own_names = [name + JSON_CELLS if name in header.literal else name for name in header.own]
    yield _line([*own_names, *REPORT_COLUMNS], delimiter)
    for frame in formats.frames(path, kept.name, header):
        span = range(frame.start + 1, frame.start + frame.rows + 1)
        wanted = [row for row in span if row in reasons]
        cells = frame.cells.filter(pl.col(ROW).is_in(wanted)).drop(LINE)
        by_row = {row[0]: [cell or "" for cell in row[1:]] for row in cells.iter_rows()}
        for row in wanted:
            own = by_row.get(row, [""] * len(header.own))
            yield _line([*own, *_said(reasons[row])], delimiter)


def _said(errors: Sequence[RowError]) -> list[str]:
    first = errors[0]
    message = SENTENCES.join(_sentence(error) for error in errors)
    return [str(first.row), str(first.line), first.outcome.value, first.code, message]


def _sentence(error: RowError) -> str:
    column = f"{error.column}: " if error.column else ""
    record = f" The record: {error.value}" if error.code.startswith("record.") and error.value else ""
    return f"{column}{error.text} {error.fix}{record}".strip()


def _line(cells: Sequence[str], delimiter: str) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, lineterminator="\n").writerow([guard(cell) for cell in cells])
    return buffer.getvalue().encode()
