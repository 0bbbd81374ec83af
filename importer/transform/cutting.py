"""Operations are cut into batches by phase, scope, count and bytes; rows are counted, never looked at one by one."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import orjson
import polars as pl

from importer.domain.rows import LINE, ROW
from importer.transform.cells import KEY
from importer.transform.plan import PAYLOAD
from importer.transform.stages import PHASE, REFERENCE, SCOPE


@dataclass(frozen=True, kw_only=True)
class Cut:
    """One batch: for each operation its record number, line and key; `payloads` holds their JSON, a line each.

    `needs`: for the operations that need something in the shop before them, by their place, the keys of it.
    """

    rows: list[int]
    lines: list[int]
    keys: list[str]
    payloads: bytes
    phase: int = 0
    scope: str = ""
    needs: dict[int, list[str]] = field(default_factory=dict)


def cut(operations: pl.DataFrame, *, size: int, max_bytes: int) -> Iterator[Cut]:
    """At most `size` operations and `max_bytes` of request each; an oversized operation travels alone."""
    for part in operations.partition_by(PHASE, SCOPE, maintain_order=True):
        yield from _cut(part, size, max_bytes)


def _cut(operations: pl.DataFrame, size: int, max_bytes: int) -> Iterator[Cut]:
    payloads = operations.get_column(PAYLOAD)
    ends = np.cumsum(payloads.str.len_bytes().to_numpy() + 1)  # each with its comma
    refers = payloads.str.contains(REFERENCE, literal=True)
    rows, lines, keys = (operations.get_column(name) for name in (ROW, LINE, KEY))
    phase, scope = int(operations.item(0, PHASE)), str(operations.item(0, SCOPE))
    start = 0
    while start < operations.height:
        before = int(ends[start - 1]) if start else 0
        fitting = int(np.searchsorted(ends, before + max_bytes, side="right"))
        stop = min(max(fitting, start + 1), start + size)
        text = _joined(payloads[start:stop])
        names: list[str] = keys[start:stop].to_list()
        needs = {place: [key] for place, key in enumerate(names)} if scope else {}
        if not scope and refers[start:stop].any():
            needs = _references(text)
        yield Cut(
            rows=rows[start:stop].to_list(),
            lines=lines[start:stop].to_list(),
            keys=names,
            payloads=text,
            phase=phase,
            scope=scope,
            needs=needs,
        )
        start = stop


def _joined(payloads: pl.Series) -> bytes:
    """One batch at a time: the text of a whole frame would have to be in memory twice."""
    joined: bytes = payloads.to_frame().select(pl.all().str.join("\n").cast(pl.Binary)).item()
    return joined


def _references(payloads: bytes) -> dict[int, list[str]]:
    """What the payloads refer to."""
    found = {
        place: list(dict.fromkeys(_named(orjson.loads(text))))
        for place, text in enumerate(payloads.split(b"\n"))
        if REFERENCE.encode() in text
    }
    return {place: keys for place, keys in found.items() if keys}


def _named(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for entry in value:
            yield from _named(entry)
    elif isinstance(value, dict):
        if value.keys() == {"$id"}:
            yield str(value["$id"])
        else:
            for entry in value.values():
                yield from _named(entry)
