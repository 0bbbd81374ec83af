"""Preparing: the kept file is read, mapped and checked frame by frame; each frame is recorded in one transaction.

A restart reads the file again and goes on after the last recorded frame: the same mapping text and the same look-up
tables were kept with the import, so the same rows give the same operations.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import NamedTuple

import orjson

from importer.domain.errors import RequestError, UnknownName
from importer.domain.imports import Import, ImportStatus, Reason
from importer.domain.rows import Outcome, RowError
from importer.domain.steps import Step
from importer.formats.ahead import ahead, made
from importer.formats.frames import Frame
from importer.formats.reading import Reading
from importer.ports import Ports, ShopLimits, Tables
from importer.services.closing import Closing
from importer.services.dispatch import Dispatch
from importer.services.examination import Document, examine
from importer.services.kept import mapping_of
from importer.services.payloads import Packed, folder, pack_all
from importer.transform import Transform
from importer.transform.cutting import Cut, cut


class Prepared(NamedTuple):
    """One frame as it will be recorded: `rows` records after the first `start` of the file."""

    start: int
    rows: int
    packed: Packed
    errors: list[RowError]


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
        mapping = await mapping_of(self._ports, state)
        tables = await self._tables(state)
        async with self._ports.files.local(state.kept.file) as path:
            document = await asyncio.to_thread(
                examine, path, state.kept.name, mapping, tables, Reading(**state.kept.reading)
            )
            document.require_rows()
            columns = {
                "recognised": list(state.kept.evidence) or list(map(str, document.header.evidence)),
                "warnings": document.warnings,
                **document.columns,
            }
            await self._ports.imports.record_counted(state.id, rows=document.rows, columns=columns)
            async for prepared in self._prepared(state, document):
                if not await self._record(state, prepared):
                    return
                if await self._ended_by_errors(state.id):
                    return
        if await self._ended_by_errors(state.id):
            return
        await self._ports.imports.record_read_whole(state.id)
        await self._dispatch.fill(await self._ports.imports.get(state.id))
        await self._dispatch.finish_if_settled(state.id)

    async def _prepared(self, state: Import, document: Document) -> AsyncIterator[Prepared]:
        """What becomes of each frame that is not recorded yet; made in threads, ahead of what is recorded."""
        limits = self._ports.shops.limits(state.shop)
        rest = (frame.after(state.rows_read) for frame in ahead(document.frames()))
        coming = made(
            lambda frame: _prepare(state, document.transform, frame, limits),
            (frame for frame in rest if frame.rows > 0),
        )
        try:
            while (prepared := await asyncio.to_thread(next, coming, None)) is not None:
                yield prepared
        finally:
            await asyncio.to_thread(coming.close)

    async def _record(self, state: Import, prepared: Prepared) -> bool:
        """False when the import ended meanwhile."""
        packed = prepared.packed
        if packed.batches:
            await self._ports.files.write(packed.name, packed.content)
        recorded = await self._ports.imports.record_prepared(
            state.id,
            start=prepared.start,
            rows=prepared.rows,
            errors=prepared.errors,
            batches=packed.batches,
        )
        if recorded:
            await self._dispatch.fill(state)
        return recorded

    async def _ended_by_errors(self, import_id: str) -> bool:
        """More wrong rows than the import may have end it; it is one that has sent nothing yet."""
        state = await self._ports.imports.get(import_id)
        if not state.too_many_errors:
            return False
        wrong = state.counts[Outcome.INVALID]
        read = f"{state.rows_read:,} of {state.rows_total:,} rows"
        text = f"{wrong:,} of the first {read} are wrong, more than {state.max_errors:,}. Nothing was sent."
        await self._closing.abandon(import_id, ImportStatus.FAILED, Reason(code="errors.too_many", text=text))
        return True

    async def _tables(self, state: Import) -> Tables:
        """The shop's look-up tables, asked for once and kept with the import."""
        name = f"{folder(state.id)}/look_ups.json"
        if state.counted:
            return orjson.loads(await self._ports.files.read(name))  # type: ignore[no-any-return]
        tables = await self._ports.shops.reader(state.shop).look_ups()
        await self._ports.files.write(name, orjson.dumps(tables))
        return tables


def _prepare(state: Import, transform: Transform, frame: Frame, limits: ShopLimits) -> Prepared:
    """An import that only checks has no batches."""
    done = transform(frame.cells)
    cuts: Iterable[Cut] = ()
    if not state.check_only:
        cuts = cut(done.operations, size=limits.batch_size, max_bytes=limits.batch_bytes)
    errors = [*frame.malformed, *done.errors]
    return Prepared(frame.start, frame.rows, pack_all(state.id, cuts), errors)
