"""What every reader gives: a header, then frames of rows that know their record number and physical line."""

from dataclasses import dataclass, field

import polars as pl

from importer.domain.rows import RowError

REPORT_COLUMNS = ("_row", "_line", "_outcome", "_code", "_message")
"""What a report adds to the file's own columns; a file that has them all is a mended report."""

FRAME_ROWS = 5_000


@dataclass(frozen=True, kw_only=True)
class Header:
    """The columns of a file. `names` are cleaned, `raw` is as written; `mended` says that a report came back."""

    names: tuple[str, ...]
    raw: tuple[str, ...]
    delimiter: str = ","
    mended: bool = False

    @property
    def own(self) -> tuple[str, ...]:
        """The file's columns without those a report has added."""
        return tuple(name for name in self.names if not (self.mended and name in REPORT_COLUMNS))


@dataclass(frozen=True, kw_only=True)
class Frame:
    """`rows` records after the first `start` of the file: the readable ones in `cells`, the others in `malformed`.

    `cells` holds `#row`, `#line` and one text column for each of the header's own names.
    """

    start: int
    rows: int
    cells: pl.DataFrame
    malformed: list[RowError] = field(default_factory=list)
