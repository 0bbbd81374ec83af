"""Cells that a spreadsheet would run as a formula get a `'` in a report, and lose exactly that on re-import.

The guard is undone only in files that carry all columns of a report, so no other file is ever changed by it.
"""

import re

import polars as pl

FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""A formula's beginning; leading apostrophes are part of it, so that guard and unguard are exact opposites."""


def guard(cell: str) -> str:
    return f"'{cell}" if FORMULA.match(cell) else cell


def unguard(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell, 1) else cell


def unguarded(name: str) -> pl.Expr:
    """The column without its guards; the same as `unguard` for every cell."""
    cell = pl.col(name)
    return pl.when(cell.str.contains(r"^'+[=+\-@\t\r]")).then(cell.str.slice(1)).otherwise(cell).alias(name)
