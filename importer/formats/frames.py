"""What every reader gives: a header, then frames of rows that know their record number and physical line."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from importer.domain.rows import LIST_MARK, ROW, RowError
from importer.formats.reading import Evidence, Reading

REPORT_COLUMNS = ("_row", "_line", "_outcome", "_code", "_message")
"""What a report adds to the file's own columns; a file that has them all is a mended report."""

JSON_CELLS = " (json)"
"""Behind a report's column whose cells are JSON text: a part of a nested document, in a file of flat rows."""

__all__ = ["FRAME_ROWS", "JSON_CELLS", "LIST_MARK", "REPORT_COLUMNS", "CellWarning", "Frame", "Header"]

FRAME_ROWS = 12_500
"""At most so many records in a frame: enough for the expressions to run at speed, few enough for narrow rows to take
little memory (performance 4)."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """The columns of a file. `names` are cleaned, `raw` is as written; `mended` says that a report came back.

    `literal` names the columns whose cells hold JSON text: parts of nested documents, named by their path. `advice`: a
    sentence for those who miss columns in it.
    """

    names: tuple[str, ...]
    raw: tuple[str, ...]
    reading: Reading
    evidence: tuple[Evidence, ...] = ()
    mended: bool = False
    literal: frozenset[str] = frozenset()
    advice: str = ""

    @property
    def own(self) -> tuple[str, ...]:
        """The file's columns without those a report has added."""
        return tuple(name for name in self.names if not (self.mended and name in REPORT_COLUMNS))

    @property
    def doubts(self) -> list[str]:
        """Sentences about the file as a whole."""
        return [evidence.doubt for evidence in self.evidence if evidence.doubt]

    @property
    def hints(self) -> list[str]:
        """Why the columns may not be what the file's owner wrote."""
        return [*self.doubts, *filter(None, [self.advice])]


@dataclass(frozen=True, kw_only=True)
class CellWarning:
    """A cell that is read, and looks spoilt. `address` is where the program that made the file shows it (`B7`)."""

    row: int
    line: int
    column: str
    address: str
    value: str
    code: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Frame:
    """`rows` records after the first `start` of the file: the readable ones in `cells`, the others in `malformed`.

    `cells` holds `#row`, `#line` (Int64) and one text column for each of the header's own names; null is absent.
    """

    start: int
    rows: int
    cells: pl.DataFrame
    malformed: list[RowError] = field(default_factory=list)
    warnings: list[CellWarning] = field(default_factory=list)

    def pieces(self, rows: int) -> Iterator["Frame"]:
        """The same records, at most `rows` at a time."""
        if self.rows <= rows:
            if self.rows:
                yield self
            return
        for start in range(self.start, self.start + self.rows, rows):
            stop = min(start + rows, self.start + self.rows)
            yield Frame(
                start=start,
                rows=stop - start,
                cells=self.cells.filter(pl.col(ROW).is_between(start + 1, stop)),
                malformed=[error for error in self.malformed if start < error.row <= stop],
                warnings=[warning for warning in self.warnings if start < warning.row <= stop],
            )

    def after(self, rows: int) -> "Frame":
        """Without the records up to number `rows`."""
        if rows <= self.start:
            return self
        return Frame(
            start=rows,
            rows=self.start + self.rows - rows,
            cells=self.cells.filter(pl.col(ROW) > rows),
            malformed=[error for error in self.malformed if error.row > rows],
            warnings=[warning for warning in self.warnings if warning.row > rows],
        )
