"""Rows of a sheet as they become records, and what in their cells looks spoilt."""

import re
from collections import Counter

import polars as pl

from importer.domain.rows import LINE, ROW, Outcome, RowError
from importer.formats.frames import CellWarning, Frame, Header
from importer.formats.guard import unguarded
from importer.formats.shown import GENERAL, shown
from importer.formats.workbook import Row, Value, Workbook, column_letters, column_number, unescaped

EXPONENT = re.compile(r"^[0-9](\.[0-9]+)?E\+[0-9]+$", re.IGNORECASE)
LONG_CODE = 8
"""Digits from which on a shorter number beside many of one length is suspicious even where no zero is seen."""


def raw(book: Workbook, value: Value) -> str:
    if value.kind == "s":
        place = int(value.text) if value.text.isdigit() else len(book.texts)
        return book.texts[place] if place < len(book.texts) else ""
    return value.text


def text_of(book: Workbook, value: Value) -> str:
    if value.kind in ("s", "inlineStr", "str"):
        return unescaped(raw(book, value)) if value.kind != "s" else raw(book, value)
    if value.kind == "b":
        return "TRUE" if value.text == "1" else "FALSE"
    if value.kind != "n":
        return value.text
    code = book.formats[value.style] if value.style < len(book.formats) else GENERAL
    try:
        return shown(value.text, code, since_1904=book.since_1904)
    except ValueError:
        return value.text


class Records:
    """Rows of the sheet as they become frames. A row that is not there, or empty, counts once a fuller one follows."""

    def __init__(self, book: Workbook, head: Header) -> None:
        self._book = book
        self._head = head
        self._width = len(head.names)
        self.before = 0  # rows of the sheet before the first record
        self._start = 0
        self._last = 0
        self._rows: list[tuple[int, list[str | None]]] = []
        self._malformed: list[RowError] = []
        self._warnings: list[CellWarning] = []
        self._numbers: dict[int, set[int]] = {}

    @property
    def waiting(self) -> int:
        return self._last - self._start

    def add(self, row: Row) -> None:
        number = row.number - self.before
        texts = {value.column: text_of(self._book, value) for value in row.values}
        texts = {column: text for column, text in texts.items() if text != ""}
        if number < 1 or not any(text.strip() for text in texts.values()):
            return
        for blank in range(self._last + 1, number):
            self._malformed.append(
                RowError(
                    row=blank,
                    line=blank + self.before,
                    outcome=Outcome.SKIPPED,
                    code="record.blank",
                    text="The row is empty.",
                )
            )
        self._last = number
        if max(texts) > self._width:
            self._beyond(number, texts)
            return
        self._rows.append((number, [texts.get(column) for column in range(1, self._width + 1)]))
        for value in row.values:
            self._suspect(number, value, texts.get(value.column, ""))
        if row.hidden:
            self._warn(
                number,
                1,
                texts.get(1, ""),
                "row.hidden",
                "The row is hidden in the sheet; it is read all the same.",
            )

    def _beyond(self, number: int, texts: dict[int, str]) -> None:
        column = max(texts)
        self._malformed.append(
            RowError(
                row=number,
                line=number + self.before,
                outcome=Outcome.INVALID,
                code="record.too_long",
                text=f"The cell {column_letters(column)}{number + self.before} stands beyond the last column of the header.",
                fix="Name its column in the header, or empty the cell.",
                value=texts[column][:200],
            )
        )

    def _suspect(self, number: int, value: Value, text: str) -> None:
        if EXPONENT.match(text):
            self._warn(
                number,
                value.column,
                text,
                "cell.exponent",
                "The digits of this number were lost in the spreadsheet; type it again as text.",
            )
        elif value.kind == "e":
            self._warn(number, value.column, text, "cell.error", "The formula has no result.")
        elif value.kind == "n" and text.isdigit():
            if len(value.text.lstrip("-").partition(".")[0]) > 15 or (
                len(text) > 15 and "E" in value.text.upper()
            ):
                self._warn(
                    number,
                    value.column,
                    text,
                    "cell.digits",
                    "A spreadsheet keeps 15 digits of a number; type it again as text.",
                )
            self._numbers.setdefault(value.column, set()).add(number)

    def _warn(self, number: int, column: int, value: str, code: str, text: str) -> None:
        line = number + self.before
        if column <= self._width:
            self._warnings.append(
                CellWarning(
                    row=number, line=line, column=self._head.names[column - 1],
                    address=f"{column_letters(column)}{line}", value=value, code=code, text=text,
                )
            )  # fmt: skip

    def frame(self, rows: int, *, merged: list[str] | None = None) -> Frame:
        """The next `rows` records, or all that are left."""
        stop = min(self._start + rows, self._last)
        taken = [row for row in self._rows if row[0] <= stop]
        self._rows = self._rows[len(taken) :]
        for column, numbers in self._numbers.items():
            self._lost_zeros(column, numbers, taken)
        self._numbers = {
            column: {n for n in numbers if n > stop} for column, numbers in self._numbers.items()
        }
        for area in merged or ():
            self._merged(area)
        whole = Frame(
            start=self._start,
            rows=self._last - self._start,
            cells=self._table(taken),
            malformed=self._malformed,
            warnings=sorted(self._warnings, key=lambda one: one.row),
        )
        self._malformed = [error for error in self._malformed if error.row > stop]
        self._warnings = [warning for warning in self._warnings if warning.row > stop]
        found = Frame(
            start=self._start,
            rows=stop - self._start,
            cells=whole.cells,
            malformed=[error for error in whole.malformed if error.row <= stop],
            warnings=[warning for warning in whole.warnings if warning.row <= stop or merged is not None],
        )
        self._start = stop
        return found

    def _table(self, taken: list[tuple[int, list[str | None]]]) -> pl.DataFrame:
        columns = zip(*(cells for _, cells in taken), strict=True) if taken else ((),) * self._width
        numbers = [number for number, _ in taken]
        table = pl.DataFrame(
            [
                pl.Series(ROW, numbers, dtype=pl.Int64),
                pl.Series(LINE, [number + self.before for number in numbers], dtype=pl.Int64),
                *(
                    pl.Series(name, cells, dtype=pl.String)
                    for name, cells in zip(self._head.names, columns, strict=True)
                ),
            ]
        )
        own = [unguarded(name) if self._head.mended else pl.col([name]) for name in self._head.own]
        return table.select(ROW, LINE, *own)

    def _lost_zeros(self, column: int, numbers: set[int], taken: list[tuple[int, list[str | None]]]) -> None:
        """A number shorter than the codes around it, which all have one length, has lost its zeros."""
        codes = [
            (row, cells[column - 1] or "")
            for row, cells in taken
            if column <= self._width and (cells[column - 1] or "").isdigit()
        ]
        if not codes:
            return
        length, count = Counter(len(text) for _, text in codes).most_common(1)[0]
        zeros = any(text.startswith("0") and len(text) == length > 1 for _, text in codes)
        if count * 2 > len(codes) and (zeros or (length >= LONG_CODE and count * 10 >= 9 * len(codes))):
            for row, text in codes:
                if row in numbers and len(text) < length:
                    self._warn(
                        row,
                        column,
                        text,
                        "cell.zeros",
                        f"It has {len(text)} digits, the cells around it {length}: leading zeros may be lost.",
                    )

    def _merged(self, area: str) -> None:
        start = area.partition(":")[0]
        column = column_number(start)
        number = int(start.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") or 0) - self.before
        if number >= 1:
            self._warn(
                number,
                column,
                area,
                "cell.merged",
                f"The cells {area} are merged: the value is read in the first of them only.",
            )
