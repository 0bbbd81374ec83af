"""One column of cells becomes one column of values, through its rules; what does not fit becomes row errors.

Three things are not the same: a column the file does not have, an empty cell, and the clear marker. 0 and false are
values.
"""

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from importer.domain.mapping import Column, EmptyCell, Mapping
from importer.domain.rows import LINE, ROW, Outcome, RowError
from importer.ports import Tables
from importer.transform.rules import NUMERIC, RULES
from importer.transform.selection import fits


@dataclass(frozen=True)
class Values:
    """`values[i]` belongs to the frame's row i; None is left out, unless `cleared[i]`: then `empty` is sent."""

    column: Column
    values: list[Any]
    cleared: list[bool]
    empty: Any
    errors: list[RowError] = field(default_factory=list)


def inherit(cells: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """The word "as configured" in a value's cell sets its flag; any other value unsets an empty flag (native CSV)."""
    for column in mapping.columns.values():
        if column.inherit is None or column.name not in cells.columns:
            continue
        cell, flag = pl.col(column.name), column.inherit.flag
        inherits = cell.str.strip_chars().str.to_lowercase() == column.inherit.word.lower()
        given = pl.col(flag) if flag in cells.columns else pl.lit("")
        empty_flag = given.fill_null("").str.strip_chars() == ""
        has_value = cell.fill_null("").str.strip_chars() != ""
        flagged = (
            pl.when(inherits)
            .then(pl.lit("1"))
            .when(has_value & empty_flag)
            .then(pl.lit("0"))
            .otherwise(given)
        )
        cells = cells.with_columns(
            flagged.alias(flag), pl.when(~inherits | inherits.is_null()).then(cell).alias(column.name)
        )
    return cells


def evaluate(cells: pl.DataFrame, column: Column, mapping: Mapping, tables: Tables) -> Values:
    """Apply the column's rules to all cells at once."""
    cell = pl.col(column.name)
    empty = cell.fill_null("").str.strip_chars() == ""
    cleared = cell.str.strip_chars() == mapping.clear_marker
    policy = column.empty or mapping.empty
    if policy is EmptyCell.CLEAR:
        cleared = cleared | empty
    applies = fits(column.when, cells) if column.when else pl.lit(value=True)
    stages = cells.select(
        pl.col(ROW, LINE, mapping.key),
        pl.when(applies & ~empty & ~cleared.fill_null(value=False)).then(cell).alias("#stage"),
        (applies & cleared.fill_null(value=False)).alias("#cleared"),
        (applies & empty).alias("#empty"),
        cell.alias("#cell"),
    )
    errors = _empty_errors(stages, column, mapping) if policy is EmptyCell.ERROR else []
    stages = _apply_rules(stages, column, mapping, tables, errors)
    values = stages.get_column("#stage").to_list()
    if column.default is not None:
        values = [
            column.default if v is None and e else v for v, e in zip(values, stages["#empty"], strict=True)
        ]
    numeric = any(call.name in NUMERIC for call in column.rules)
    return Values(column, values, stages.get_column("#cleared").to_list(), None if numeric else "", errors)


def _apply_rules(
    stages: pl.DataFrame,
    column: Column,
    mapping: Mapping,
    tables: Tables,
    errors: list[RowError],
) -> pl.DataFrame:
    for call in column.rules:
        rule = RULES[call.name]
        after = stages.with_columns(rule.apply(pl.col("#stage"), call.argument, tables).alias("#next"))
        if rule.code:
            lost = after.filter(pl.col("#stage").is_not_null() & pl.col("#next").is_null())
            for row in lost.select(ROW, LINE, mapping.key, "#cell", "#stage").iter_rows():
                text, fix = rule.explain(row[4], call.argument, tables)
                errors.append(_error(row[:4], column, rule.code, text, fix))
        stages = after.drop("#stage").rename({"#next": "#stage"})
    return stages


def _empty_errors(stages: pl.DataFrame, column: Column, mapping: Mapping) -> list[RowError]:
    rows = stages.filter(pl.col("#empty")).select(ROW, LINE, mapping.key, "#cell").iter_rows()
    return [_error(row, column, "empty", "The cell is empty.", "Fill it in.") for row in rows]


def _error(row: tuple[Any, ...], column: Column, code: str, text: str, fix: str) -> RowError:
    number, line, key, value = row
    return RowError(
        row=number,
        line=line,
        outcome=Outcome.INVALID,
        code=code,
        text=text,
        fix=fix,
        column=column.label,
        key=key,
        value=value,
    )
