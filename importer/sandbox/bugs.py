"""The bugs that can be switched on, with a rate, a time or a size: `--bug NAME[=VALUE]`, `POST /practice/bugs`.

Each has dice of its own, seeded with the shop's seed and its name: switching one on does not change what another does.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

RATE_WORDS = "a rate such as 0.05 or 5%"


class Kind(StrEnum):
    """What stands behind the name: how often, how long, how many; a flag has nothing there."""

    RATE = "rate"
    SECONDS = "seconds"
    COUNT = "count"
    FLAG = "flag"


@dataclass(frozen=True, kw_only=True)
class Bug:
    """`default` is the value of a name without one; `does` ends up in lists for people."""

    kind: Kind
    default: float
    does: str


def _rate(does: str, default: float = 1.0) -> Bug:
    return Bug(kind=Kind.RATE, default=default, does=does)


def _flag(does: str) -> Bug:
    return Bug(kind=Kind.FLAG, default=1.0, does=does)


BUGS: Mapping[str, Bug] = {
    "deadlock": _rate("the write meets a deadlock: status 2, code 1213, nothing written"),
    "wrapped-deadlock": _rate("the same, hidden by the service: status 3, code 1213 (S13)"),
    "lock-wait": _rate("a lock is waited for in vain: status 2, code 1205, nothing written"),
    "lost-message": _rate("accepted, and its message is lost: the operation stays open"),
    "duplicate-delivery": _rate("a message comes twice, and its lock is gone: executed twice"),
    "row-inserted-late": _rate("the consumer is done before the operation's row exists: open for ever (S9)"),
    "consumer-killed": _rate("the consumer dies in the middle, as often before as after the write (S10)"),
    "status-lies": _rate("an operation is recorded as complete, and nothing was written"),
    "row-errors": _rate("the answer of a service holds a refusal, its status is complete (S40)"),
    "double-write": _flag("writes of one SKU that overlap make two products of it"),
    "bulk-put-crash": _flag("bulk routes with a parameter in their path answer 500 (S1)"),
    "bearer-off": _flag("integration tokens are refused as bearer tokens (S33)"),
    "down": _flag("every request is answered with 503"),
    "broker-down": _flag("no bulk can be scheduled: 400 (S25)"),
    "too-many-requests": _rate("429 with Retry-After, nothing done"),
    "unavailable": _rate("503, nothing done"),
    "internal-error": _rate("500 with a report id, nothing done"),
    "reset-after-store": _rate("the connection is reset after the bulk was stored (S23)"),
    "hold-consumers": _flag("messages stay in the queue"),
    "slow-accept": Bug(kind=Kind.SECONDS, default=5.0, does="answers to writing requests are held back"),
    "slow-consumer": Bug(kind=Kind.SECONDS, default=1.0, does="every write of a consumer takes so much longer"),
    "max-processes": Bug(kind=Kind.COUNT, default=134.0, does="requests beyond so many at once: 502, nothing done"),
    "queue-limit": Bug(kind=Kind.COUNT, default=1000.0, does="a bulk that lets more messages wait: 429, nothing done"),
    "body-limit": Bug(kind=Kind.COUNT, default=1_048_576.0, does="bodies of more bytes: 413, nothing done"),
}  # fmt: skip


Wanted = float | str | bool | None
"""A value as JSON may say it: true and false switch on and off."""


class UnknownBug(ValueError):
    """A name or a value that is none; the sentence says which there are."""


class Bugs:
    """Which bugs are on. `shop.bugs.on("deadlock", 0.05)`, `off("deadlock")`, `off()` for all of them."""

    def __init__(
        self,
        seed: int = 0,
        start: Mapping[str, float | str | None] | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """`changed` is called after every change."""
        self._values: dict[str, float] = {}
        self._changed: Callable[[], None] = lambda: None
        self._dice = {name: random.Random(f"{seed}:{name}") for name in BUGS}  # noqa: S311 - repeatable on purpose
        for name, value in (start or {}).items():
            self.on(name, value)
        self._changed = changed

    def on(self, name: str, value: float | str | None = None) -> None:
        """Raises UnknownBug."""
        bug = _known(name)
        self._values[name] = bug.default if value is None else _value(name, bug, value)
        self._changed()

    def off(self, *names: str) -> None:
        """These, or all. Raises UnknownBug."""
        for name in names or tuple(self._values):
            _known(name)
            self._values.pop(name, None)
        self._changed()

    def change(self, words: Mapping[str, Wanted]) -> None:
        """From JSON: false and null switch off, true takes the default. Raises UnknownBug and then changes nothing."""
        if not isinstance(words, dict):
            raise UnknownBug(f"An object with names of bugs belongs here; there are {', '.join(BUGS)}.")
        values = {name: _wanted(name, _known(name), value) for name, value in words.items()}
        for name, value in values.items():
            if value is None:
                self._values.pop(name, None)
            else:
                self._values[name] = value
        self._changed()

    def replace(self, values: Mapping[str, float]) -> None:
        """Exactly these are on, as another process left them."""
        self._values = dict(values)

    def value(self, name: str) -> float:
        """0 when it is off."""
        return self._values.get(name, 0.0)

    def hits(self, name: str) -> bool:
        """Throw the dice: whether the bug strikes now."""
        rate = self._values.get(name)
        return rate is not None and (rate >= 1 or self._dice[name].random() < rate)

    def toss(self, name: str) -> bool:
        """Heads or tails, by the dice of that bug."""
        return self._dice[name].random() < 1 / 2

    @property
    def active(self) -> dict[str, float]:
        return dict(self._values)


def parsed(text: str) -> tuple[str, float]:
    """`deadlock=5%` or `down`. Raises UnknownBug."""
    name, _, value = text.partition("=")
    bug = _known(name)
    return name, _value(name, bug, value) if value else bug.default


def _known(name: str) -> Bug:
    if name not in BUGS:
        raise UnknownBug(f"{name} is no bug of this shop; there are {', '.join(BUGS)}.")
    return BUGS[name]


def _wanted(name: str, bug: Bug, value: Wanted) -> float | None:
    if value is None or value is False:
        return None
    return bug.default if value is True else _value(name, bug, value)


def _value(name: str, bug: Bug, given: float | str) -> float:
    text = str(given).strip()
    try:
        number = float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise UnknownBug(f"{name}={given}: {_belongs(bug)} belongs there.") from None
    limit = 1.0 if bug.kind in (Kind.RATE, Kind.FLAG) else float("inf")
    if not 0 <= number <= limit or number == float("inf"):
        raise UnknownBug(f"{name}={given}: {_belongs(bug)} belongs there.")
    return number


def _belongs(bug: Bug) -> str:
    words = {Kind.RATE: RATE_WORDS, Kind.FLAG: "nothing, or 0 or 1,", Kind.SECONDS: "a number of seconds"}
    return words.get(bug.kind, "a whole number")
