"""Which rows are this mapping's business, and which of several rows with one key wins."""

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Any

import polars as pl

from importer.domain.mapping import KEY_MARK, Column, Condition, Mapping, RepeatedKeys, Skip
from importer.domain.rows import LINE, ROW, Outcome, RowError

HIT = "#hit"


@dataclass(frozen=True)
class Selected:
    cells: pl.DataFrame
    errors: list[RowError]


def fits(condition: Condition, cells: pl.DataFrame) -> pl.Expr:
    """True where the condition holds; a column that the file does not have counts as empty."""
    if condition.column in cells.columns:
        cell = pl.col(condition.column).fill_null("").str.strip_chars().str.to_lowercase()
        found = cell.is_in(sorted(condition.values))
    else:
        found = pl.lit("" in condition.values)
    return ~found if condition.negated else found


def with_key(cells: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """A key of several columns as one text, empty where one of its parts is."""
    if len(mapping.keys) == 1:
        return cells
    parts = [pl.col(name).str.strip_chars() for name in mapping.keys]
    whole = pl.all_horizontal(part.fill_null("") != "" for part in parts)
    return cells.with_columns(
        pl.when(whole).then(pl.concat_str(parts, separator=KEY_MARK)).alias(mapping.key)
    )


def leave_out(cells: pl.DataFrame, mapping: Mapping) -> Selected:
    """Without the rows that the mapping skips; each of these gets its code and sentence."""
    errors: list[RowError] = []
    for skip in mapping.skip:
        marked = cells.with_columns(fits(skip.when, cells).alias(HIT))
        hit = marked.filter(pl.col(HIT))
        errors += [_skipped(row, skip, mapping) for row in _places(hit, mapping.key, skip.when.column)]
        cells = marked.filter(~pl.col(HIT)).drop(HIT)
    return Selected(cells, errors)


def _skipped(row: Dict[str, Any], skip: Skip, mapping: Mapping) -> RowError:
    value = row.get(skip.when.column)
    return RowError(
        row=row[ROW],
        line=row[LINE],
        outcome=Outcome.SKIPPED,
        code=skip.code,
        text=skip.text.replace("{value}", value or ""),
        fix=skip.fix.replace("{value}", value or ""),
        column=skip.when.column,
        key=row.get(mapping.key),
        value=value,
    )


def keys(cells: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """Record number and comparable key of every row that counts; Magento compares SKUs without case (recording 10).

    One key may stand once for each scope.
    """
    kept = leave_out(cells, mapping).cells
    key = comparable(mapping.key)
    if mapping.scope is not None and mapping.scope.column in cells.columns:
        key = pl.concat_str([key, comparable(mapping.scope.column).fill_null("")], separator="\n")
    empty = pl.col(mapping.key).fill_null("").str.strip_chars() == ""
    return kept.filter(~empty).select(pl.col(ROW), key.alias("key"))


def comparable(column: str) -> pl.Expr:
    return pl.col(column).str.strip_chars().str.to_lowercase()


def drop_losers(cells: pl.DataFrame, mapping: Mapping, lost: Dict[int, int], label: str) -> Selected:
    """Without the rows that another row with the same key replaces (or, by policy, makes invalid)."""
    if not lost:
        return Selected(cells, [])
    hit = pl.col(ROW).is_in(list(lost))
    errors = [
        _repeated(row, lost[row[ROW]], mapping, label)
        for row in _places(cells.filter(hit), mapping.key, mapping.key)
    ]
    return Selected(cells.filter(~hit), errors)


def _repeated(row: Dict[str, Any], winner: int, mapping: Mapping, label: str) -> RowError:
    key = str(row[mapping.key])
    refused = mapping.repeated_keys is RepeatedKeys.ERROR
    does = "uses it too" if refused else "replaces this one"
    return RowError(
        row=row[ROW],
        line=row[LINE],
        outcome=Outcome.INVALID if refused else Outcome.SKIPPED,
        code="key.repeated",
        text=f"The key '{key}' stands more than once in the file; record {winner} {does}.",
        fix="Keep one row for each key.",
        column=label,
        key=key,
        value=key,
    )


def not_unique(
    cells: pl.DataFrame, mapping: Mapping, column: Column, firsts: Dict[int, int]
) -> list[RowError]:
    """Rows whose value in a unique column stands in an earlier row already."""
    rows = (
        cells.filter(pl.col(ROW).is_in(list(firsts)))
        if firsts and column.name in cells.columns
        else cells[:0]
    )
    return [
        RowError(
            row=row[ROW],
            line=row[LINE],
            outcome=Outcome.INVALID,
            code="unique",
            text=f"'{row[column.name]}' stands in record {firsts[row[ROW]]} already; every row needs its own.",
            fix="Give one of the two another value.",
            column=column.label,
            key=row[mapping.key],
            value=row[column.name],
        )
        for row in _places(rows, mapping.key, column.name)
    ]


def _places(cells: pl.DataFrame, *columns: str) -> list[dict[str, Any]]:
    wanted = dict.fromkeys((ROW, LINE, *(name for name in columns if name in cells.columns)))
    return list(cells.select(*wanted).iter_rows(named=True))
