"""Cells become values, all rows of a column at once, through its rules; what does not fit becomes row errors.

Three things are not the same: a column the file does not have, an empty cell, and the clear marker. 0 and false are
values.
"""

from collections.abc import Collection, Iterator, Mapping as Dict, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import polars as pl

from importer.domain.mapping import Column, EmptyCell, Mapping
from importer.domain.rows import LINE, LIST_MARK, ROW, Outcome, RowError
from importer.ports import Tables
from importer.transform import one_value
from importer.transform.distinct import Distinct, Vocabularies, spread, used
from importer.transform.joining import carries, joined
from importer.transform.kinds import Kind, element, needs_escape, rendered
from importer.transform.rules import LITERAL_RULE, RULES, kind_after
from importer.transform.selection import fits
from importer.transform.tree import Leaf

KEY = "#key"
KNOWN_REASONS = 10_000
"""Texts of one column for which is remembered why a rule refuses them."""

Reason = tuple[str, str, str]
"""Code, what is wrong, what to do."""


@dataclass
class Values:
    """`table`: `#row`, `#line`, `#key`, and for every leaf its value and its JSON. `errors` are of single cells.

    `few`: by column those whose cells repeat; value and JSON of each of their texts.
    """

    table: pl.DataFrame
    leaves: list[tuple[Column, Leaf]] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    few: Dict[str, Distinct] = field(default_factory=dict)


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


class Evaluation:
    """The columns of a mapping as expressions, built once for a file and used for every frame."""

    def __init__(self, mapping: Mapping, tables: Tables) -> None:
        self._mapping = mapping
        self._tables = tables
        self._chains: dict[str, tuple[pl.Expr, Kind]] = {}
        self._reasons: dict[str, dict[str, Reason]] = {}
        self._vocabularies = Vocabularies()

    def __call__(self, cells: pl.DataFrame, columns: Sequence[Column]) -> Values:
        places = cells.select(pl.col(ROW, LINE), pl.col(self._mapping.key).alias(KEY))
        steady = {column.name: column for column in columns if column.when is None}

        def work(texts: pl.DataFrame) -> pl.DataFrame:
            return self._judged(texts, [steady[name] for name in texts.columns])

        few = self._vocabularies(cells, list(steady), work)
        judged = places.hstack(used(self._judged(cells, [c for c in columns if c.name not in few])))
        judged = judged.hstack(spread(few.values()))
        leaves = [
            (column, self._leaf(column)) for column in columns if f"{column.name}#json" in judged.columns
        ]
        carried = {str(column.to): column.name for column in columns if carries(column)}
        errors = [
            error
            for column in columns
            for error in self._faults(places, cells, column, judged, carried.get(str(column.to)))
        ]
        kept = [name for _, leaf in leaves for name in (leaf.value, leaf.json)]
        table, leaves = joined(judged.select(ROW, LINE, KEY, *kept), leaves, self._mapping.constants)
        return Values(table, leaves, errors, few)

    def _judged(self, cells: pl.DataFrame, columns: Sequence[Column]) -> pl.DataFrame:
        """For every column `#value` and `#json`; `#lost` where a rule took a value away, `#empty` where an empty cell
        is a fault."""
        if not columns:
            return pl.DataFrame()
        full = self._full(cells, columns)
        staged = cells.select(
            expression
            for column in columns
            for expression in self._stage(column, cells, full=column.name in full)
        )
        lists = one_value.broken(staged, columns)
        values = staged.with_columns(
            (one_value.alone(c.name, self._value(c)) if c.name in lists else self._value(c)).alias(
                f"{c.name}#value"
            )
            for c in columns
        )
        texts = [f"{c.name}#value" for c in columns if self.kind(c) is Kind.TEXT]
        escaped = values.select(needs_escape(pl.col(name)) for name in texts)
        plain = {name for name in texts if not escaped.item(0, name)}
        return values.select(
            expression
            for column in columns
            for expression in self._parts(column, full=column.name in full, plain=plain)
        )

    def _parts(self, column: Column, *, full: bool, plain: Collection[str]) -> Iterator[pl.Expr]:
        value = f"{column.name}#value"
        json = rendered(pl.col(value), self.kind(column), plain=value in plain)
        yield pl.col(value)
        yield (json if full else self._cleared(column, json)).alias(f"{column.name}#json")
        yield _lost(column.name)
        if self._refuses_empty(column):
            yield pl.col(f"{column.name}#empty")

    def _full(self, cells: pl.DataFrame, columns: Sequence[Column]) -> set[str]:
        """Columns in which every cell has a value: nearly all, so it is looked for before more is paid."""
        names = [column.name for column in columns if column.when is None]
        marker = self._mapping.clear_marker
        dull = cells.select(
            (pl.col(names).is_null() | pl.col(names).str.strip_chars().is_in(["", marker])).any()
        )
        return {name for name in names if not dull.item(0, name)} if names and cells.height else set()

    def _stage(self, column: Column, cells: pl.DataFrame, *, full: bool) -> list[pl.Expr]:
        """What goes through the rules; whether the value is to be cleared; whether the cell is empty."""
        cell = pl.col(column.name)
        if full:
            no = pl.lit(value=False)
            return [
                cell.alias(f"{column.name}#stage"),
                no.alias(f"{column.name}#cleared"),
                no.alias(f"{column.name}#empty"),
            ]
        stripped = cell.str.strip_chars()
        empty = stripped.is_null() | (stripped == "")
        cleared = stripped.eq_missing(pl.lit(self._mapping.clear_marker))
        if self._empty(column) is EmptyCell.CLEAR:
            cleared = cleared | empty
        value = ~empty & ~cleared
        if column.when:
            applies = fits(column.when, cells)
            value, cleared, empty = value & applies, cleared & applies, empty & applies
        return [
            pl.when(value).then(cell).alias(f"{column.name}#stage"),
            cleared.alias(f"{column.name}#cleared"),
            empty.alias(f"{column.name}#empty"),
        ]

    def _refuses_empty(self, column: Column) -> bool:
        return self._empty(column) is EmptyCell.ERROR and column.default is None

    def _empty(self, column: Column) -> EmptyCell:
        return column.empty or self._mapping.empty

    def _chain(self, column: Column) -> tuple[pl.Expr, Kind]:
        if column.name not in self._chains:
            value, kind = pl.col(f"{column.name}#stage"), Kind.TEXT
            for call in column.rules:
                value, kind = self._apply(call.name, call.argument, value, kind)
            self._chains[column.name] = value, kind
        return self._chains[column.name]

    def _apply(self, name: str, argument: Any, value: pl.Expr, kind: Kind) -> tuple[pl.Expr, Kind]:
        after = kind_after(name, kind, argument, self._tables)
        if name == LITERAL_RULE:
            return value, after
        rule = RULES[name]
        if rule.rendered:
            value = value.list.eval(element(kind.one))
        return rule.apply(value, argument, self._tables), after

    def kind(self, column: Column) -> Kind:
        return self._chain(column)[1]

    def _value(self, column: Column) -> pl.Expr:
        value, kind = self._chain(column)
        if column.default is None:
            return value
        return pl.when(pl.col(f"{column.name}#empty")).then(_constant(column.default, kind)).otherwise(value)

    def _cleared(self, column: Column, json: pl.Expr) -> pl.Expr:
        empty = pl.lit(self.kind(column).empty)
        return pl.when(pl.col(f"{column.name}#cleared")).then(empty).otherwise(json)

    def _leaf(self, column: Column) -> Leaf:
        return Leaf(str(column.to), self.kind(column), f"{column.name}#value", f"{column.name}#json")

    def _faults(
        self, places: pl.DataFrame, cells: pl.DataFrame, column: Column, judged: pl.DataFrame, carried: str | None
    ) -> list[RowError]:  # fmt: skip
        """`carried`: the column in which documents carry the same place; what they have there counts instead."""
        errors: list[RowError] = []
        for part, explained in (("empty", _empty_errors), ("lost", self._explained)):
            if f"{column.name}#{part}" in judged.columns:
                wrong = judged.get_column(f"{column.name}#{part}")
                if carried not in (None, column.name):
                    wrong = wrong & cells.get_column(str(carried)).is_null()
                rows = wrong.arg_true()
                errors += explained(places[rows], cells.get_column(column.name).gather(rows), column)
        return errors

    def _explained(self, places: pl.DataFrame, cells: pl.Series, column: Column) -> list[RowError]:
        """Why these rows lost their value; the reason belongs to the text of the cell and is found once."""
        texts = cells.to_list()
        known = self._reasons.setdefault(column.name, {})
        said = {text: reason for text in dict.fromkeys(texts) if (reason := known.get(text)) is not None}
        said |= self._reasons_of(column, [text for text in dict.fromkeys(texts) if text not in said])
        if len(known) < KNOWN_REASONS:
            known.update(said)
        return [
            _error((*place, text), column, *said[text])
            for place, text in zip(places.iter_rows(), texts, strict=True)
        ]

    def _reasons_of(self, column: Column, texts: list[str]) -> dict[str, Reason]:
        """The rules again, one by one: which of them takes the value, and why."""
        found = {
            text: one_value.reason(text) for text in texts if LIST_MARK in text and one_value.wanted(column)
        }
        texts = [text for text in texts if text not in found]
        stages = pl.DataFrame(
            {"#cell": texts, "#now": texts}, schema=dict.fromkeys(("#cell", "#now"), pl.String)
        )
        kind = Kind.TEXT
        for call in column.rules if texts else ():
            value, kind = self._apply(call.name, call.argument, pl.col("#now"), kind)
            after = stages.with_columns(value.alias("#next"))
            lost = after.filter(pl.col("#now").is_not_null() & pl.col("#next").is_null())
            rule = RULES[call.name]
            for cell, now in lost.select("#cell", "#now").iter_rows():
                found[cell] = rule.code, *rule.explain(now, call.argument, self._tables)
            stages = after.select("#cell", pl.col("#next").alias("#now"))
        return found


def _constant(value: Any, kind: Kind) -> pl.Expr:
    """The default in the form of the column's values."""
    if kind.many:
        texts = value if isinstance(value, list) else [value]
        return pl.lit(pl.Series([[_text(one, kind.one) for one in texts]], dtype=kind.dtype)).first()
    return pl.lit(_text(value, kind))


def _text(value: Any, kind: Kind) -> str:
    if kind is Kind.TEXT or (kind is Kind.NUMBER and isinstance(value, str)):
        return str(value)
    return orjson.dumps(value).decode()


def _lost(name: str) -> pl.Expr:
    lost = pl.col(f"{name}#stage").is_not_null() & pl.col(f"{name}#value").is_null()
    return lost.alias(f"{name}#lost")


def _empty_errors(places: pl.DataFrame, cells: pl.Series, column: Column) -> list[RowError]:
    rows = places.with_columns(cells.fill_null("").alias("#cell"))
    found = rows.select(ROW, LINE, KEY, "#cell").iter_rows()
    return [_error(row, column, "empty", "The cell is empty.", "Fill it in.") for row in found]


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
        value=value.strip(LIST_MARK).replace(LIST_MARK, "|"),
    )
