"""Three-valued logic over rows: a verdict is true, false, not known, or an expression that is one of these for each row.

Polars computes the same way: null and false is false, null or true is true, everything else with null is null.
"""

from collections.abc import Iterable

import polars as pl

Verdict = pl.Expr | bool | None
"""None, or null in a row: not known."""


def both(left: Verdict, right: Verdict) -> Verdict:
    if left is False or right is False:
        return False
    if left is True:
        return right
    if right is True or (left is None and right is None):
        return left
    return _expr(left) & _expr(right)


def negated(verdict: Verdict) -> Verdict:
    if verdict is None:
        return None
    return not verdict if isinstance(verdict, bool) else ~verdict


def either(left: Verdict, right: Verdict) -> Verdict:
    return negated(both(negated(left), negated(right)))


def every(verdicts: Iterable[Verdict]) -> Verdict:
    found: Verdict = True
    for verdict in verdicts:
        found = both(found, verdict)
    return found


def some(verdicts: Iterable[Verdict]) -> Verdict:
    return negated(every(negated(verdict) for verdict in verdicts))


def number_of(verdicts: Iterable[Verdict]) -> pl.Expr | int:
    """How many are true; null where one is not known."""
    certain, exprs = 0, []
    for verdict in verdicts:
        if isinstance(verdict, bool):
            certain += verdict
        else:
            exprs.append(_expr(verdict).cast(pl.Int64))
    return sum(exprs, start=pl.lit(certain, dtype=pl.Int64)) if exprs else certain


def expression(verdict: Verdict) -> pl.Expr:
    """True only where the verdict is known to be true."""
    return _expr(verdict).fill_null(value=False)


def _expr(verdict: Verdict) -> pl.Expr:
    if isinstance(verdict, pl.Expr):
        return verdict
    return pl.lit(verdict, dtype=pl.Boolean)
