"""Rows for repair as a workbook. Every cell is text and stays text, so that no spreadsheet changes a digit of it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.exceptions import XlsxWriterException  # type: ignore[import-untyped]

from importer.domain.errors import RequestError
from importer.formats.frames import JSON_CELLS, REPORT_COLUMNS, Header
from importer.formats.guard import guard
from importer.services.reporting.repair import Repair, ToMend

MOST_CHARACTERS = 32_767
MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
"""What a sheet holds."""
WIDTH = 18
OPTIONS = {"constant_memory": True, "strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}  # fmt: skip
"""With constant memory a row is on the disk when the next one begins."""


class Sheet:
    """A workbook with one sheet, written row by row."""

    def __init__(self, path: Path, name: str) -> None:
        self._book = xlsxwriter.Workbook(str(path), OPTIONS)
        try:
            self._sheet = self._book.add_worksheet(name or "Rows")
        except XlsxWriterException:  # a name that another program allows
            self._sheet = self._book.add_worksheet("Rows")
        self._text = self._book.add_format({"num_format": "@"})
        self._bold = self._book.add_format({"num_format": "@", "bold": True})
        self._next = 0

    def head(self, names: Sequence[str]) -> None:
        if len(names) > MOST_COLUMNS:
            raise _too_much(f"A sheet has {MOST_COLUMNS:,} columns, the file has {len(names):,}.")
        self._sheet.set_column(0, len(names) - 1, WIDTH, self._text)
        self._sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{MOST_ROWS}"})
        self._sheet.freeze_panes(1, 0)
        self._add(names, self._bold)

    def add(self, names: Sequence[str], rows: Sequence[ToMend]) -> None:
        for row in rows:
            if self._next >= MOST_ROWS:
                raise _too_much(f"A sheet has {MOST_ROWS:,} rows, and there are more to mend.")
            for name, cell in zip(names, row.cells, strict=False):
                if cell is not None and len(guard(cell)) > MOST_CHARACTERS:
                    raise _too_much(
                        f"Row {row.errors[0].row}: {name} has {len(cell):,} characters, a cell of a sheet holds "
                        f"{MOST_CHARACTERS:,}."
                    )
            self._add([*row.cells, *(text[: MOST_CHARACTERS - 1] for text in row.said())], self._text)

    def _add(self, cells: Sequence[str | None], form: Any) -> None:
        for column, cell in enumerate(cells):
            if cell:
                self._sheet.write_string(self._next, column, guard(cell), form)
        self._next += 1

    def close(self) -> None:
        self._book.close()


async def write(repair: Repair, path: Path) -> None:
    """Raises RequestError when a sheet cannot hold the rows."""
    head = await repair.header()
    names = _names(head)
    sheet = Sheet(path, head.reading.sheet or "")
    try:
        sheet.head([*names, *REPORT_COLUMNS])
        async for rows in repair.rows(head):
            await asyncio.to_thread(sheet.add, names, rows)
    finally:
        await asyncio.to_thread(sheet.close)


def _names(head: Header) -> list[str]:
    return [name + JSON_CELLS if name in head.literal else name for name in head.own]


def _too_much(text: str) -> RequestError:
    return RequestError(f"{text} Take the rows as rows.csv or rows.jsonl.", code="rows.too_large")
