"""Patterns of JSON Schema in two engines: Python's, which the schema library uses, and Rust's, which is fast.

They agree on plain patterns and on texts of printable ASCII characters; everything else is left to Python's.
"""

import re

import polars as pl

PLAIN = re.compile(
    r"(?:[A-Za-z0-9 _@#%&~:;,<>=!\"'/`-]"  # characters that mean themselves
    r"|\\[dwsDWS.*+?()\[\]{}|^$\\/-]"  # classes and escaped characters
    r"|\[\^?(?:[A-Za-z0-9 _@#%:;,<>=!\"'/`.*+?(){}|$-]|\\[dws.*+?()\[\]{}|^$\\/-])+\]"
    r"|[.^$|()]|\(\?:|[*+?]|\{\d{1,3}(?:,\d{0,3})?\})*"
)
PRINTABLE = r"^[ -~]*$"


def same_in_rust(pattern: str) -> bool:
    """Whether both engines read the pattern alike."""
    if len(pattern) > 500 or not PLAIN.fullmatch(pattern) or re.search(r"[*+?}]\+|&&|--|~~", pattern):
        return False
    try:
        pl.select(pl.lit("").str.contains(pattern))
    except pl.exceptions.PolarsError:
        return False
    return True


def found(value: pl.Expr, pattern: str) -> pl.Expr:
    """Whether Python finds the pattern; null where that is not known."""
    return pl.when(value.str.contains(PRINTABLE)).then(value.str.contains(pattern))
