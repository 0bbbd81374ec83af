"""Schedules: their documents, when each is due, what came of each due time, and the sources they look at."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from importer.domain.arrivals import Entry
from importer.domain.fires import Due, Fire, Taken
from importer.domain.imports import Reason
from importer.domain.places import Place
from importer.domain.schedules import Schedule


class Schedules(Protocol):
    """The documents."""

    def all(self) -> Sequence[Schedule]:
        """By name."""
        ...

    def get(self, name: str) -> Schedule:
        """Raises UnknownName."""
        ...


class Dues(Protocol):
    """When each schedule is due next, for all processes that look at the clock."""

    async def all(self) -> list[Due]: ...

    async def expect(self, name: str, rhythm: str, next_at: datetime) -> None:
        """A schedule that is new, or has another rhythm than before, is due at `next_at`, and follows runs from now on."""
        ...

    async def fire(self, due: Due, next_at: datetime, fire: Fire) -> bool:
        """Record the fire and the next due time in one transaction, if it is still due when `due` says so.

        Of all that try, one gets True.
        """
        ...

    async def record_success(self, name: str, import_id: str) -> None: ...

    async def record_alarm(self, name: str, alarm: Reason | None, *, shop: str | None = None) -> bool:
        """None: it is over. False when the alarm is the one that is on already (by its code), or none was. `shop` is for
        whoever is told of it."""
        ...


class Fires(Protocol):
    """What comes of due times. The `look_at` of a fire that is given is the right to change it."""

    async def add(self, fire: Fire) -> bool:
        """One that a person wants, or that follows another. False when there is one of that moment, or that follows it."""
        ...

    async def open(self) -> list[Fire]:
        """Oldest first."""
        ...

    async def at(self, schedule: str, fire_at: datetime) -> Fire | None: ...

    async def unfollowed(self, schedule: str, *, by: str, since: datetime) -> list[Fire]:
        """Runs of the schedule that have ended, of due times from `since` on, which no fire of `by` follows; oldest first."""
        ...

    async def latest(self, schedule: str, *, limit: int) -> list[Fire]:
        """Newest first."""
        ...

    async def change(self, fire: Fire, into: Fire) -> bool:
        """Compare-and-set: False when somebody else has changed it since it was read."""
        ...


class TakenFiles(Protocol):
    """Files that schedules have taken."""

    async def taken(
        self,
        schedule: str,
        *,
        sha256: str | None = None,
        fire_at: datetime | None = None,
        name: str | None = None,
    ) -> list[Taken]:
        """With this content, by this fire, of this name; oldest first."""
        ...

    async def rows(self, schedule: str, *, since: datetime) -> list[int]:
        """Rows of each import that completed, of the files that were taken then or later."""
        ...

    async def record(self, taken: Taken) -> bool:
        """False when the content is in it."""
        ...

    async def change(self, taken: Taken) -> None: ...


class Source(Protocol):
    """A place with files. Each method raises SourceMissing when what it needs is not there or cannot be reached."""

    async def entries(self) -> list[Entry]: ...

    def read(self, entry: Entry) -> AsyncIterator[bytes]:
        """Its bytes. Raises FileDamaged (`file.changed`) when it is not (any more) as the entry says."""
        ...

    async def move(self, entry: Entry, folder: str) -> None:
        """Into a folder below the source's; an older file of that name there stays, this one gets a number."""
        ...

    async def delete(self, entry: Entry) -> None: ...


class Sources(Protocol):
    """The kinds of sources."""

    def at(self, place: Place) -> AbstractAsyncContextManager[Source]:
        """Raises ConfigurationError when the settings do not allow or complete it."""
        ...
