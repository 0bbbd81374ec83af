"""A file of this machine, named on the command line by the person who runs it."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiofiles

from importer.domain.errors import FileDamaged, SourceMissing

CHUNK_BYTES = 1 << 20


def require(path: Path) -> Path:
    """Raises SourceMissing when there is no readable file."""
    if not path.exists():
        raise SourceMissing(f"There is no file {path}. Check the name and the folder.")
    if not path.is_file():
        raise SourceMissing(f"{path} is not a file.")
    return path


def _state(file: int) -> tuple[int, int]:
    found = os.fstat(file)
    return found.st_size, found.st_mtime_ns


async def chunks(path: Path) -> AsyncIterator[bytes]:
    """The bytes, a piece at a time. Raises FileDamaged when somebody writes to the file meanwhile."""
    try:
        async with aiofiles.open(require(path), "rb") as file:
            before = _state(file.fileno())
            while chunk := await file.read(CHUNK_BYTES):
                yield chunk
            if _state(file.fileno()) != before:
                raise FileDamaged(
                    f"{path}: the file was changed while it was read; nothing of it is imported. Wait until it is "
                    "written whole.",
                    code="file.changed",
                )
    except PermissionError:
        raise SourceMissing(
            f"The file {path} may not be read by this user. Change its permissions."
        ) from None
