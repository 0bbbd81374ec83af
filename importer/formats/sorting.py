"""Batches of JSON documents, sorted into those of one shape, which are read at once, and the others."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock

import numpy as np
import polars as pl

from importer.formats import documents, regular, shapes
from importer.formats.documents import Unreadable
from importer.formats.framing import Cut
from importer.formats.marks import Places
from importer.formats.regular import Block
from importer.formats.shapes import Raw, Shape
from importer.formats.spool import Part, Sorted


@dataclass(frozen=True, kw_only=True)
class Batch:
    """`count` records after the `first`; `rows` and `lines` of the documents among them, `cut`: the others.

    `source` gives the texts of the documents; a `block` holds them as well, line by line. `plain`: control characters
    stand between values at most, so that any text may have a shape.
    """

    first: int
    count: int
    rows: Places
    lines: Places
    source: Callable[[], pl.Series]
    cut: list[Cut]
    plain: bool = False
    block: Block | None = None

    @cached_property
    def texts(self) -> pl.Series:
        return self.source()

    def text(self, place: int) -> str:
        return self.block.line(place) if self.block else str(self.texts[place])


MOST_SHAPES = 8
WORTH = 4
"""A shape is kept when it fits one in so many of the documents that it was tried on."""
FEW = 50
"""So few documents are read one by one rather than searched for a shape."""


@dataclass
class _Found:
    """`fitting`: by shape, the places in the batch and the raw values; `rest`: the places of the others."""

    fitting: list[tuple[Shape, Places, Raw]] = field(default_factory=list)
    rest: Places = field(default_factory=lambda: np.empty(0, dtype=np.int64))


class Shapes:
    """The shapes of a file as they are found. Batches may come from several threads at once: which shapes are known
    decides how documents are read, never what is read."""

    def __init__(self) -> None:
        self._known: tuple[Shape, ...] = ()
        self._lock = Lock()

    def _keep(self, fresh: Shape) -> None:
        with self._lock:
            if fresh not in self._known:
                self._known += (fresh,)

    def _forget(self, one: Shape) -> None:
        with self._lock:
            self._known = tuple(known for known in self._known if known != one)

    def sort(self, batch: Batch) -> Sorted:
        found = self._found(batch)
        return Sorted(
            first=batch.first,
            count=batch.count,
            parts=[
                Part(paths=shape.paths, rows=batch.rows[places], lines=batch.lines[places], raw=raw)
                for shape, places, raw in found.fitting
            ],
            rest=[
                (int(batch.rows[place]), int(batch.lines[place]), batch.text(place))
                for place in found.rest.tolist()
            ],
            cut=batch.cut,
            text=lambda row: batch.text(int(np.searchsorted(batch.rows, row))),
        )

    def _found(self, batch: Batch) -> _Found:
        found = _Found()
        places = self._regular(batch.block, found) if batch.block else np.arange(batch.rows.size)
        if places.size <= FEW:
            found.rest = places
            return found
        if not batch.plain:
            plain = ~batch.texts.str.contains(r"[\x00-\x1f]").to_numpy()
            found.rest, places = places[~plain], places[plain]
        for known in self._known:
            places = self._try(known, batch, places, found)
        while places.size > FEW and len(self._known) < MOST_SHAPES:
            fresh = _shape(batch.text(int(places[0])))
            if fresh is None or fresh in self._known:
                break
            self._keep(fresh)
            places = self._try(fresh, batch, places, found)
            if fresh not in self._known:
                break  # a file of many shapes
        found.rest = np.sort(np.concatenate([found.rest, places]))
        return found

    def _regular(self, block: Block, found: _Found) -> Places:
        """Those of the lines that are left when all regular ones are taken."""
        left = np.ones(block.ends.size, dtype=bool)

        def take(one: Shape) -> bool:
            values, fits = regular.split(block, one)
            fresh = fits & left
            if fresh.any():
                found.fitting.append((one, np.flatnonzero(fresh), values.filter(pl.Series(fresh[fits]))))
                left[fresh] = False
            return bool(fresh.any())

        for known in self._known:
            take(known)
        while left.sum() > FEW and len(self._known) < MOST_SHAPES:
            fresh = _shape(block.line(int(np.argmax(left))))
            if fresh is None or fresh in self._known or not take(fresh):
                break
            self._keep(fresh)
        return np.flatnonzero(left)

    def _try(self, one: Shape, batch: Batch, places: Places, found: _Found) -> Places:
        """Those of `places` that do not fit."""
        if places.size <= FEW:
            return places
        values, fits = shapes.split(batch.texts.gather(places), one)
        fitting = fits.to_numpy()
        if fitting.any():
            found.fitting.append((one, places[fitting], values.filter(fits)))
        if fitting.sum() * WORTH < places.size:
            self._forget(one)
        rest: Places = places[~fitting]
        return rest


def _shape(text: str) -> Shape | None:
    try:
        documents.row(text)
    except Unreadable:
        return None
    return shapes.shape(text)
