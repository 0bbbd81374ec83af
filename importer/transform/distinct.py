"""A column whose cells repeat: its few different texts, and for every row which of them it has.

What a rule makes of a text depends on the text alone, so it is worked out once for each of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

SAMPLE = 2_000
"""Cells at the beginning; when most of them differ the column is not looked at any further."""
SHARE = 4
"""A column repeats when it has at most one different text for so many rows."""


@dataclass(frozen=True)
class Distinct:
    """`texts` ends with null, which stands for every absent cell; `places` are indexes into it, one for each row."""

    texts: pl.Series
    places: pl.Series


def distinct(cells: pl.Series) -> Distinct | None:
    """None for a column whose cells mostly differ."""
    if cells.len() < SAMPLE or cells.head(SAMPLE).n_unique() > SAMPLE // 2:
        return None
    codes = cells.cast(pl.Categorical(pl.Categories.random())).to_physical()
    highest = codes.max()
    few = 0 if highest is None else int(str(highest)) + 1  # codes are given in the order of appearance
    if few > cells.len() // SHARE:
        return None
    places = codes.fill_null(few)
    firsts = places.arg_unique()
    order = places.gather(firsts).to_numpy().argsort()
    texts = cells.gather(pl.Series(firsts.to_numpy()[order]))
    if not codes.null_count():
        texts = texts.extend(pl.Series([None], dtype=pl.String))
    return Distinct(texts, places)


def side_by_side(columns: Mapping[str, Distinct]) -> pl.DataFrame:
    """The texts of several columns, so that all are worked out at once; the shorter ones are filled up with null."""
    height = max(column.texts.len() for column in columns.values())
    return pl.DataFrame(
        [
            column.texts.extend_constant(None, height - column.texts.len()).alias(name)
            for name, column in columns.items()
        ]
    )


def spread(worked_out: pl.DataFrame, columns: Mapping[str, Distinct]) -> pl.DataFrame:
    """From one row for each text to one for each row of the frame. `worked_out` names its columns `<column>#<part>`."""
    return worked_out.select(
        pl.col(name).gather(columns[name.rpartition("#")[0]].places) for name in worked_out.columns
    )
