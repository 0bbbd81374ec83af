"""Misbehaviour on request: what a shop in trouble does, switched on by a test or by `POST /practice/faults`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

SWITCHES: Mapping[str, tuple[type, ...]] = {
    "down": (bool,),
    "cut_connections": (bool,),
    "hold_consumers": (bool,),
    "drop_answers": (int,),
    "answer_seconds": (int, float),
}
"""Names that `change` takes, and what may stand there."""


@dataclass(kw_only=True)
class Refuse:
    """The next `times` requests with this method whose path begins so are answered with `status` and `body`."""

    times: int
    status: int
    body: Any = None
    method: str = "POST"
    path: str = "/rest"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Faults:
    """`down`: 503 for everything. `cut_connections`: no answer to anything, the connection is closed.
    `hold_consumers`: messages stay in the queue. `drop_answers`: so many writing requests are carried out, and the
    connection is closed before their answer (the lost receipt). `answer_seconds`: how long the answer to a writing
    request is held back, its work done."""

    down: bool = False
    cut_connections: bool = False
    hold_consumers: bool = False
    drop_answers: int = 0
    answer_seconds: float = 0.0
    refuse: list[Refuse] = field(default_factory=list)

    def refuse_next(
        self, times: int, status: int, body: Any = None, *, method: str = "POST", path: str = "/rest"
    ) -> None:
        self.refuse.append(Refuse(times=times, status=status, body=body, method=method, path=path))

    def drop_answer_next(self, times: int = 1) -> None:
        self.drop_answers += times

    def refusal(self, method: str, path: str) -> Refuse | None:
        """The first switch that fits, counted down; used up ones are forgotten."""
        self.refuse[:] = [switch for switch in self.refuse if switch.times > 0]
        for switch in self.refuse:
            if method == switch.method and path.startswith(switch.path):
                switch.times -= 1
                return switch
        return None

    def drops_answer(self, method: str) -> bool:
        if method == "GET" or self.drop_answers <= 0:
            return False
        self.drop_answers -= 1
        return True

    def change(self, words: Any) -> None:
        """From JSON: the names above; `refuse` is one switch or a list of them, or null to end all. Raises ValueError with
        a sentence, and then changes nothing."""
        if not isinstance(words, dict):
            raise ValueError("An object with the names of faults belongs here.")
        refuse = words.get("refuse", [])
        entries = refuse if isinstance(refuse, list) else [refuse]
        refusals = [] if refuse is None else [_refuse(entry) for entry in entries]
        changes = {name: value for name, value in words.items() if name != "refuse"}
        for name, value in changes.items():
            _check(name, value)
        for name, value in changes.items():
            setattr(self, name, value)
        self.refuse[:] = [] if refuse is None else [*self.refuse, *refusals]


def _check(name: str, value: Any) -> None:
    if name not in SWITCHES:
        raise ValueError(f"{name} is no fault; there are {', '.join(SWITCHES)} and refuse.")
    kinds = SWITCHES[name]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise ValueError(f"{name}: {' or '.join(kind.__name__ for kind in kinds)} belongs here.")


def _refuse(entry: Any) -> Refuse:
    names = [one.name for one in fields(Refuse)]
    if not isinstance(entry, dict) or not {"times", "status"} <= set(entry) <= set(names):
        raise ValueError(
            f"refuse: an object with times and status belongs here, and if wanted {', '.join(names[2:])}."
        )
    for name, least in (("times", 1), ("status", 100)):
        if type(entry[name]) is not int or entry[name] < least:
            raise ValueError(
                f"refuse: {name} is a whole number of {least} or more, not {entry[name]!r}"
                + ('; {"refuse": null} ends all refusals.' if name == "times" else ".")
            )
    for name, kind in (("method", str), ("path", str), ("headers", dict)):
        if not isinstance(entry.get(name, kind()), kind):
            raise ValueError(
                f"refuse: {name} is {'a text' if kind is str else 'an object'}, not {entry[name]!r}."
            )
    return Refuse(**entry)
