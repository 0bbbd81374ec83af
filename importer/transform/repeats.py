"""Values that stand more than once in a file of any size: hashes on disk, one part of them in memory at a time."""

from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO

import numpy as np
import polars as pl
from numpy.typing import NDArray

PARTS = 16
PART_MEMORY = 1 << 20
"""Bytes of a part that are kept in memory before it goes to the disk."""
SEEDS = (0x5EED, 0xC0FFEE)
"""Of two hashes of 64 bits: among a billion values the chance that two different ones agree in both is 1e-21."""

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Losers:
    """Rows (ascending) whose value stands in another row too, and which row that is."""

    rows: Rows
    winners: Rows

    def between(self, first: int, last: int) -> dict[int, int]:
        """Those with a record number from `first` to `last`: record number -> the winner's."""
        start, stop = np.searchsorted(self.rows, [first, last + 1])
        return dict(zip(self.rows[start:stop].tolist(), self.winners[start:stop].tolist(), strict=True))


NONE = Losers(np.empty(0, np.int64), np.empty(0, np.int64))


class Repeats:
    """`add` frame by frame, then `losers`; to be closed."""

    def __init__(self) -> None:
        self._parts: list[IO[bytes]] = [SpooledTemporaryFile(max_size=PART_MEMORY) for _ in range(PARTS)]  # noqa: SIM115

    def add(self, rows: pl.Series, values: pl.Series) -> None:
        """`values` without nulls."""
        hashes = [values.hash(seed=seed).to_numpy() for seed in SEEDS]
        records = np.stack([*hashes, rows.to_numpy().astype(np.uint64)], axis=1)
        part = (hashes[0] >> np.uint64(60)).astype(np.int64)
        order = np.argsort(part, kind="stable")
        bounds = np.searchsorted(part[order], np.arange(PARTS + 1))
        for number, file in enumerate(self._parts):
            file.write(records[order[bounds[number] : bounds[number + 1]]].tobytes())

    def losers(self, *, last_wins: bool, without: Losers = NONE) -> Losers:
        """Rows that have lost already (`without`) take part no more."""
        found = [self._of_part(file, without.rows, last_wins=last_wins) for file in self._parts]
        rows = np.concatenate([rows for rows, _ in found])
        winners = np.concatenate([winners for _, winners in found])
        order = np.argsort(rows)
        return Losers(rows[order], winners[order])

    def _of_part(self, file: IO[bytes], without: Rows, *, last_wins: bool) -> tuple[Rows, Rows]:
        file.seek(0)
        records = np.frombuffer(file.read(), dtype=np.uint64).reshape(-1, 3)
        if without.size:
            records = records[~np.isin(records[:, 2].astype(np.int64), without)]
        records = records[np.lexsort((records[:, 2], records[:, 1], records[:, 0]))]
        same = (records[1:, :2] == records[:-1, :2]).all(axis=1)
        if not same.any():
            return NONE.rows, NONE.winners
        rows = records[:, 2].astype(np.int64)
        begins = np.concatenate(([True], ~same))
        group = np.cumsum(begins) - 1
        firsts = np.flatnonzero(begins)
        lasts = np.concatenate((firsts[1:] - 1, [rows.size - 1]))
        winners = rows[lasts if last_wins else firsts][group]
        lost = rows != winners
        return rows[lost], winners[lost]

    def __enter__(self) -> "Repeats":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._parts:
            file.close()
