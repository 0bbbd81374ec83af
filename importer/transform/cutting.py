"""Operations are cut into batches by phase, scope, count and bytes; rows are counted, never looked at one by one."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from importer.domain.rows import LINE, ROW
from importer.transform import references
from importer.transform.cells import KEY
from importer.transform.plan import PAYLOAD
from importer.transform.stages import MORE, PHASE, PREFACE, SCOPE


@dataclass(frozen=True, kw_only=True)
class Cut:
    """One batch: for each operation its record number, line and key; `payloads` holds their JSON, a line each.

    `needs`: for the operations that need something in the shop before them, by their place, the keys of it. `more`: the
    places of those whose row has a later operation. `preface`: these are such later ones; what is told of them first.
    """

    rows: list[int]
    lines: list[int]
    keys: list[str]
    payloads: bytes
    phase: int = 0
    scope: str = ""
    needs: dict[int, list[str]] = field(default_factory=dict)
    more: list[int] = field(default_factory=list)
    preface: str = ""


def cut(operations: pl.DataFrame, *, size: int, max_bytes: int) -> Iterator[Cut]:
    """At most `size` operations and `max_bytes` of request each; an oversized operation travels alone."""
    for part in operations.partition_by(PHASE, SCOPE, maintain_order=True):
        yield from _cut(part, size, max_bytes)


def _cut(operations: pl.DataFrame, size: int, max_bytes: int) -> Iterator[Cut]:
    payloads = operations.get_column(PAYLOAD)
    ends = np.cumsum(payloads.str.len_bytes().to_numpy() + 1)  # each with its comma
    refers = payloads.str.contains(references.ALIKE, literal=True)  # of many at once Polars finds it faster
    rows, lines, keys, more = (operations.get_column(name) for name in (ROW, LINE, KEY, MORE))
    phase, scope, preface = (operations.item(0, name) for name in (PHASE, SCOPE, PREFACE))
    start = 0
    while start < operations.height:
        before = int(ends[start - 1]) if start else 0
        fitting = int(np.searchsorted(ends, before + max_bytes, side="right"))
        stop = min(max(fitting, start + 1), start + size)
        text = _joined(payloads[start:stop])
        names: list[str] = keys[start:stop].to_list()
        yield Cut(
            rows=rows[start:stop].to_list(),
            lines=lines[start:stop].to_list(),
            keys=names,
            payloads=text,
            phase=phase,
            scope=scope,
            needs=_needs(names, text if refers[start:stop].any() else b"", scope),
            more=more[start:stop].arg_true().to_list(),
            preface=preface,
        )
        start = stop


def _needs(keys: list[str], payloads: bytes, scope: str) -> dict[int, list[str]]:
    """What the payloads refer to (none: nothing); a row of another scope needs the one of the default scope, too."""
    own = {place: [key] for place, key in enumerate(keys)} if scope else {}
    if not references.are_in(payloads):
        return own
    found = {place: references.keys(text) for place, text in enumerate(payloads.split(b"\n"))}
    return own | {place: [*own.get(place, []), *named] for place, named in found.items() if named}


def _joined(payloads: pl.Series) -> bytes:
    """One batch at a time: the text of a whole frame would have to be in memory twice."""
    joined: bytes = payloads.to_frame().select(pl.all().str.join("\n").cast(pl.Binary)).item()
    return joined
