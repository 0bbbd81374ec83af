"""`file://`: a folder of this machine below one of the allowed roots. A link that leads out of it is refused."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import aiofiles

from importer.domain.arrivals import Entry
from importer.domain.errors import ConfigurationError, FileDamaged, SourceMissing
from importer.domain.places import Place
from importer.sources.allowed import Allowed

CHUNK_BYTES = 1 << 20


@asynccontextmanager
async def opened(place: Place, allowed: Allowed) -> AsyncIterator["Folder"]:
    """Raises ConfigurationError when no root allows it."""
    path = Path(place.folder or "/")
    root = next((root for root in allowed.roots if _is_below(path, root)), None)
    if root is None:
        known = ", ".join(map(str, allowed.roots)) or "none"
        raise ConfigurationError(
            f"The folder {path} is below no allowed one ({known}). Add it to the setting source_roots.",
            code="source.root",
        )
    yield Folder(path, place, root)


class Folder:
    def __init__(self, path: Path, place: Place, root: Path) -> None:
        self._path, self._place, self._root = path, place, root

    async def entries(self) -> list[Entry]:
        return await asyncio.to_thread(self._entries)

    async def read(self, entry: Entry) -> AsyncIterator[bytes]:
        path = self._file(entry.name)
        try:
            async with aiofiles.open(path, "rb") as file:
                self._require(entry, os.fstat(file.fileno()))
                while chunk := await file.read(CHUNK_BYTES):
                    yield chunk
                self._require(entry, os.fstat(file.fileno()))
        except OSError as error:
            raise self._missing(path, error) from None

    async def move(self, entry: Entry, folder: str) -> None:
        await asyncio.to_thread(self._move, entry, folder)

    async def delete(self, entry: Entry) -> None:
        await asyncio.to_thread(self._delete, entry)

    def _entries(self) -> list[Entry]:
        try:
            return [
                _entry(path.name, path.stat())
                for path in self._path.iterdir()
                if path.is_file() and self._is_inside(path)
            ]
        except OSError as error:
            raise self._missing(self._path, error) from None

    def _is_inside(self, path: Path) -> bool:
        """Raises ConfigurationError for a link out of the root and a name that is no text, if it is a file that is meant."""
        fits = self._place.fits(path.name)
        if fits and not is_text(path.name):
            raise ConfigurationError(
                f"The name of a file in {self._path} is not UTF-8 ({path.name.encode('ascii', 'replace').decode()}). Rename it.",
                code="source.name",
            )
        if not path.is_symlink() or _is_below(path, self._root):
            return is_text(path.name)
        if not fits:
            return False
        raise ConfigurationError(
            f"{path} is a link that leads out of {self._root}. Put the file itself there, or allow its folder (source_roots).",
            code="source.root",
        )

    def _file(self, name: str) -> Path:
        path = self._path / name
        self._is_inside(path)
        return path

    def _move(self, entry: Entry, folder: str) -> None:
        path, target = self._file(entry.name), self._path / folder
        if not _is_below(target, self._root):
            raise ConfigurationError(f"The folder {target} leads out of {self._root}.", code="source.root")
        try:
            self._require(entry, path.stat())
            target.mkdir(parents=True, exist_ok=True)
            path.rename(next(target / name for name in names(path.name) if not (target / name).exists()))
        except OSError as error:
            raise self._missing(path, error) from None

    def _delete(self, entry: Entry) -> None:
        path = self._file(entry.name)
        try:
            self._require(entry, path.stat())
            path.unlink()
        except OSError as error:
            raise self._missing(path, error) from None

    def _require(self, entry: Entry, found: os.stat_result) -> None:
        if _entry(entry.name, found).mark != entry.mark:
            raise FileDamaged(
                f"{self._path / entry.name}: the file was changed meanwhile. Nothing was done with it.",
                code="file.changed",
            )

    def _missing(self, path: Path, error: OSError) -> SourceMissing:
        if isinstance(error, FileNotFoundError):
            return SourceMissing(f"There is no {path}. Check the name and the folder.", code="source.missing")
        return SourceMissing(f"{path} cannot be used: {error.strerror}.", code="source.denied")


def _is_below(path: Path, root: Path) -> bool:
    """Wherever links lead."""
    return path.resolve().is_relative_to(root.resolve())


def is_text(name: str) -> bool:
    """Python hands on bytes that are no UTF-8 in a form that nothing else takes."""
    return not any("\udc80" <= letter <= "\udcff" for letter in name)


def _entry(name: str, found: os.stat_result) -> Entry:
    """The mark holds the file's number too: another file of the same size and time is another one."""
    return Entry(
        name=name,
        size=found.st_size,
        changed_at=datetime.fromtimestamp(found.st_mtime, UTC),
        mark=f"{found.st_size} {found.st_mtime_ns} {found.st_ino}",
    )


def names(name: str) -> Iterator[str]:
    """The name, then the same with a number: an older file of that name is never overwritten."""
    yield name
    stem, dot, ending = name.rpartition(".")
    for number in count(2):
        yield f"{stem}-{number}.{ending}" if dot else f"{name}-{number}"
