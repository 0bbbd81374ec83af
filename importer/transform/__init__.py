"""A frame of cells becomes operations and row errors. Compute only; runs in a thread, one hop for each frame."""

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, replace
from functools import cached_property

import polars as pl

from importer.domain.mapping import Column, Mapping
from importer.domain.rows import LINE, LIST_MARK, ROW, Outcome, RowError
from importer.ports import Tables
from importer.transform.attributes import Expanded, expand
from importer.transform.binding import Binding
from importer.transform.cells import KEY, Evaluation, Values, inherit
from importer.transform.expressions import compute, failed
from importer.transform.plan import PAYLOAD, Plan
from importer.transform.repeats import NONE, Losers
from importer.transform.rules import LITERAL_CALL
from importer.transform.selection import drop_losers, leave_out, not_unique, with_key
from importer.transform.stages import MORE, PHASE, PREFACE, SCOPE, scoped, staged, unknown_scopes


@dataclass(frozen=True)
class Transformed:
    """Every row of the frame is in exactly one of the two: at least one operation, or at least one error.

    `operations`: `#row`, `#line`, `#key`, `#payload` (the JSON of one operation), `#phase`, `#scope`, `#more` and
    `#preface` (see `stages.staged`), in the order of the file; the second ones of rows follow after all first ones.
    """

    operations: pl.DataFrame
    errors: list[RowError]


@dataclass(frozen=True)
class Transform:
    """All that is needed to turn any frame of one file into operations.

    `lost`: rows that another row with the same key replaces; `firsts`: for every unique column the rows whose value
    stands in an earlier one.
    """

    mapping: Mapping
    binding: Binding
    tables: Tables
    lost: Losers = NONE
    firsts: Dict[str, Losers] = field(default_factory=dict)

    @cached_property
    def _evaluation(self) -> Evaluation:
        return Evaluation(self.mapping, self.tables)

    @cached_property
    def _plans(self) -> dict[tuple[str, ...], Plan]:
        return {}

    def named(self, cells: pl.DataFrame) -> pl.DataFrame:
        """The file's columns under the mapping's names; a column with a default is there even if the file has none."""
        cells = cells.with_columns(
            _text(file).alias(name)
            for name, file in self.binding.keyed_literals.items()
            if file in cells.columns
        )
        plain = {file: name for name, file in self.binding.names.items() if file not in self.binding.json}
        cells = cells.rename({file: name for file, name in plain.items() if file != name}, strict=False)
        absent = [
            c.name
            for c in self.mapping.columns.values()
            if c.default is not None and c.expr is None and c.name not in cells.columns
        ]
        cells = cells.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in absent)
        cells = cells.with_columns(
            pl.coalesce(name, _text(str(self.mapping.columns[name].to))).alias(name)
            for name in self.mapping.keys
            if name in cells.columns and self._carried_too(self.mapping.columns[name])
        )
        computed = {c.name: c.expr for c in self.mapping.columns.values() if c.expr is not None}
        return with_key(compute(cells, computed) if computed else cells, self.mapping)

    def __call__(self, cells: pl.DataFrame) -> Transformed:
        if cells.is_empty():
            return Transformed(_no_operations(), [])
        first, last = int(cells.item(0, ROW)), int(cells.item(-1, ROW))
        skipped = leave_out(self.named(cells), self.mapping)
        key = self.binding.label(self.mapping.key)
        kept = drop_losers(skipped.cells, self.mapping, self.lost.between(first, last), key)
        if kept.cells.is_empty():
            return Transformed(_no_operations(), [*skipped.errors, *kept.errors])
        expanded = expand(inherit(kept.cells, self.mapping), self.mapping, self.binding, self.tables)
        values = self._evaluation(expanded.cells, [*self._own_columns(expanded.cells), *expanded.columns])
        errors = [
            *self._without_key(expanded.cells),
            *self._not_computed(expanded.cells),
            *unknown_scopes(expanded.cells, self.mapping, self.tables),
            *self._not_unique(expanded, first, last),
            *expanded.errors,
            *values.errors,
        ]
        operations, found = self._plan(values)(values, errors, expanded.cells)
        operations = staged(operations, expanded.cells, self.mapping)
        keyless = {error.row for error in errors if error.code == "key.empty"}
        found = [error for error in found if error.row not in keyless or error.code != "required"]
        errors = scoped([*errors, *found], expanded.cells, self.mapping)
        return Transformed(operations, [*skipped.errors, *kept.errors, *errors])

    def _own_columns(self, cells: pl.DataFrame) -> list[Column]:
        """The mapping's columns that the frame has, called as the file calls them."""
        present = [
            replace(column, shown=self.binding.label(column.name))
            for column in self.mapping.columns.values()
            if column.to
            and column.name in cells.columns
            and (column.to not in self.binding.literal or self._carried_too(column))
        ]
        literal = [
            Column(name=name, to=path, rules=(LITERAL_CALL,), shown=name)
            for path, name in self.binding.literal.items()
        ]
        return [*present, *literal]

    def _carried_too(self, column: Column) -> bool:
        """Some documents of the file carry its place themselves, others give it a cell."""
        return column.to in self.binding.literal and self.binding.names.get(column.name) != column.to

    def _without_key(self, cells: pl.DataFrame) -> list[RowError]:
        key = self.mapping.key
        empty = cells.filter(pl.col(key).fill_null("").str.strip_chars() == "")
        label = self.binding.label(key)
        return [
            RowError(
                row=row,
                line=line,
                key=cell,
                outcome=Outcome.INVALID,
                code="key.empty",
                text=f"The key column {label} is empty.",
                fix="Give every row its key.",
                column=label,
                value=cell,
            )
            for row, line, cell in empty.select(ROW, LINE, pl.col(key).fill_null("")).iter_rows()
        ]

    def _not_computed(self, cells: pl.DataFrame) -> list[RowError]:
        return [
            RowError(
                row=row,
                line=line,
                key=key,
                outcome=Outcome.INVALID,
                code="expr",
                text=f"The expression of {column.name} fails for the cells of this row.",
                fix=f"It is: {column.expr}",
                column=column.name,
            )
            for column in self.mapping.columns.values()
            if failed(column.name) in cells.columns
            for row, line, key in cells.filter(pl.col(failed(column.name)))
            .select(ROW, LINE, self.mapping.key)
            .iter_rows()
        ]

    def _not_unique(self, expanded: Expanded, first: int, last: int) -> list[RowError]:
        return [
            error
            for name, firsts in self.firsts.items()
            for error in not_unique(
                expanded.cells,
                self.mapping,
                replace(self.mapping.columns[name], shown=self.binding.label(name)),
                firsts.between(first, last),
            )
        ]

    def _plan(self, values: Values) -> Plan:
        """Frames with the same columns in use share one plan."""
        names = tuple(leaf.json for _, leaf in values.leaves)
        if names not in self._plans:
            self._plans[names] = Plan(self.mapping, values.leaves)
        return self._plans[names]


def _text(name: str) -> pl.Expr:
    """The text of a JSON string, the texts of a list of strings; any other JSON stays as it is."""
    cell = pl.col([name])
    text = pl.when(cell.str.starts_with('"')).then(cell).str.json_decode(pl.String)
    texts = pl.when(cell.str.contains(r'^\["([^"\\]|\\.)*"(,"([^"\\]|\\.)*")*\]$')).then(cell)
    joined = texts.str.json_decode(pl.List(pl.String)).list.join(LIST_MARK) + LIST_MARK
    return pl.coalesce(text, joined, cell)


def _no_operations() -> pl.DataFrame:
    texts = dict.fromkeys((KEY, PAYLOAD, SCOPE, PREFACE), pl.String)
    return pl.DataFrame(schema={ROW: pl.Int64, LINE: pl.Int64, PHASE: pl.Int64, MORE: pl.Boolean, **texts})
