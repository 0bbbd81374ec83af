"""Payloads of many rows as fragments put together once: constants, columns, and what is made of both.

A fragment that hangs on one column whose cells repeat is made once for each of its texts, with the constant before it;
for the rows it is only looked up.
"""

from collections.abc import Mapping as Dict, Sequence
from dataclasses import dataclass, field

import polars as pl

from importer.transform.distinct import Distinct
from importer.transform.rendering import Piece


def text_place(column: str) -> str:
    """The column of a frame that says which text of `column` a row has."""
    return f"{column}#place"


@dataclass
class Fragment:
    """`before` and then `piece`; `source` is the column that decides about it, when it is one alone."""

    before: str
    piece: pl.Expr | None
    source: str = ""
    by_text: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))

    def expressions(self) -> list[pl.Expr]:
        constant = [pl.lit(self.before)] if self.before else []
        return constant if self.piece is None else [*constant, self.piece]

    def of_texts(self, made: pl.DataFrame) -> pl.Series:
        """The fragment for each text; made once. Frames may come from several threads at once."""
        by_text = self.by_text
        if by_text.len() < made.height:
            fresh = made[by_text.len() :].select(pl.concat_str(self.expressions())).to_series()
            by_text = self.by_text = pl.concat([by_text, fresh], rechunk=True)
        return by_text


def fragments(pieces: Sequence[Piece], columns: Dict[str, str]) -> list[Fragment]:
    """`columns`: names of the columns that pieces read -> whose texts they are made of."""
    found, before = [], ""
    for piece in pieces:
        if isinstance(piece, str):
            before += piece
            continue
        sources = {columns[name] for name in piece.meta.root_names()}
        found.append(Fragment(before, piece, sources.pop() if len(sources) == 1 else ""))
        before = ""
    return [*found, Fragment(before, None)] if before else found


def payloads(parts: Sequence[Fragment], rows: pl.DataFrame, few: Dict[str, Distinct], name: str) -> pl.Series:
    """The JSON of the rows. Of a column in `few` they have the place of its text."""
    looked_up: list[pl.Series] = []
    beside: list[pl.Expr] = []
    for number, part in enumerate(parts):
        if part.source in few:
            texts = part.of_texts(few[part.source].made).gather(rows.get_column(text_place(part.source)))
            looked_up.append(texts.alias(f"#{number}"))
            beside.append(pl.col(f"#{number}"))
        else:
            beside += part.expressions()
    together = pl.concat_str(beside).alias(name)
    return rows.hstack(looked_up).with_columns(together).get_column(name)
