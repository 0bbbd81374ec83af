"""A frame of cells becomes operations and row errors. Compute only; runs in a thread, one hop for each frame."""

from collections.abc import Mapping as Dict, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import polars as pl

from importer.domain.batches import Operation
from importer.domain.mapping import Column, Mapping
from importer.domain.rows import LINE, ROW, Outcome, RowError
from importer.ports import Tables
from importer.transform import schema
from importer.transform.attributes import expand
from importer.transform.binding import Binding
from importer.transform.cells import Values, evaluate, inherit
from importer.transform.payloads import build
from importer.transform.selection import drop_losers, leave_out


@dataclass(frozen=True)
class Transformed:
    """Every row of the frame is in exactly one of the two: an operation, or at least one error."""

    operations: list[Operation]
    errors: list[RowError]


@dataclass(frozen=True)
class Transform:
    """All that is needed to turn any frame of one file into operations. `lost`: see selection.losers."""

    mapping: Mapping
    binding: Binding
    tables: Tables
    lost: Dict[int, int]

    def named(self, cells: pl.DataFrame) -> pl.DataFrame:
        """The file's columns under the mapping's names; a column with a default is there even if the file has none."""
        cells = cells.rename({file: name for name, file in self.binding.names.items() if file != name})
        absent = [
            c.name
            for c in self.mapping.columns.values()
            if c.default is not None and c.name not in cells.columns
        ]
        return cells.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in absent)

    def __call__(self, cells: pl.DataFrame) -> Transformed:
        skipped = leave_out(self.named(cells), self.mapping)
        kept = drop_losers(skipped.cells, self.mapping, self.lost)
        expanded = expand(inherit(kept.cells, self.mapping), self.mapping, self.binding, self.tables)
        columns = [*self._own_columns(expanded.cells), *expanded.columns]
        values = [evaluate(expanded.cells, column, self.mapping, self.tables) for column in columns]
        errors = [
            *self._without_key(expanded.cells),
            *expanded.errors,
            *(e for v in values for e in v.errors),
        ]
        operations, found = self._judge(expanded.cells, values, errors)
        return Transformed(operations, [*skipped.errors, *kept.errors, *errors, *found])

    def _own_columns(self, cells: pl.DataFrame) -> list[Column]:
        """The mapping's columns that the frame has, called as the file calls them."""
        present = [
            column for column in self.mapping.columns.values() if column.to and column.name in cells.columns
        ]
        return [replace(column, shown=self.binding.label(column.name)) for column in present]

    def _without_key(self, cells: pl.DataFrame) -> list[RowError]:
        key = self.mapping.key
        empty = cells.filter(pl.col(key).fill_null("").str.strip_chars() == "")
        label = self.binding.label(key)
        text, fix = f"The key column {label} is empty.", "Give every row its key."
        return [
            _invalid(row, line, cell, code="key.empty", text=text, fix=fix, column=label, value=cell)
            for row, line, cell in empty.select(ROW, LINE, key).iter_rows()
        ]

    def _judge(
        self,
        cells: pl.DataFrame,
        values: Sequence[Values],
        errors: Sequence[RowError],
    ) -> tuple[list[Operation], list[RowError]]:
        """Hold every payload against the schema. A value that failed by its rule is not reported missing as well."""
        checker = schema.validator(self.mapping)
        broken = {(error.row, error.column) for error in errors}
        invalid = {error.row for error in errors}
        by_path = {str(value.column.to): value.column for value in values}
        operations: list[Operation] = []
        found: list[RowError] = []
        payloads = build(cells.height, values, self.mapping)
        for cell, payload in zip(cells.iter_rows(named=True), payloads, strict=True):
            findings = schema.findings(checker, payload, self.mapping)
            faults = [self._fault(cell, finding, by_path.get(finding.path)) for finding in findings]
            faults = [fault for fault in faults if (fault.row, fault.column) not in broken]
            found += faults
            if not faults and cell[ROW] not in invalid:
                key = cell[self.mapping.key].strip()
                operations.append(
                    Operation(row=cell[ROW], line=cell[LINE], key=key, payload=orjson.dumps(payload))
                )
        return operations, found

    def _fault(self, cell: Dict[str, Any], finding: schema.Finding, column: Column | None) -> RowError:
        path, code, text, fix = finding
        if column is None:  # the file gives no value for this path: name the column that would
            column = next((c for c in self.mapping.columns.values() if c.to == path), None)
        return _invalid(
            cell[ROW],
            cell[LINE],
            cell[self.mapping.key],
            code=code,
            text=text,
            fix=fix,
            column=column.label if column else path,
            value=cell.get(column.name) if column else None,
        )


def _invalid(row: int, line: int, key: str | None, **words: Any) -> RowError:
    return RowError(row=row, line=line, key=key, outcome=Outcome.INVALID, **words)
