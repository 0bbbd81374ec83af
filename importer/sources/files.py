"""A file of this machine, named on the command line by the person who runs it."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiofiles

from importer.domain.errors import SourceMissing

CHUNK_BYTES = 1 << 20


def require(path: Path) -> Path:
    """Raises SourceMissing when there is no readable file."""
    if not path.exists():
        raise SourceMissing(f"There is no file {path}. Check the name and the folder.")
    if not path.is_file():
        raise SourceMissing(f"{path} is not a file.")
    return path


async def chunks(path: Path) -> AsyncIterator[bytes]:
    """The bytes, a piece at a time."""
    try:
        async with aiofiles.open(require(path), "rb") as file:
            while chunk := await file.read(CHUNK_BYTES):
                yield chunk
    except PermissionError:
        raise SourceMissing(
            f"The file {path} may not be read by this user. Change its permissions."
        ) from None
