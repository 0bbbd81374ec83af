"""Steps: pieces of work that the queue carries. A step may run twice; one that finds its work done is silent."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MOST_CRASHES = 5
"""Defects in a row on one step, after which it is dead rather than tried for ever."""

MOST_LOST = 10
"""Workers in a row that died with the step in their hands. More than defects: one that dies takes the innocent along."""


class StepKind(StrEnum):
    PREPARE = "prepare"  # read, map, check the file of an import, cut it into batches
    DELIVER = "deliver"  # send one batch
    TRACK = "track"  # ask the shop what became of one batch
    FINISH = "finish"  # close an import


@dataclass(frozen=True, kw_only=True)
class Step:
    """`target` is an import's id for prepare and finish, a batch's id for deliver and track."""

    kind: StepKind
    target: str
    shop: str
    entity: str

    @property
    def routing_key(self) -> str:
        """`step.<kind>.<shop>.<entity>`: what bindings of consumers select by. A dot in a name would be two words: it is
        `_` here."""
        return ".".join(("step", self.kind, *(name.replace(".", "_") for name in (self.shop, self.entity))))


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to work on a step until it is given back or runs out; `attempt` fences late returners. `told`: a message of
    it is under way."""

    step: Step
    attempt: int
    worker: str
    told: bool = False


@dataclass(frozen=True, kw_only=True)
class DeadStep:
    """A step that nobody works on until a person gives it back."""

    step: Step
    reason: str
    since: datetime
    attempt: int

    @property
    def import_id(self) -> str:
        return self.step.target.partition(".")[0]


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a consumer has to do. `oldest`: seconds for which the oldest step has been due; None when none is."""

    waiting: int
    running: int
    oldest: float | None
