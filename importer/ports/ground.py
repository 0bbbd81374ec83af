"""The ground everything stands on: time, whole files, and a queue that carries steps."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from importer.domain.steps import Lease, Step


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...


class Files(Protocol):
    """Whole files under a name such as `imports/<id>/batches/000001`. A written file is complete or absent.

    Every method raises StateUnavailable while the place where they lie cannot be used: it may be tried again.
    """

    async def check(self) -> None:
        """Whether files can be kept now. Raises StateUnavailable, and ConfigurationError where a person must act."""
        ...

    async def keep(self, name: str, chunks: AsyncIterator[bytes], *, limit: int) -> tuple[int, str]:
        """Stream to `name`; the size in bytes and the SHA-256. Raises TooLarge beyond `limit`, leaving nothing."""
        ...

    async def write(self, name: str, content: bytes) -> None: ...

    async def read(self, name: str, *, start: int = 0, length: int | None = None) -> bytes:
        """All of it, or `length` bytes from `start`. Raises ImporterError `file.lost` when there is no such file."""
        ...

    async def remove(self, folder: str) -> None:
        """Remove everything under `folder`; nothing there is fine. Interrupted, it may be repeated."""
        ...

    def local(self, name: str) -> AbstractAsyncContextManager[Path]:
        """The file as a path on this machine, for readers that need one; it is to be read only, and only within.
        Raises ImporterError `file.lost`."""
        ...


class Queue(Protocol):
    """Carries steps. At least once: a lease that runs out is given to the next one who asks."""

    async def publish(self, step: Step, *, delay: float = 0.0) -> None:
        """A step that is already there stays as it is."""
        ...

    async def claim(self, worker: str, *, limit: int, only: str | None = None) -> list[Lease]:
        """`only`: the steps of one import."""
        ...

    async def extend(self, lease: Lease) -> bool:
        """False when the lease was lost."""
        ...

    async def done(self, lease: Lease) -> None: ...

    async def again(self, lease: Lease, *, delay: float) -> None:
        """Give it back, due after `delay` seconds."""
        ...

    async def wait(self, seconds: float) -> None:
        """Return when something may be due, at the latest after `seconds`."""
        ...
