"""The rows of a file that are to be mended: their own cells, as the file has them, beside the reasons.

The kept file is read again frame by frame and its errors page by page, so memory holds a frame whatever the file's size.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from importer import formats
from importer.domain.errors import ImporterError
from importer.domain.imports import Import
from importer.domain.rows import LINE, ROW, Outcome, RowError
from importer.domain.sentences import sentences
from importer.formats import json_array, jsonl
from importer.formats.content import Content, unpacked
from importer.formats.frames import Frame, Header
from importer.formats.reading import Reading
from importer.formats.sorting import Batch
from importer.ports import Ports

PAGE_ROWS = 1_000
SENTENCES = " | "

DOCUMENTS = {
    "json": lambda content, reading: json_array.batches(content, reading),
    "jsonl": lambda content, reading: jsonl.batches(content, str(reading.encoding)),
}
"""Formats whose records are whole documents -> their texts."""

Piece = TypeVar("Piece", Frame, Batch)


@dataclass(frozen=True)
class ToMend:
    """One row; `cells` are those of the header's own columns, `text` is a whole document. Both are empty for a record
    that could not be read: its columns stay empty, so that it cannot slip through unmended."""

    errors: Sequence[RowError]
    cells: Sequence[str | None] = ()
    text: str | None = None

    def said(self) -> list[str]:
        """The report's columns (`REPORT_COLUMNS`)."""
        first = self.errors[0]
        message = SENTENCES.join(_sentence(error) for error in self.errors)
        return [str(first.row), str(first.line), first.outcome.value, first.code, message]


class Repair:
    """Gives `rows` or `documents` once. `usual`: what the mapping says of how its files are read."""

    def __init__(
        self,
        ports: Ports,
        state: Import,
        path: Path,
        outcomes: Sequence[Outcome],
        usual: Reading = Reading(),  # noqa: B008 - a frozen value
    ) -> None:
        if not path.exists():
            raise ImporterError(
                f"The kept file of {state.id} is gone from the data folder; its rows cannot be given back.",
                code="file.lost",
            )
        self._ports = ports
        self.state = state
        self.path = path
        self.reading = Reading(**state.kept.reading)
        self.usual = usual
        self._outcomes = outcomes
        self._ahead: list[RowError] = []
        self._after = 0
        self._whole = False

    def again(self) -> "Repair":
        """The same rows once more."""
        return Repair(self._ports, self.state, self.path, self._outcomes, self.usual)

    @property
    def content(self) -> Content:
        return unpacked(self.path, self.state.kept.name, self.reading)

    async def header(self) -> Header:
        return await asyncio.to_thread(formats.header, self.path, self.state.kept.name, self.reading)

    async def rows(self, head: Header) -> AsyncIterator[list[ToMend]]:
        """In file order, a list for each frame that has any."""
        source = formats.frames(self.path, self.state.kept.name, head)
        async with aclosing(self._joined(source)) as joined:
            async for frame, reasons in joined:
                yield await asyncio.to_thread(_with_cells, frame, reasons, len(head.own))

    async def documents(self, head: Header) -> AsyncIterator[list[ToMend]]:
        """Likewise, of a file of documents."""
        source = DOCUMENTS[str(head.reading.format)](self.content, head.reading)
        async with aclosing(self._joined(source)) as joined:
            async for batch, reasons in joined:
                yield await asyncio.to_thread(_with_text, batch, reasons)

    async def _joined(
        self, source: Iterator[Piece]
    ) -> AsyncGenerator[tuple[Piece, dict[int, list[RowError]]]]:
        try:
            while await self._more() and (piece := await asyncio.to_thread(next, source, None)) is not None:
                if reasons := await self._reasons(_last_row(piece)):
                    yield piece, reasons
        finally:
            close: Any = getattr(source, "close", None)
            if close is not None:
                await asyncio.to_thread(close)

    async def _reasons(self, last: int) -> dict[int, list[RowError]]:
        """Those of the rows up to `last` that were not given yet."""
        found: dict[int, list[RowError]] = {}
        while await self._more() and self._ahead[0].row <= last:
            taken = [error for error in self._ahead if error.row <= last]
            for error in taken:
                found.setdefault(error.row, []).append(error)
            self._ahead = self._ahead[len(taken) :]
        return found

    async def _more(self) -> bool:
        if not self._ahead and not self._whole:
            self._ahead = await self._ports.rows.of(
                self.state.id, outcomes=self._outcomes, limit=PAGE_ROWS, after=self._after
            )
            self._whole = not self._ahead
            self._after = self._ahead[-1].row if self._ahead else self._after
        return bool(self._ahead)


def _last_row(piece: Frame | Batch) -> int:
    return piece.start + piece.rows if isinstance(piece, Frame) else piece.first + piece.count


def _with_cells(frame: Frame, reasons: dict[int, list[RowError]], width: int) -> list[ToMend]:
    cells = frame.cells.filter(pl.col(ROW).is_in(list(reasons))).drop(LINE)
    by_row = {row[0]: row[1:] for row in cells.iter_rows()}
    return [ToMend(errors, by_row.get(row, (None,) * width)) for row, errors in reasons.items()]


def _with_text(batch: Batch, reasons: dict[int, list[RowError]]) -> list[ToMend]:
    places = {int(row): place for place, row in enumerate(batch.rows.tolist()) if row in reasons}
    return [
        ToMend(errors, text=batch.text(places[row]) if row in places else None)
        for row, errors in reasons.items()
    ]


def _sentence(error: RowError) -> str:
    column = f"{error.column}: " if error.column else ""
    record = f" The record: {error.value}" if error.code.startswith("record.") and error.value else ""
    return f"{column}{sentences(error.text, error.fix)}{record}"
