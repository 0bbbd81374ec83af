"""Columns whose cells repeat: their different texts over the whole file, and for every row which of them it has.

What a rule makes of a text depends on the text alone, so it is worked out once for each of them, and the frames that
follow find it ready.
"""

from collections.abc import Callable, Iterable, Mapping as Dict, Sequence
from dataclasses import dataclass
from threading import Lock

import polars as pl

SAMPLE = 2_000
"""Cells at the beginning; when most of them differ the column is not looked at any further."""
SHARE = 4
"""A column repeats when a frame brings at most one new text for so many rows."""
MOST_TEXTS, MOST_BYTES = 20_000, 4 << 20
"""Of one column, with what was made of them; a column that comes to more is left alone from then on."""

MARKS = ("#lost", "#empty")
"""Parts that say where something is wrong."""

Work = Callable[[pl.DataFrame], pl.DataFrame]
"""From columns of texts to what is made of them, row by row, in columns called `<column>#<part>`."""


@dataclass(frozen=True)
class Distinct:
    """`places`: for each row of the frame the place of its text in `made`, which holds what was made of every text so
    far; the first place is that of an absent cell. `used`: the columns of `made` that say something."""

    places: pl.Series
    made: pl.DataFrame
    used: pl.DataFrame


class _Vocabulary:
    """The texts of one column in the order in which they came; Polars numbers them."""

    def __init__(self) -> None:
        self.dtype = pl.Categorical(pl.Categories.random())
        # Polars forgets the numbers when no series has them any more.
        self._numbers = pl.Series(dtype=self.dtype)
        self._made = self._used = pl.DataFrame()

    @property
    def known(self) -> int:
        return self._made.height

    @property
    def large(self) -> bool:
        return self.known > MOST_TEXTS or self._made.estimated_size() > MOST_BYTES

    def distinct(self, places: pl.Series) -> Distinct:
        return Distinct(places, self._made, self._used)

    def places(self, name: str) -> pl.Expr:
        return (pl.col(name).cast(self.dtype).to_physical() + 1).fill_null(0)

    def texts(self, count: int) -> pl.Series:
        """Those that are not known yet, of the first `count`; before all of them null."""
        numbers = pl.Series(range(max(self.known - 1, 0), count), dtype=pl.UInt32)
        fresh = numbers.cat.to(self.dtype).cast(pl.String)
        return fresh if self.known else pl.Series([None], dtype=pl.String).extend(fresh)

    def learn(self, made: pl.DataFrame) -> None:
        self._made = pl.concat([self._made, made], rechunk=True) if self.known else made
        self._used = used(self._made)


class Vocabularies:
    """Of the columns of one file, by their names; None stands for a column that does not repeat."""

    def __init__(self) -> None:
        self._known: dict[str, _Vocabulary | None] = {}
        self._lock = Lock()

    def __call__(self, cells: pl.DataFrame, names: Sequence[str], work: Work) -> dict[str, Distinct]:
        """Those of the columns that repeat. Frames may come from several threads at once."""
        with self._lock:
            self._look_at(cells, [name for name in names if name not in self._known])
            repeating = {name: one for name in names if (one := self._known.get(name)) is not None}
            if not repeating or cells.is_empty():
                return {}
            places = cells.select(one.places(name) for name, one in repeating.items())
            highest = places.select(pl.all().max()).row(0, named=True)
            fresh = {
                name: one.texts(highest[name])
                for name, one in repeating.items()
                if highest[name] >= one.known
            }
            for name in [name for name, texts in fresh.items() if self._too_many(cells, texts)]:
                self._known[name] = None
                del fresh[name], repeating[name]
            self._learn(fresh, repeating, work)
            for name in [name for name, one in repeating.items() if one.large]:
                self._known[name] = None
            return {name: one.distinct(places.get_column(name)) for name, one in repeating.items()}

    def _look_at(self, cells: pl.DataFrame, names: Sequence[str]) -> None:
        """Whether the cells of these columns seem to repeat, by a frame that is large enough to say."""
        if cells.height < SAMPLE or not names:
            return
        different = cells.head(SAMPLE).select(pl.col(names).n_unique()).row(0)
        for name, count in zip(names, different, strict=True):
            self._known[name] = _Vocabulary() if count <= SAMPLE // 2 else None

    def _too_many(self, cells: pl.DataFrame, texts: pl.Series) -> bool:
        return texts.len() > max(cells.height, SAMPLE) // SHARE

    def _learn(self, fresh: Dict[str, pl.Series], vocabularies: Dict[str, _Vocabulary], work: Work) -> None:
        """All columns at once, because every look has its price; the shorter ones are filled up with null."""
        if not fresh:
            return
        height = max(texts.len() for texts in fresh.values())
        made = work(
            pl.DataFrame([t.extend_constant(None, height - t.len()).alias(name) for name, t in fresh.items()])
        )
        for name, texts in fresh.items():
            parts = [part for part in made.columns if part.rpartition("#")[0] == name]
            vocabularies[name].learn(made.select(parts).head(texts.len()))


def used(judged: pl.DataFrame) -> pl.DataFrame:
    """Without the columns that have no value at all, which cost nothing more, and without marks that mark nothing."""
    marks = [name for name in judged.columns if name.endswith(MARKS)]
    marked = {name for name, hit in zip(marks, _any(judged, marks), strict=True) if hit}
    blank = {
        name.removesuffix("#json")
        for name in judged.columns
        if name.endswith("#json") and judged.get_column(name).null_count() == judged.height
    }
    blank -= {name.rpartition("#")[0] for name in marked if name.endswith("#lost")}
    return judged.select(
        name
        for name in judged.columns
        if (name in marked if name.endswith(MARKS) else name.rpartition("#")[0] not in blank)
    )


def _any(judged: pl.DataFrame, marks: Sequence[str]) -> Sequence[bool]:
    return judged.select(pl.col(marks).any()).row(0) if marks else ()


def spread(few: Iterable[Distinct]) -> list[pl.Series]:
    """From what was made of each text to what is in each row."""
    return [column for one in few if one.used.width for column in one.used[one.places]]
