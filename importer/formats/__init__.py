"""Bytes become rows: one module for each format, one line for each in `FORMATS`."""

from collections.abc import Callable, Iterator
from pathlib import Path, PurePath

from importer.domain.errors import FileDamaged
from importer.formats import delimited
from importer.formats.frames import Frame, Header

Reader = Callable[[Path, Header], Iterator[Frame]]

FORMATS: dict[str, tuple[Callable[[Path], Header], Reader]] = {
    "csv": (delimited.header, delimited.frames),
    "tsv": (delimited.header, delimited.frames),
    "txt": (delimited.header, delimited.frames),
}
"""File name extension -> (header of a file, frames of a file)."""


def header(path: Path, name: str) -> Header:
    """The header of the file at `path`, which its owner calls `name`. Raises FileDamaged."""
    return _format(name)[0](path)


def frames(path: Path, name: str, head: Header) -> Iterator[Frame]:
    """All records of the file, frame by frame. Raises FileDamaged when bytes cannot be read as text."""
    return _format(name)[1](path, head)


def _format(name: str) -> tuple[Callable[[Path], Header], Reader]:
    extension = PurePath(name).suffix.lower().lstrip(".")
    if extension not in FORMATS:
        known = ", ".join(f".{known}" for known in FORMATS)
        raise FileDamaged(
            f"{name}: files of the type `.{extension}` are not read yet; save it as one of {known}.",
            code="file.format",
        )
    return FORMATS[extension]
