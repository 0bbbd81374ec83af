"""Preparing: the kept file is read, mapped and checked frame by frame; each frame is recorded in one transaction.

A restart reads the file again and goes on after the last recorded frame: the same mapping text and the same look-up
tables were kept with the import, so the same rows give the same operations.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import polars as pl

from importer import formats
from importer.domain.batches import NewBatch, Operation, cut
from importer.domain.errors import FileDamaged, RequestError, UnknownName
from importer.domain.imports import Import, ImportStatus, Reason
from importer.domain.mapping import Mapping
from importer.domain.steps import Step
from importer.formats.frames import Frame, Header
from importer.ports import Ports, Tables
from importer.services.closing import Closing
from importer.services.dispatch import Dispatch
from importer.services.payloads import folder, pack
from importer.transform import Transform
from importer.transform.attributes import unused
from importer.transform.binding import Binding, bind
from importer.transform.selection import keys, losers


@dataclass(frozen=True)
class Document:
    """The kept file with everything known about it before its rows are transformed."""

    path: Path
    name: str
    header: Header
    transform: Transform

    def frames(self) -> Iterator[Frame]:
        return formats.frames(self.path, self.name, self.header)


class Preparation:
    def __init__(self, ports: Ports, dispatch: Dispatch, closing: Closing) -> None:
        self._ports = ports
        self._dispatch = dispatch
        self._closing = closing

    async def prepare(self, step: Step) -> None:
        """Raises BackendError while the shop's look-ups cannot be had; everything else ends in the import."""
        state = await self._ports.imports.get(step.target)
        if state.ended or state.read_whole:
            return
        try:
            await self._prepare(state)
        except UnknownName:
            raise  # its shop was taken out of the settings: it waits until the shop is back
        except RequestError as error:
            await self._closing.abandon(
                state.id, ImportStatus.FAILED, Reason(code=error.code, text=error.text)
            )

    async def _prepare(self, state: Import) -> None:
        mapping = self._ports.mappings.parse(
            state.mapping, (await self._ports.files.read(f"{folder(state.id)}/mapping.yaml")).decode()
        )
        tables = await self._tables(state)
        async with self._ports.files.local(state.kept.file) as path:
            document, rows = await asyncio.to_thread(_walk, path, state.kept.name, mapping, tables)
            if rows == 0:
                raise FileDamaged(f"{state.kept.name} has a header but no rows.", code="file.no_rows")
            columns = _columns(mapping, document.transform.binding, tables)
            await self._ports.imports.record_counted(state.id, rows=rows, columns=columns)
            async for frame in _threaded(document.frames()):
                if frame.start >= state.rows_read and not await self._frame(state, document, frame):
                    return
        await self._ports.imports.record_read_whole(state.id)
        await self._dispatch.fill(state)
        await self._dispatch.finish_if_settled(state.id)

    async def _frame(self, state: Import, document: Document, frame: Frame) -> bool:
        """Transform and record one frame; False when the import ended meanwhile."""
        done = await asyncio.to_thread(document.transform, frame.cells)
        batches = [await self._pack(state, part) for part in self._cut(state, done.operations)]
        errors = [*frame.malformed, *done.errors]
        recorded = await self._ports.imports.record_prepared(
            state.id,
            start=frame.start,
            rows=frame.rows,
            errors=errors,
            batches=batches,
        )
        if recorded:
            await self._dispatch.fill(state)
        return recorded

    def _cut(self, state: Import, operations: list[Operation]) -> Iterator[list[Operation]]:
        limits = self._ports.shops.limits(state.shop)
        return cut(operations, size=limits.batch_size, max_bytes=limits.batch_bytes)

    async def _pack(self, state: Import, operations: list[Operation]) -> NewBatch:
        """Named after its first row: a restart that prepares the frame again writes the same file."""
        return await pack(self._ports.files, state.id, f"{state.id}.{operations[0].row}", operations)

    async def _tables(self, state: Import) -> Tables:
        """The shop's look-up tables, asked for once and kept with the import."""
        name = f"{folder(state.id)}/look_ups.json"
        if state.status is not ImportStatus.ACCEPTED:
            return orjson.loads(await self._ports.files.read(name))  # type: ignore[no-any-return]
        tables = await self._ports.shops.reader(state.shop).look_ups()
        await self._ports.files.write(name, orjson.dumps(tables))
        return tables


def _walk(path: Path, name: str, mapping: Mapping, tables: Tables) -> tuple[Document, int]:
    """The first walk through the file: how many records, and which rows share a key."""
    header = formats.header(path, name)
    transform = Transform(mapping, bind(mapping, header.own), tables, {})
    rows, found = 0, []
    for frame in formats.frames(path, name, header):
        rows += frame.rows
        found.append(keys(transform.named(frame.cells), mapping))
    lost = losers(pl.concat(found), mapping) if found else {}
    return Document(path, name, header, Transform(mapping, transform.binding, tables, lost)), rows


async def _threaded(frames: Iterator[Frame]) -> AsyncIterator[Frame]:
    """Read each frame in a thread, so that the event loop goes on."""
    while (frame := await asyncio.to_thread(next, frames, None)) is not None:
        yield frame


def _columns(mapping: Mapping, binding: Binding, tables: Tables) -> dict[str, list[str]]:
    """What the report tells about columns: used, known but left out, and unknown."""
    return {
        "used": list(binding.names.values()),
        "left_out": [f"{name}: {mapping.ignore[name.lower()]}" for name in binding.ignored],
        "unknown": unused(mapping, binding, tables),
    }
