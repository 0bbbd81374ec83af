"""Cells of JSON text in a report that came back: a person may have mended them, so each is looked at."""

import polars as pl

from importer.domain.rows import LINE, ROW, Outcome, RowError
from importer.formats.documents import Unreadable, parse


def refused(cells: pl.DataFrame, names: frozenset[str]) -> tuple[pl.DataFrame, list[RowError]]:
    """The rows whose JSON is JSON, and an error for each of the others."""
    errors: dict[int, RowError] = {}
    for name in sorted(names):
        for row, line, cell in cells.select(ROW, LINE, pl.col([name])).drop_nulls().iter_rows():
            if row not in errors and (fault := _fault(cell)) is not None:
                errors[row] = RowError(
                    row=row,
                    line=line,
                    outcome=Outcome.INVALID,
                    code="record.json",
                    text=f"The cell is no JSON: {fault}.",
                    fix='Write texts in quotes ("red"), numbers and true or false without.',
                    column=name,
                    value=cell,
                )
    if not errors:
        return cells, []
    return cells.filter(~pl.col(ROW).is_in(list(errors))), list(errors.values())


def _fault(cell: str) -> str | None:
    try:
        found = parse(f'{{"":{cell}}}')
    except Unreadable as error:
        return error.detail or "a name stands twice"
    return None if len(found) == 1 else "it holds more than one value"
