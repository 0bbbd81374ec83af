"""A column whose cells repeat: its few different texts, and for every row which of them it has.

What a rule makes of a text depends on the text alone, so it is worked out once for each of them.
"""

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

    def spread(self, worked_out: pl.DataFrame) -> pl.DataFrame:
        """From one row for each text to one for each row of the frame."""
        return worked_out.select(pl.all().gather(self.places))


def distinct(cells: pl.Series) -> Distinct | None:
    """None for a column whose cells mostly differ."""
    if cells.len() < SAMPLE or cells.head(SAMPLE).n_unique() > SAMPLE // 2:
        return None
    code = pl.col("text").cast(pl.Categorical(pl.Categories.random())).to_physical()
    coded = cells.alias("text").to_frame().with_columns(code.alias("code"))
    found = coded.lazy().drop_nulls().unique("code").sort("code").collect()
    if found.height > cells.len() // SHARE:
        return None
    texts = found.get_column("text").extend(pl.Series([None], dtype=pl.String))
    return Distinct(texts, coded.get_column("code").fill_null(found.height))
