"""The bytes of a file as its reader wants them: unpacked, a stream that begins anew as often as it is opened."""

import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, BinaryIO, cast

import zstandard

from importer.domain.errors import FileDamaged
from importer.formats.reading import Reading

GIB = 1 << 30
UNPACKED_LIMIT = 16 * GIB
"""Bytes of an unpacked file."""
RATIO_LIMIT = 200
"""Unpacked bytes for one packed byte; text packs 5 to 40 times, a bomb 1,000 times and more."""
RATIO_FREE = 64 << 20
"""Bytes that any file may unpack to, whatever the ratio."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """`name` is what its owner calls the unpacked file; `packing` is gz, zst, zip or None."""

    path: Path
    name: str
    packing: str | None = None
    member: str | None = None

    def open(self) -> BinaryIO:
        """The unpacked bytes. Reading raises FileDamaged when the archive is broken or a bomb."""
        if self.packing is None:
            return self.path.open("rb")
        return cast("BinaryIO", io.BufferedReader(_Unpacked(self), buffer_size=1 << 20))


class _Unpacked(io.RawIOBase):
    """Unpacks as it is read and counts what comes out."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._packed = content.path.stat().st_size
        self._out = 0
        try:
            self._stream = OPENERS[str(content.packing)](content)
        except (OSError, EOFError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise _broken(content) from error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._stream.read(len(buffer))
        except _BROKEN as error:
            raise _broken(self._content) from error
        self._out += len(data)
        if self._out > UNPACKED_LIMIT or self._out > max(RATIO_FREE, self._packed * RATIO_LIMIT):
            raise FileDamaged(
                f"{self._content.path.name if not self._content.name else self._content.name}: the archive unpacks to "
                f"more than {UNPACKED_LIMIT // GIB} GiB, or {RATIO_LIMIT} times its size; it is not read any further. "
                "Give the file itself, unpacked, if it really is so large.",
                code="file.bomb",
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed and hasattr(self, "_stream"):
            self._stream.close()
        super().close()


_BROKEN = (OSError, EOFError, zipfile.BadZipFile, RuntimeError, zstandard.ZstdError, ValueError)


def _broken(content: Content) -> FileDamaged:
    return FileDamaged(
        f"{content.name}: the {content.packing} archive is damaged, cut off or locked by a password. "
        "Pack the file again, or upload it unpacked.",
        code="file.archive",
    )


def _zst(content: Content) -> IO[bytes]:
    return cast("IO[bytes]", io.BufferedReader(_Zst(content.path.open("rb")), buffer_size=1 << 20))


class _Zst(io.RawIOBase):
    """Frame after frame. The library's own reader takes a frame that is cut off for one that has ended."""

    PIECE = 1 << 10  # packed bytes at a time; even a bomb unpacks no more than 32 MiB of it

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._frame = self._new()
        self._begun = False
        self._ready = b""

    def _new(self) -> "zstandard.ZstdDecompressionObj":
        return zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            packed = (self._frame.unused_data if self._frame.eof else b"") or self._file.read(self.PIECE)
            if not packed:
                if self._begun and not self._frame.eof:
                    raise EOFError("the last frame is cut off")
                return 0
            if self._frame.eof:
                self._frame = self._new()
            self._begun = True
            self._ready = self._frame.decompress(packed)
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


def _zip(content: Content) -> IO[bytes]:
    with zipfile.ZipFile(content.path) as archive:  # its file stays open until the member is closed
        return archive.open(str(content.member))


def _gz(content: Content) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(content.path, "rb"))


OPENERS: dict[str, Callable[[Content], IO[bytes]]] = {"gz": _gz, "zst": _zst, "zip": _zip}
"""Extension of an archive -> its unpacked stream."""


def unpacked(path: Path, name: str, reading: Reading) -> Content:
    """The file at `path` as content, by its name's last extension. Raises FileDamaged for a zip without one choice."""
    inner = PurePath(name)
    packing = inner.suffix.lower().lstrip(".")
    if packing not in OPENERS:
        return Content(path=path, name=name)
    if packing != "zip":
        return Content(path=path, name=inner.stem, packing=packing)
    member = _member(path, name, reading.member)
    return Content(path=path, name=PurePath(member).name, packing=packing, member=member)


def _member(path: Path, name: str, wanted: str | None) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            files = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise _broken(Content(path=path, name=name, packing="zip")) from error
    files = [file for file in files if not file.startswith("__MACOSX/")]
    if wanted in files:
        return str(wanted)
    shown = ", ".join(files[:10]) + (" ..." if len(files) > 10 else "")
    if wanted is not None:
        raise FileDamaged(f"{name}: no file {wanted} in the archive; it holds: {shown}.", code="file.member")
    if not files:
        raise FileDamaged(f"{name}: the archive holds no file.", code="file.member")
    if len(files) != 1:
        raise FileDamaged(
            f"{name}: the archive holds {len(files)} files ({shown}); say which with the option `member`, "
            "or pack one alone.",
            code="file.member",
        )
    return files[0]
