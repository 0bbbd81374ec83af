"""The ground everything stands on: time, whole files, and a queue that carries steps."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from importer.domain.consumers import ALL, Consumer
from importer.domain.steps import DeadStep, Lease, Load, Step


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

    async def claim(
        self, worker: str, *, limit: int, only: str | None = None, consumers: Sequence[Consumer] = (ALL,)
    ) -> list[Lease]:
        """Steps that are due and that one of `consumers` takes. `only`: the steps of one import."""
        ...

    async def extend(self, lease: Lease) -> bool:
        """False when the lease was lost."""
        ...

    async def done(self, lease: Lease) -> None: ...

    async def again(self, lease: Lease, *, delay: float) -> None:
        """Give it back, due after `delay` seconds."""
        ...

    async def crashed(self, lease: Lease, reason: str) -> bool:
        """Give it back after a defect, due later each time. True when it is dead now: it had MOST_CRASHES of them."""
        ...

    async def wait(self, seconds: float) -> None:
        """Return when something may be due, at the latest after `seconds`."""
        ...

    async def ready(self) -> None:
        """Raises ConfigurationError when the broker, if there is one, cannot be used; another ImporterError while it is away."""
        ...

    async def rest(self) -> None:
        """This process takes no more steps: what was on its way to it goes to others."""
        ...


class Ledger(Protocol):
    """The list of all steps, which decides whatever a message says."""

    async def dead(self) -> list[DeadStep]:
        """Those that are set aside, longest first."""
        ...

    async def requeue(self, some: Sequence[Step]) -> int:
        """Dead steps are due again, as if they were new; how many were."""
        ...

    async def forget(self, some: Sequence[Step]) -> None:
        """Strike dead steps off: nobody needs them any more."""
        ...

    async def load(self, consumer: Consumer) -> Load: ...


class Duties(Protocol):
    """What one of all processes does at a time: it is taken until a moment, by compare-and-set."""

    async def take(self, name: str, *, seconds: float) -> float | None:
        """The moment (seconds since 1970) until which it is ours; None when it is somebody's."""
        ...

    async def keep(self, name: str, until: float, *, seconds: float) -> float | None:
        """Ours for longer; None when it was lost."""
        ...

    async def release(self, name: str, until: float) -> None: ...
