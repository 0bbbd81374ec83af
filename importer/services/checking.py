"""Checking a file without importing it: what it was recognised as, and why rows could not be sent, by cause.

It runs the code of an import up to the last byte of every payload and has nothing that could send one. Memory holds a
frame and the causes, whatever the file's size.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from importer.domain.mapping import Column, Mapping, UnknownColumns
from importer.domain.rows import Outcome, RowError, add, count
from importer.formats.ahead import ahead, made
from importer.formats.frames import CellWarning, Frame
from importer.formats.reading import Reading, in_words
from importer.ports import Tables
from importer.services.examination import Document, examine
from importer.transform.findings import SAID

EXAMPLES = 3
"""Rows that a cause keeps to show."""
LOOK_UPS = ("look_up", "look_up_each")
EMPTY_CODES = ("required", "empty", "key.empty")


@dataclass
class Cause:
    """Rows with one code in one column; `outcome` is None for cells that look spoilt and are read all the same."""

    outcome: Outcome | None
    code: str
    column: str | None
    rows: int = 0
    examples: list[RowError | CellWarning] = field(default_factory=list)

    @property
    def text(self) -> str:
        first = self.examples[0]
        if self.column and self.code in EMPTY_CODES:
            return f"{self.column} is empty"
        return f"{self.column}: {first.text}" if self.column else first.text

    @property
    def fix(self) -> str:
        """What to do about it; of a cell that is read all the same, nothing."""
        first = self.examples[0]
        return first.fix if isinstance(first, RowError) else ""


@dataclass(kw_only=True)
class Checked:
    """`counts` of rows that would not be sent; `rows` were read of `total`. `unchecked`: what only a shop can tell."""

    total: int
    recognised: list[str]
    columns: dict[str, list[str]]
    unchecked: list[str]
    doubts: list[str] = field(default_factory=list)
    rows: int = 0
    counts: dict[Outcome, int] = field(default_factory=dict)
    causes: list[Cause] = field(default_factory=list)
    stopped: bool = False

    @property
    def wrong(self) -> int:
        return self.counts.get(Outcome.INVALID, 0)

    @property
    def sendable(self) -> int:
        return self.rows - sum(self.counts.values())


def check(  # noqa: PLR0913 - what may be said of a check
    path: Path,
    name: str,
    mapping: Mapping,
    tables: Tables | None,
    *,
    reading: Reading | None = None,
    max_errors: int | None = None,
    told: Callable[[RowError], None] = lambda _error: None,
) -> Checked:
    """Every error goes to `told`, in the order of the file. What `reading` leaves open the mapping says, or is recognised.
    Without `tables` nothing is held against a shop.

    Ends early once more than `max_errors` rows are wrong. Raises FileDamaged, RequestError (the columns do not fit).
    """
    asking = {column.name: column for column in mapping.columns.values() if _asks(column)}
    reading = (reading or Reading()).over(in_words(mapping.reading))
    document = examine(path, name, mapping if tables is not None else _alone(mapping), tables or {}, reading)
    document.require_rows()
    labels = set() if tables is not None else {document.transform.binding.label(column) for column in asking}
    done = Checked(
        total=document.rows,
        recognised=[str(evidence) for evidence in document.header.evidence],
        doubts=document.header.doubts,
        columns=document.columns,
        unchecked=sorted(labels),
    )
    causes: dict[tuple[Outcome | None, str, str | None], Cause] = {}
    frames = made(lambda frame: (frame, _errors(document, frame)), ahead(document.frames()))
    for frame, found in frames:
        errors = [error for error in found if not _guessed(error, labels)]
        _collect(causes, errors, frame)
        for error in errors:
            told(error)
        done.rows += frame.rows
        done.counts = add(done.counts, count(errors))
        if max_errors is not None and done.wrong > max_errors and done.rows < done.total:
            done.stopped = True
            break
    frames.close()
    done.causes = sorted(
        causes.values(), key=lambda cause: (cause.outcome is not Outcome.INVALID, -cause.rows)
    )
    return done


def _errors(document: Document, frame: Frame) -> list[RowError]:
    found = [*frame.malformed, *document.transform(frame.cells).errors]
    return sorted(found, key=lambda error: error.row)


def _asks(column: Column) -> bool:
    """Whether only a shop can tell what the column's cells mean."""
    return column.expand is not None or any(call.name in LOOK_UPS for call in column.rules)


def _alone(mapping: Mapping) -> Mapping:
    """Without what only the definitions of a shop's attributes could tell."""
    columns = {name: replace(column, expand=None) for name, column in mapping.columns.items()}
    reject = mapping.unknown_columns is UnknownColumns.REJECT
    unknown = UnknownColumns.REJECT if reject else UnknownColumns.IGNORE
    return replace(mapping, columns=columns, unknown_columns=unknown)


def _guessed(error: RowError, unchecked: set[str]) -> bool:
    """What the schema says of a value that stands for the one a shop would give."""
    return error.column in unchecked and error.code in SCHEMA_CODES


SCHEMA_CODES = frozenset(said.code for said in SAID.values()) - {"required"}


def _collect(
    causes: dict[tuple[Outcome | None, str, str | None], Cause], errors: list[RowError], frame: Frame
) -> None:
    seen: set[tuple[int, Outcome | None, str, str | None]] = set()
    found: list[tuple[Outcome | None, RowError | CellWarning]] = [(error.outcome, error) for error in errors]
    found += [(None, warning) for warning in frame.warnings]
    for outcome, one in found:
        place = (one.row, outcome, one.code, one.column)
        cause = causes.setdefault(place[1:], Cause(*place[1:]))
        if place not in seen:  # a row counts once for each cause
            seen.add(place)
            cause.rows += 1
            if len(cause.examples) < EXAMPLES:
                cause.examples.append(one)
