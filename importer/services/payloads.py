"""Operations of a batch in the file store: one gzipped JSON line each; the database holds the name and the hash."""

import gzip
from collections.abc import Sequence

import orjson

from importer.domain.batches import Batch, NewBatch, Operation, content_hash
from importer.ports import Files


def folder(import_id: str) -> str:
    """Everything importer keeps of one import."""
    return f"imports/{import_id}"


async def pack(
    files: Files,
    import_id: str,
    batch_id: str,
    operations: Sequence[Operation],
    *,
    parent: Batch | None = None,
    tries: int = 0,
) -> NewBatch:
    """Write the operations; the batch that is to be recorded for them."""
    name = f"{folder(import_id)}/batches/{batch_id}.jsonl.gz"
    lines = [
        orjson.dumps({"row": op.row, "line": op.line, "key": op.key, "payload": op.payload.decode()})
        for op in operations
    ]
    await files.write(name, gzip.compress(b"\n".join(lines), compresslevel=3, mtime=0))
    return NewBatch(
        id=batch_id,
        operations=len(operations),
        content_hash=content_hash(operations),
        file=name,
        tries=tries,
        parent=parent.id if parent else None,
    )


async def unpack(files: Files, batch: Batch) -> list[Operation]:
    """The operations in the order in which they are sent."""
    lines = gzip.decompress(await files.read(batch.file)).splitlines()
    return [
        Operation(**{**(entry := orjson.loads(line)), "payload": entry["payload"].encode()}) for line in lines
    ]
