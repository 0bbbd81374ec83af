"""Copies of kept files on this machine, for readers that need a path. Those used lately stay, within a limit."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from importer.store.counting import MIB

IDLE_BYTES = 256 * MIB
"""What may lie here unused: an import reads its file when it comes, when it is prepared and when rows go back."""

Fetch = Callable[[str, Path], Awaitable[None]]


@dataclass
class _Copy:
    path: Path
    size: int | None = None  # None until it is whole
    users: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Copies:
    """`fetch` brings a file by its name to a path."""

    def __init__(self, fetch: Fetch, *, idle_bytes: int = IDLE_BYTES) -> None:
        self._fetch = fetch
        self._most = idle_bytes
        self._folder = tempfile.TemporaryDirectory(prefix="importer-files-")  # nobody else may look into it
        self._copies: dict[str, _Copy] = {}
        self._made = 0

    @asynccontextmanager
    async def of(self, name: str) -> AsyncIterator[Path]:
        """Fetched once, however many ask for it at the same time."""
        copy = self._copies.pop(name) if name in self._copies else self._new()
        self._copies[name] = copy  # used last, it stands last
        copy.users += 1
        try:
            async with copy.lock:
                if copy.size is None:
                    await self._fetch(name, copy.path)
                    copy.size = copy.path.stat().st_size
            yield copy.path
        finally:
            copy.users -= 1
            self._let_go()
            if not copy.users and self._copies.get(name) is not copy:
                copy.path.unlink(missing_ok=True)

    def forget(self, folder: str) -> None:
        """The files under `folder` are removed; who reads one now reads it to its end."""
        for name in [name for name in self._copies if name.startswith(f"{folder}/")]:
            copy = self._copies.pop(name)
            if not copy.users:
                copy.path.unlink(missing_ok=True)

    def close(self) -> None:
        self._folder.cleanup()

    def _new(self) -> _Copy:
        self._made += 1
        return _Copy(Path(self._folder.name) / str(self._made))

    def _let_go(self) -> None:
        """Unused copies that are not whole go at once, the others when they are too many: the oldest first."""
        unused = {name: copy for name, copy in self._copies.items() if not copy.users}
        weight = sum(copy.size or 0 for copy in unused.values())
        for name, copy in unused.items():
            if copy.size is None or weight > self._most:
                weight -= copy.size or 0
                copy.path.unlink(missing_ok=True)
                del self._copies[name]
