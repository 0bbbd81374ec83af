"""In which phase an operation travels, for which scope of the shop, and what has to be there before it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from importer.domain.mapping import Mapping
from importer.domain.rows import LINE, ROW, Outcome, RowError
from importer.ports import Tables
from importer.transform.cells import KEY
from importer.transform.plan import PAYLOAD
from importer.transform.selection import fits
from importer.transform.sentences import nearest, quoted

PHASE, SCOPE, MORE, PREFACE = "#phase", "#scope", "#more", "#preface"
SCOPES = "store_view"
"""The look-up table of the shop's scopes."""
ONE_STAGE = (pl.lit(value=False).alias(MORE), pl.lit("").alias(PREFACE))


def staged(operations: pl.DataFrame, cells: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """The operations with `#phase` and `#scope` (empty: the default one), and the second ones of their rows after them.

    `#more`: a later operation of the row follows. `#preface`: of such a later one, what is told of its row first.
    `cells` holds the rows of the operations and others.
    """
    if not mapping.phases and mapping.scope is None:
        phase = pl.lit(0, dtype=pl.Int64).alias(PHASE)
        return operations.with_columns(phase, pl.lit("").alias(SCOPE), *ONE_STAGE)
    places = cells.select(ROW, _phase(mapping, cells).alias(PHASE), scope(mapping, cells).alias(SCOPE))
    first = operations.join(places, on=ROW, how="left", maintain_order="left")
    later = [number for number in mapping.follow_ups if later_payload(number) in operations.columns]
    if not later:
        return first.with_columns(*ONE_STAGE)
    return pl.concat([_of_phase(first, mapping, None, later), *_follow_ups(first, mapping, later)])


def later_payload(phase: int) -> str:
    """The column with the payload of the rows' operations in a later phase; null where a row has none."""
    return f"{PAYLOAD}{phase}"


def _follow_ups(first: pl.DataFrame, mapping: Mapping, later: Sequence[int]) -> Iterator[pl.DataFrame]:
    for place, number in enumerate(later):
        rows = first.filter(pl.col(later_payload(number)).is_not_null())
        if not rows.is_empty():
            yield _of_phase(rows, mapping, number, later[place + 1 :])


def _of_phase(rows: pl.DataFrame, mapping: Mapping, number: int | None, later: Sequence[int]) -> pl.DataFrame:
    """The operations of these rows in a later phase, or (None) their first ones."""
    more = (
        pl.any_horizontal(pl.col(later_payload(one)).is_not_null() for one in later)
        if later
        else pl.lit(value=False)
    )
    if number is None:
        return rows.select(ROW, LINE, KEY, PAYLOAD, PHASE, SCOPE, more.alias(MORE), pl.lit("").alias(PREFACE))
    preface = f"The {mapping.entity} was written, its {mapping.follow_ups[number].name}"
    return rows.select(
        ROW,
        LINE,
        KEY,
        pl.col(later_payload(number)).alias(PAYLOAD),
        pl.lit(number, dtype=pl.Int64).alias(PHASE),
        SCOPE,
        more.alias(MORE),
        pl.lit(preface).alias(PREFACE),
    )


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
    """The first phase whose condition fits; rows of other scopes come after these."""
    last = mapping.scopes_phase
    number: pl.Expr = pl.lit(last - 1, dtype=pl.Int64)
    for place, phase in reversed(list(enumerate(mapping.selections))):
        if phase.when is not None:
            number = pl.when(fits(phase.when, cells)).then(pl.lit(place, dtype=pl.Int64)).otherwise(number)
    return pl.when(scope(mapping, cells) != "").then(pl.lit(last, dtype=pl.Int64)).otherwise(number)
