"""In which phase an operation travels, for which scope of the shop, and what has to be there before it."""

from dataclasses import replace

import polars as pl

from importer.domain.mapping import Mapping
from importer.domain.rows import LINE, ROW, Outcome, RowError
from importer.ports import Tables
from importer.transform.selection import fits
from importer.transform.sentences import nearest, quoted

PHASE, SCOPE = "#phase", "#scope"
SCOPES = "store_view"
"""The look-up table of the shop's scopes."""
REFERENCE = '{"$id":'
"""Begins a reference in a payload: `{"$id":"key"}` stands for the id that the shop has given to that key."""


def staged(operations: pl.DataFrame, cells: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """The operations with `#phase` and `#scope` (empty: the default one); `cells` holds their rows and others."""
    if not mapping.phases and mapping.scope is None:
        return operations.with_columns(pl.lit(0, dtype=pl.Int64).alias(PHASE), pl.lit("").alias(SCOPE))
    places = cells.select(ROW, _phase(mapping, cells).alias(PHASE), scope(mapping, cells).alias(SCOPE))
    return operations.join(places, on=ROW, how="left", maintain_order="left")


def scoped(errors: list[RowError], cells: pl.DataFrame, mapping: Mapping) -> list[RowError]:
    """The errors with the scope of their rows."""
    if mapping.scope is None or not errors:
        return errors
    others = cells.select(ROW, scope(mapping, cells).alias(SCOPE)).filter(pl.col(SCOPE) != "")
    known = dict(others.iter_rows())
    return [replace(error, scope=known[error.row]) if error.row in known else error for error in errors]


def unknown_scopes(cells: pl.DataFrame, mapping: Mapping, tables: Tables) -> list[RowError]:
    """Rows for a scope that the shop does not have."""
    if mapping.scope is None or SCOPES not in tables:
        return []
    column = mapping.scope.column
    known = pl.col(SCOPE).is_in([*tables[SCOPES], ""])
    rows = cells.with_columns(scope(mapping, cells).alias(SCOPE)).filter(~known)
    return [
        RowError(
            row=row,
            line=line,
            key=key,
            outcome=Outcome.INVALID,
            code="scope.unknown",
            text=f"The shop has no store view {quoted(code)}.",
            fix=nearest(code, tables[SCOPES]),
            column=column,
            value=code,
        )
        for row, line, key, code in rows.select(ROW, LINE, mapping.key, SCOPE).iter_rows()
    ]


def scope(mapping: Mapping, cells: pl.DataFrame) -> pl.Expr:
    if mapping.scope is None or mapping.scope.column not in cells.columns:
        return pl.lit("")
    cell = pl.col(mapping.scope.column).fill_null("").str.strip_chars()
    return pl.when(cell != mapping.scope.default).then(cell).otherwise(pl.lit(""))


def _phase(mapping: Mapping, cells: pl.DataFrame) -> pl.Expr:
    """The first phase whose condition fits; rows of other scopes come after all phases."""
    last = len(mapping.phases)
    number: pl.Expr = pl.lit(max(last - 1, 0), dtype=pl.Int64)
    for place, phase in reversed(list(enumerate(mapping.phases))):
        if phase.when is not None:
            number = pl.when(fits(phase.when, cells)).then(pl.lit(place, dtype=pl.Int64)).otherwise(number)
    return pl.when(scope(mapping, cells) != "").then(pl.lit(last, dtype=pl.Int64)).otherwise(number)
