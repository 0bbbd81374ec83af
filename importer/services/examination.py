"""The first walk through a file: how many records it has, and what stands more than once."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from importer import formats
from importer.domain.errors import FileDamaged
from importer.domain.mapping import Mapping, RepeatedKeys
from importer.domain.rows import ROW
from importer.formats.ahead import ahead
from importer.formats.frames import CellWarning, Frame, Header
from importer.formats.index import Index
from importer.formats.reading import Reading
from importer.ports import Tables
from importer.transform import Transform, expressions
from importer.transform.attributes import unused
from importer.transform.binding import Binding, bind
from importer.transform.repeats import Repeats
from importer.transform.selection import comparable, keys, leave_out

MOST_WARNINGS = 200
"""Warnings that a report keeps; a sheet that is spoilt is spoilt in every row."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """A file with everything known about it before its rows are transformed.

    `warnings`: sentences about cells that are read and look spoilt, the first of them.
    """

    path: Path
    name: str
    header: Header
    rows: int
    transform: Transform
    warnings: list[str] = field(default_factory=list)
    index: Index | None = None

    @property
    def columns(self) -> dict[str, list[str]]:
        """The file's columns by what becomes of them: used, known but left out, and unknown."""
        transform = self.transform
        binding, mapping = transform.binding, transform.mapping
        return {
            "used": list(binding.names.values()),
            "left_out": [f"{name}: {mapping.ignore[name.lower()]}" for name in binding.ignored],
            "unknown": unused(mapping, binding, transform.tables),
        }

    def require_rows(self) -> None:
        """Raises FileDamaged."""
        if self.rows == 0:
            raise FileDamaged(
                f"{self.name} has a header but no rows: there is nothing to import. "
                "Is it the right file, and was it exported completely?",
                code="file.no_rows",
            )

    def frames(self) -> Iterator[Frame]:
        return formats.frames(self.path, self.name, self.header, index=self.index)


def examine(
    path: Path, name: str, mapping: Mapping, tables: Tables, reading: Reading | None = None
) -> Document:
    """Raises FileDamaged, RequestError (the columns do not fit the mapping)."""
    index = Index()
    header = formats.header(path, name, reading, index)
    transform = Transform(mapping, bind(mapping, header.own, header.literal, header.hints), tables)
    unique = [c.name for c in mapping.columns.values() if c.unique and c.name in transform.binding.names]
    rows, warnings = 0, header.doubts
    looked_at = _looked_at(mapping, transform.binding)
    with ExitStack() as stack:
        repeated = stack.enter_context(Repeats())
        values = {column: stack.enter_context(Repeats()) for column in unique}
        for frame in ahead(formats.frames(path, name, header, looked_at, index)):
            rows += frame.rows
            warnings += [_sentence(one) for one in frame.warnings[: MOST_WARNINGS - len(warnings)]]
            cells = transform.named(frame.cells)
            found = keys(cells, mapping)
            repeated.add(found.get_column(ROW), found.get_column("key"))
            for column, repeats in values.items():
                _add(repeats, cells, column, mapping)
        lost = repeated.losers(last_wins=mapping.repeated_keys is RepeatedKeys.LAST)
        firsts = {column: repeats.losers(last_wins=False, without=lost) for column, repeats in values.items()}
    complete = Transform(mapping, transform.binding, tables, lost, firsts)
    return Document(
        path=path,
        name=name,
        header=header,
        rows=rows,
        transform=complete,
        warnings=warnings,
        index=index,
    )


def _sentence(warning: CellWarning) -> str:
    return f"row {warning.row}, cell {warning.address}, {warning.column} = '{warning.value}': {warning.text}"


def _looked_at(mapping: Mapping, binding: Binding) -> set[str]:
    """The file's columns that this walk needs."""
    expressed = [column.expr for column in mapping.columns.values() if column.expr]
    names = [*mapping.keys, *(name for text in expressed for name in expressions.names(text))]
    names += [*(skip.when.column for skip in mapping.skip)]
    names += [column.name for column in mapping.columns.values() if column.unique]
    names += [mapping.scope.column] if mapping.scope else []
    carried = {str(mapping.columns[name].to) for name in mapping.keys if name in mapping.columns}
    return {binding.label(name) for name in names} | (carried & set(binding.literal))


def _add(repeats: Repeats, cells: pl.DataFrame, column: str, mapping: Mapping) -> None:
    kept = leave_out(cells, mapping).cells.select(pl.col(ROW), comparable(column).alias("value"))
    kept = kept.filter(pl.col("value").fill_null("") != "")
    repeats.add(kept.get_column(ROW), kept.get_column("value"))
