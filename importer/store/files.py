"""Files in a local folder (port `Files`). A name appears only when its bytes are whole and on the disk."""

import asyncio
import hashlib
import os
import shutil
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiofiles

from importer.domain.errors import ImporterError, TooLarge

MIB = 1 << 20


class LocalFiles:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, name: str, chunks: AsyncIterator[bytes], *, limit: int) -> tuple[int, str]:
        path = self._path(name)
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
        try:
            size, digest = await _write(part, chunks, limit)
            await asyncio.to_thread(part.replace, path)
        finally:
            part.unlink(missing_ok=True)
        return size, digest

    async def write(self, name: str, content: bytes) -> None:
        async def once() -> AsyncIterator[bytes]:
            yield content

        await self.keep(name, once(), limit=len(content))

    async def read(self, name: str) -> bytes:
        try:
            async with aiofiles.open(self._path(name), "rb") as file:
                return await file.read()
        except FileNotFoundError:
            raise ImporterError(
                f"The kept file {name} is gone from the data folder.", code="file.lost"
            ) from None

    async def remove(self, folder: str) -> None:
        await asyncio.to_thread(shutil.rmtree, self._path(folder), ignore_errors=True)

    @asynccontextmanager
    async def local(self, name: str) -> AsyncIterator[Path]:
        yield self._path(name)

    def _path(self, name: str) -> Path:
        """Names are made by importer, never by callers; a name that leaves the folder is a defect."""
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            raise ImporterError(f"The name {name} leaves the data folder.")
        return path


async def _write(path: Path, chunks: AsyncIterator[bytes], limit: int) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    async with aiofiles.open(path, "wb") as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise TooLarge(f"The file is larger than the limit of {limit / MIB:,.0f} MiB. Split it.")
            digest.update(chunk)
            await file.write(chunk)
        await file.flush()
        await asyncio.to_thread(os.fsync, file.fileno())
    return size, digest.hexdigest()
