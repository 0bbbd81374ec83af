"""Files in a local folder (port `Files`). A name appears only when its bytes are whole and on the disk."""

import asyncio
import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiofiles

from importer.domain.errors import ConfigurationError, ImporterError, TooLarge

MIB = 1 << 20
TRIED_BYTES = 4096
"""Written to see whether the disk takes anything."""


class LocalFiles:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, name: str, chunks: AsyncIterator[bytes], *, limit: int) -> tuple[int, str]:
        path = self._path(name)
        await asyncio.to_thread(_make_folder, path.parent)
        part = _part(path)
        try:
            size, digest = await _write(part, chunks, limit)
            await asyncio.to_thread(part.replace, path)
        except OSError as error:
            raise _unwritable(error) from error
        finally:
            part.unlink(missing_ok=True)
        return size, digest

    async def write(self, name: str, content: bytes) -> None:
        """In one piece in a thread: a cancelled caller leaves no half-written file and no open one."""
        try:
            await asyncio.to_thread(_write_whole, self._path(name), content)
        except OSError as error:
            raise _unwritable(error) from error

    async def read(self, name: str, *, start: int = 0, length: int | None = None) -> bytes:
        """In one piece in a thread: a caller cancelled while the file is being opened leaves none open."""
        try:
            return await asyncio.to_thread(_read, self._path(name), start, length)
        except FileNotFoundError:
            raise ImporterError(
                f"The kept file {name} is gone from the data folder.", code="file.lost"
            ) from None

    async def remove(self, folder: str) -> None:
        await asyncio.to_thread(shutil.rmtree, self._path(folder), ignore_errors=True)

    async def check(self) -> None:
        try:
            await asyncio.to_thread(_try, self._folder)
        except OSError as error:
            raise _unwritable(error) from error

    @asynccontextmanager
    async def local(self, name: str) -> AsyncIterator[Path]:
        yield self._path(name)

    def _path(self, name: str) -> Path:
        """Names are made by importer, never by callers; a name that leaves the folder is a defect."""
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            raise ImporterError(f"The name {name} leaves the data folder.")
        return path


def _read(path: Path, start: int, length: int | None) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(length)


def _try(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(TRIED_BYTES))


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(error) from error


def _unwritable(error: OSError) -> ConfigurationError:
    return ConfigurationError(f"The data folder cannot be written: {error.strerror} ({error.filename}).")


def _write_whole(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _part(path)
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


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
