"""Operations of batches in the file store, compressed; the database holds where they lie and the hash of the request.

A file holds one or more batches, each compressed for itself. A batch is a line that says which rows it holds, then
one line of JSON for each operation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import zstandard

from importer.domain.batches import Batch, NewBatch, Operation, Parcel, Terms, content_hash
from importer.ports import Files
from importer.transform.cutting import Cut

LEVEL = 1
"""Of compression: the fastest; payloads repeat themselves so much that more effort saves little."""


@dataclass(frozen=True)
class Packed:
    """Batches about to be recorded, and the file that has to be written first."""

    name: str
    content: bytes
    batches: list[NewBatch]


def folder(import_id: str) -> str:
    """Everything importer keeps of one import."""
    return f"imports/{import_id}"


def pack_all(import_id: str, cuts: Iterable[Cut]) -> Packed:
    """The batches of one frame in one file. All are named after their first row: a restart writes the same again."""
    content, batches, name = bytearray(), [], ""
    for one in cuts:
        name = name or f"{folder(import_id)}/batches/{one.rows[0]}.zst"
        packed = _compressed(one)
        batches.append(
            NewBatch(
                id=f"{import_id}.{one.rows[0]}" + (f".p{one.phase}" if one.preface else ""),
                operations=len(one.rows),
                content_hash=content_hash(one.payloads),
                file=f"{name}:{len(content)}:{len(packed)}",
                phase=one.phase,
                scope=one.scope,
                follow_up=bool(one.preface),
            )
        )
        content += packed
    return Packed(name, bytes(content), batches)


async def pack(
    files: Files,
    batch_id: str,
    operations: Sequence[Operation],
    *,
    parent: Batch,
    tries: int,
) -> NewBatch:
    """Write operations that go on in a batch of their own; the batch that is to be recorded for them."""
    one = Cut(
        rows=[operation.row for operation in operations],
        lines=[operation.line for operation in operations],
        keys=[operation.key for operation in operations],
        payloads=b"\n".join(operation.payload for operation in operations),
        needs={place: list(operation.needs) for place, operation in enumerate(operations) if operation.needs},
        more=[place for place, operation in enumerate(operations) if operation.more],
        preface=operations[0].preface,
    )
    name, packed = f"{folder(parent.import_id)}/batches/{batch_id}.zst", _compressed(one)
    await files.write(name, packed)
    return NewBatch(
        id=batch_id,
        operations=len(operations),
        content_hash=content_hash(one.payloads),
        file=f"{name}:0:{len(packed)}",
        phase=parent.phase,
        scope=parent.scope,
        tries=tries,
        parent=parent.id,
        follow_up=parent.follow_up,
    )


async def unpack(files: Files, batch: Batch) -> Parcel:
    """The operations in the order in which they are sent."""
    name, start, length = batch.file.rsplit(":", 2)
    packed = await files.read(name, start=int(start), length=int(length))
    head, _, payloads = zstandard.ZstdDecompressor().decompress(packed).partition(b"\n")
    known = orjson.loads(head)
    needs = {int(place): keys for place, keys in known.get("needs", {}).items()}
    terms = Terms(
        scope=batch.scope, needs=needs, more=known.get("more", ()), preface=known.get("preface", "")
    )
    return Parcel(known["rows"], known["lines"], known["keys"], payloads, terms)


def _compressed(one: Cut) -> bytes:
    known: dict[str, Any] = {"rows": one.rows, "lines": one.lines, "keys": one.keys}
    if one.needs:
        known["needs"] = {str(place): keys for place, keys in one.needs.items()}
    known |= {"more": one.more} if one.more else {}
    known |= {"preface": one.preface} if one.preface else {}
    head = orjson.dumps(known)
    return zstandard.ZstdCompressor(level=LEVEL).compress(head + b"\n" + one.payloads)
