"""How values of one set of columns become payloads, and which of them the schema has to look at."""

from collections.abc import Iterable, Iterator, Mapping as Dict, Sequence
from typing import Any

import polars as pl

from importer.domain.errors import RequestError
from importer.domain.mapping import Column, Mapping
from importer.domain.rows import LINE, ROW, Outcome, RowError
from importer.transform import schema
from importer.transform.accept import Clause, clauses
from importer.transform.cells import KEY, Values
from importer.transform.kinds import Kind
from importer.transform.rules import LITERAL_CALL
from importer.transform.tree import Constant, Leaf, grow, render

PAYLOAD = "#payload"
KNOWN_VERDICTS = 50_000
"""Distinct values of a leaf whose verdict is remembered."""


class Plan:
    """Built once for the columns that frames have in use. Raises RequestError when two columns fill one place."""

    def __init__(self, mapping: Mapping, leaves: Sequence[tuple[Column, Leaf]]) -> None:
        own = {leaf.path for column, leaf in leaves if LITERAL_CALL in column.rules}
        places: list[tuple[str, Leaf | Constant]] = [
            (path, Constant(path, value)) for path, value in mapping.constants.items() if path not in own
        ]
        places += [(leaf.path, leaf) for _, leaf in leaves]
        try:
            tree = grow(places, mapping.lists)
        except ValueError as error:
            raise RequestError(
                f"Two columns of the file go to one place: {error}.", code="columns.twice"
            ) from error
        self._mapping = mapping
        self._columns = {leaf.path: column for column, leaf in leaves}
        self._payload = render(tree).alias(PAYLOAD)
        self._clauses = list(clauses(mapping.schema, tree, mapping.schema))
        self._checker = schema.validator(mapping)
        self._parts = {
            number: self._checker.evolve(schema=clause.schema)
            for number, clause in enumerate(self._clauses)
            if clause.leaf is not None
        }
        self._verdicts: dict[int, dict[str, bool]] = {}

    def __call__(
        self, values: Values, errors: Sequence[RowError], cells: pl.DataFrame
    ) -> tuple[pl.DataFrame, list[RowError]]:
        """Operations and what the schema finds. A value that failed by its rule is not reported missing as well."""
        table = values.table.with_columns(self._payload)
        accepted = table.select(
            self._verdict(n, clause, table).alias(str(n)) for n, clause in enumerate(self._clauses)
        )
        broken = {(error.row, error.column) for error in errors}
        found = [f for f in self._findings(table, accepted, cells) if (f.row, f.column) not in broken]
        invalid = {error.row for error in errors} | {error.row for error in found}
        good = table if not invalid else table.filter(~pl.col(ROW).is_in(list(invalid)))
        return good.select(ROW, LINE, pl.col(KEY).str.strip_chars(), PAYLOAD), found

    def _verdict(self, number: int, clause: Clause, table: pl.DataFrame) -> pl.Expr:
        if clause.accept is not None:
            return clause.accept
        leaf = clause.leaf
        assert leaf is not None  # noqa: S101 - a clause without an expression belongs to a leaf
        distinct = table.get_column(leaf.json).unique().drop_nulls().to_list()
        known = self._verdicts.setdefault(number, {})
        if len(known) > KNOWN_VERDICTS:
            known.clear()
        part = self._parts[number]
        known.update((text, part.is_valid(schema.load(text))) for text in distinct if text not in known)
        return ~pl.col(leaf.json).is_in([text for text in distinct if not known[text]]).fill_null(value=False)

    def _findings(self, table: pl.DataFrame, accepted: pl.DataFrame, cells: pl.DataFrame) -> list[RowError]:
        """What the schema itself says of the rows and values that were not accepted."""
        found: dict[tuple[int, str, str], RowError] = {}
        for number, clause in enumerate(self._clauses):
            verdicts = accepted.get_column(str(number))
            if verdicts.len() == 1 < table.height:  # the same for all rows
                verdicts = verdicts.new_from_index(0, table.height)
            if verdicts.all():
                continue
            rows = (~verdicts).arg_true()
            for error in self._explained(number, clause, table[rows], cells[rows]):
                found.setdefault((error.row, str(error.column), error.code), error)
        return sorted(found.values(), key=lambda error: error.row)

    def _explained(
        self, number: int, clause: Clause, rows: pl.DataFrame, cells: pl.DataFrame
    ) -> Iterator[RowError]:
        for place, row in enumerate(rows.iter_rows(named=True)):
            for finding in self._of_clause(number, clause, row):
                yield self._error(row, finding, cells, place)

    def _of_clause(self, number: int, clause: Clause, row: Dict[str, Any]) -> Iterable[schema.Finding]:
        if clause.missing is not None:
            return [schema.missing(clause.missing)]
        if clause.leaf is None:
            return schema.findings(self._checker, schema.load(row[PAYLOAD]), self._mapping)
        leaf, text = clause.leaf, row[clause.leaf.json]
        value = (
            row[leaf.value] if leaf.kind is Kind.TEXT and row[leaf.value] is not None else schema.load(text)
        )
        return schema.findings(self._parts[number], value, self._mapping, at=leaf.path)

    def _error(
        self, row: Dict[str, Any], finding: schema.Finding, cells: pl.DataFrame, place: int
    ) -> RowError:
        path, code, text, fix = finding
        column = self._columns.get(path) or _nearest(path, self._columns)
        if column is None:  # the file gives no value for this path: name the column that would
            column = next((c for c in self._mapping.columns.values() if c.to == path), None)
        has_cell = column is not None and column.name in cells.columns
        return RowError(
            row=row[ROW],
            line=row[LINE],
            key=row[KEY],
            outcome=Outcome.INVALID,
            code=code,
            text=text,
            fix=fix,
            column=column.label if column else path,
            value=(cells.item(place, column.name) or "") if has_cell and column else None,
        )


def _nearest(path: str, columns: Dict[str, Column]) -> Column | None:
    """The column whose value holds the path: a list made of one cell."""
    return next(
        (column for outer, column in columns.items() if path.startswith((f"{outer}[", f"{outer}."))), None
    )
