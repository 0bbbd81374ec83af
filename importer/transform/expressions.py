"""`expr:` in a column: Polars SQL over the cells of the row, behind a gate that knows what may pass (`gate`).

The gate has a parser of its own, which takes long to load: only mappings with expressions load it.
"""

from collections.abc import Collection, Mapping as Dict

import polars as pl


def names(text: str) -> set[str]:
    """The columns that the expression reads; none when it is no expression."""
    from importer.transform import gate

    return gate.names(text)


def fault(text: str, columns: Collection[str]) -> str | None:
    """Why the expression does not pass, as a sentence; None when it does. `columns`: those it may read."""
    from importer.transform import gate

    return gate.fault(text, columns)


def failed(name: str) -> str:
    """The column beside a computed one that says where it could not be computed; there only when it is somewhere."""
    return f"{name}#failed"


def compute(cells: pl.DataFrame, expressions: Dict[str, str]) -> pl.DataFrame:
    """The frame with the computed columns in place of the cells; every expression sees the cells as the file has them.

    A column that the file does not have counts as null. A row for which an expression fails gets null and its mark.
    """
    wanted = {name for text in expressions.values() for name in names(text)}
    absent = [pl.lit(None, dtype=pl.String).alias(name) for name in wanted if name not in cells.columns]
    given = cells.with_columns(absent)
    found: list[pl.Series] = []
    for name, text in expressions.items():
        values, lost = _evaluated(given, pl.sql_expr(text).cast(pl.String).alias(name))
        found += [values, lost.alias(failed(name))] if lost.any() else [values]
    return cells.with_columns(found)


PLAIN = pl.QueryOptFlags.none()
"""An optimiser may leave out what would fail, and then a row would not be the same alone and among others."""


def _evaluated(cells: pl.DataFrame, expression: pl.Expr) -> tuple[pl.Series, pl.Series]:
    """All rows at once. Only when that fails, halves, down to the rows that are to blame."""
    name = expression.meta.output_name()
    try:
        values = cells.lazy().with_columns(expression).collect(optimizations=PLAIN).get_column(name)
    except pl.exceptions.PolarsError:
        if cells.height == 1:
            return pl.Series(name, [None], dtype=pl.String), pl.Series([True])
        middle = cells.height // 2
        first, second = (_evaluated(part, expression) for part in (cells[:middle], cells[middle:]))
        return first[0].append(second[0]), first[1].append(second[1])
    return values, pl.repeat(False, cells.height, dtype=pl.Boolean, eager=True)  # noqa: FBT003
