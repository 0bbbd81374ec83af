"""A fire: one due time of a schedule, and what came of it. Recorded once, however many processes look at the clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from importer.domain.imports import Reason


class FireStatus(StrEnum):
    """`looking -> importing -> done`, or one of the other ends; before that `following` when it follows another run."""

    FOLLOWING = "following"  # the run that it follows has ended, and the gate is to be judged
    LOOKING = (
        "looking"  # its file has not come, is still growing, or it waits for an earlier fire or the window
    )
    IMPORTING = "importing"  # its files were taken, their imports are under way
    DONE = "done"  # every import of it completed
    FAILED = "failed"  # a file was refused, or an import did not complete
    NOTHING = "nothing"  # no new file lay there, and none had to
    MISSING = "missing"  # no new file came until the next due time
    SKIPPED = "skipped"  # an import of an earlier fire was under way
    GATED = "gated"  # the run that it follows did not come to a good end, or the gate did not hold
    MISSED = "missed"  # no process was there at its time
    ENDED = "ended"  # its schedule was taken out of the settings


OPEN = frozenset({FireStatus.FOLLOWING, FireStatus.LOOKING, FireStatus.IMPORTING})
GOOD = frozenset({FireStatus.DONE, FireStatus.NOTHING})
RUNS = GOOD | {FireStatus.FAILED, FireStatus.MISSING, FireStatus.GATED}
"""Ends that another schedule may follow: a due time that was skipped or missed was no run."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A file as it was when it was first seen so."""

    mark: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Left:
    """A file that a fire has not taken, and why. `refused`: a person should look; else its content was imported before."""

    mark: str
    text: str
    refused: bool


@dataclass(frozen=True, kw_only=True)
class Fire:
    """`look_at`: when it is to be gone on with; whoever does moves that forward, which is the right to work on it.

    `manual`: a person wanted it, at no due time. `seen`: name -> the file as it was at the last look; `left`: name -> a
    file that is not taken. `follows_at`: `fire_at` of the run of another schedule that it follows.
    """

    schedule: str
    fire_at: datetime
    status: FireStatus
    look_at: datetime
    text: str = ""
    manual: bool = False
    follows_at: datetime | None = None
    seen: Mapping[str, Seen] = field(default_factory=dict)
    left: Mapping[str, Left] = field(default_factory=dict)

    @property
    def refused(self) -> list[str]:
        """A sentence for each file that a person should look at."""
        return [one.text for one in self.left.values() if one.refused]

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def id(self) -> str:
        """Fit for a file's name."""
        return f"{self.schedule}-{self.fire_at:%Y%m%dT%H%M%S%f}"

    def key(self, sha256: str) -> str:
        """Of the import of a file with this content: however often a fire is repeated, it makes it once."""
        return f"schedule {self.schedule} {self.fire_at.isoformat()} {sha256}"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A file that a schedule has imported; its content is never taken again. `mark` as the source showed it.

    `put_away`: it was moved or deleted as the schedule says. `paused_at`: when its import was last paused by the window.
    """

    schedule: str
    sha256: str
    fire_at: datetime
    name: str
    mark: str
    import_id: str
    taken_at: datetime
    put_away: bool = False
    paused_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Due:
    """A schedule as the state knows it. `rhythm` is that of its document when `next_at` was worked out; it has had this
    one `since` then."""

    name: str
    rhythm: str
    next_at: datetime
    fired_at: datetime | None = None
    succeeded_at: datetime | None = None
    import_id: str | None = None
    alarm: Reason | None = None
    alarm_at: datetime | None = None
    since: datetime | None = None
