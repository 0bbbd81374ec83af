"""Files in a local folder (port `Files`). A name appears only when its bytes are whole and on the disk."""

import asyncio
import errno
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import aiofiles

from importer.domain.errors import ConfigurationError, ImporterError, StateUnavailable
from importer.store.counting import Counted

TRIED_BYTES = 4096
"""Written to see whether the disk takes anything."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""No room: it passes when somebody makes some."""


class LocalFiles:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, name: str, chunks: AsyncIterator[bytes], *, limit: int) -> tuple[int, str]:
        path = self._path(name)
        with explained():
            await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        part, counted = _part(path), Counted(limit)
        try:
            await _write(part, chunks, counted)
            with explained():
                await asyncio.to_thread(part.replace, path)
        finally:
            part.unlink(missing_ok=True)
        return counted.size, counted.sha256

    async def write(self, name: str, content: bytes) -> None:
        """In one piece in a thread: a cancelled caller leaves no half-written file and no open one."""
        with explained():
            await asyncio.to_thread(_write_whole, self._path(name), content)

    async def read(self, name: str, *, start: int = 0, length: int | None = None) -> bytes:
        """In one piece in a thread: a caller cancelled while the file is being opened leaves none open."""
        try:
            return await asyncio.to_thread(_read, self._path(name), start, length)
        except FileNotFoundError:
            raise _lost(name) from None

    async def remove(self, folder: str) -> None:
        with explained():
            await asyncio.to_thread(_remove, self._path(folder))

    async def check(self) -> None:
        with explained():
            await asyncio.to_thread(_try, self._folder)

    @asynccontextmanager
    async def local(self, name: str) -> AsyncIterator[Path]:
        path = self._path(name)
        if not await asyncio.to_thread(path.exists):
            raise _lost(name)
        yield path

    def _path(self, name: str) -> Path:
        """Names are made by importer, never by callers; a name that leaves the folder is a defect."""
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            raise ImporterError(f"The name {name} leaves the data folder.")
        return path


@contextmanager
def explained() -> Iterator[None]:
    """Raises what a failed write means to a person: StateUnavailable where there is no room, else ConfigurationError."""
    try:
        yield
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        text = f"The data folder cannot be written: {error.strerror}{place}."
        if error.errno in FULL:
            raise StateUnavailable(f"{text} Make room: it goes on by itself.", code="files.full") from error
        raise ConfigurationError(text) from error


def _lost(name: str) -> ImporterError:
    return ImporterError(f"The kept file {name} is gone from the data folder.", code="file.lost")


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


def _remove(path: Path) -> None:
    while path.exists():
        with suppress(FileNotFoundError):  # somebody else is at it, too
            shutil.rmtree(path)


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


async def _write(path: Path, chunks: AsyncIterator[bytes], counted: Counted) -> None:
    """What the sender raises stays what it is."""
    with explained():
        file = await aiofiles.open(path, "wb")
    try:
        async for chunk in chunks:
            counted.add(chunk)
            with explained():
                await file.write(chunk)
        with explained():
            await file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
    finally:
        with explained():
            await file.close()
