"""A column without `split` takes one value: a cell that holds a list is a fault, and its mark is never sent.

The mark comes from lists in JSON documents, and from the CSV that a report makes of them.
"""

from collections.abc import Sequence

import polars as pl

from importer.domain.mapping import Column
from importer.domain.rows import LIST_MARK
from importer.transform.rules import LITERAL_RULE


def wanted(column: Column) -> bool:
    """Only `split` knows a list when it sees one; a part of a document is JSON and has no mark."""
    return all(call.name not in ("split", LITERAL_RULE) for call in column.rules)


def broken(staged: pl.DataFrame, columns: Sequence[Column]) -> set[str]:
    """Columns that take one value and have a cell with a list: hardly ever one, so it is looked for first."""
    names = [column.name for column in columns if wanted(column)]
    if not names or not staged.height:
        return set()
    stages = [f"{name}#stage" for name in names]
    found = staged.select(pl.col(stages).str.contains(LIST_MARK, literal=True).any()).row(0)
    return {name for name, any_ in zip(names, found, strict=True) if any_}


def alone(name: str, value: pl.Expr) -> pl.Expr:
    """The value of the column, null where its cell holds a list."""
    marked = pl.col(f"{name}#stage").str.contains(LIST_MARK, literal=True).fill_null(value=False)
    return pl.when(~marked).then(value)


def reason(cell: str) -> tuple[str, str, str]:
    """Code, what is wrong, what to do."""
    count = len([part for part in cell.split(LIST_MARK) if part])
    text = f"The cell holds a list (of {count}), and the column takes one value."
    return "list.unexpected", text, "Give one value, or let the mapping take the list with the rule `split`."
