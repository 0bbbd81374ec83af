"""A column whose cells repeat: its few different texts, and for every row which of them it has.

What a rule makes of a text depends on the text alone, so it is worked out once for each of them.
"""

from collections.abc import Mapping, Sequence
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


def repeating(cells: pl.DataFrame, names: Sequence[str]) -> dict[str, Distinct]:
    """Those of the columns `names` whose cells repeat; all are looked at together, because every look has its price."""
    if cells.height < SAMPLE or not names:
        return {}
    sample = cells.head(SAMPLE).select(pl.col(names).n_unique())
    names = [name for name in names if sample.item(0, name) <= SAMPLE // 2]
    if not names:
        return {}
    codes = cells.select(
        pl.col(name).cast(pl.Categorical(pl.Categories.random())).to_physical() for name in names
    )
    few = codes.select((pl.all().max() + 1).fill_null(0))  # codes are given in the order of appearance
    names = [name for name in names if few.item(0, name) <= cells.height // SHARE]
    places = codes.select(pl.col(name).fill_null(few.item(0, name)) for name in names)
    firsts = places.select(pl.all().arg_unique().implode())
    return {
        name: _distinct(cells.get_column(name), places.get_column(name), firsts.item(0, name))
        for name in names
    }


def _distinct(cells: pl.Series, places: pl.Series, firsts: pl.Series) -> Distinct:
    order = places.gather(firsts).to_numpy().argsort()
    texts = cells.gather(pl.Series(firsts.to_numpy()[order]))
    return Distinct(texts if texts.null_count() else texts.extend(pl.Series([None], dtype=pl.String)), places)


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
