"""What a first walk through a file has found, kept on the disk, so that a second one need not look for it again.

Delimited text keeps where its records lie, some bytes for each; files of documents keep their values (`spool`). An
index vanishes with the object and serves one reading at a time.
"""

import marshal
import weakref
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Any

LENGTH_BYTES = 8


class Index:
    """Entries of plain values in their order; of use when `complete`. `of`: size and time of the file they speak of."""

    def __init__(self) -> None:
        self.complete = False
        self.of: tuple[int, int] | None = None
        self._file = TemporaryFile()  # noqa: SIM115 - it is closed with the index
        weakref.finalize(self, self._file.close)

    def begin(self) -> None:
        self.complete = False
        self._file.seek(0)
        self._file.truncate()

    def add(self, entry: tuple[Any, ...]) -> None:
        written = marshal.dumps(entry)
        self._file.write(len(written).to_bytes(LENGTH_BYTES) + written)

    def end(self) -> None:
        self._file.flush()
        self.complete = True

    def entries(self) -> Iterator[tuple[Any, ...]]:
        self._file.seek(0)
        while length := self._file.read(LENGTH_BYTES):
            yield marshal.loads(self._file.read(int.from_bytes(length)))  # noqa: S302 - our own
