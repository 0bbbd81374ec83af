"""Misbehaviour on request: what a shop in trouble does, switched on by a test or by `POST /practice/faults`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Refuse:
    """The next `times` requests whose method and path begin so are answered with `status` and `body`."""

    times: int
    status: int
    body: Any = None
    method: str = "POST"
    path: str = "/rest"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Faults:
    """`down`: 503 for everything. `hold_consumers`: messages stay in the queue. `drop_answers`: so many writing
    requests are carried out, and the connection is closed before their answer (the lost receipt).
    `answer_seconds`: how long the answer to a writing request is held back, its work done."""

    down: bool = False
    hold_consumers: bool = False
    drop_answers: int = 0
    answer_seconds: float = 0.0
    refuse: list[Refuse] = field(default_factory=list)

    def refusal(self, method: str, path: str) -> Refuse | None:
        """The first switch that fits, counted down."""
        for switch in self.refuse:
            if switch.times > 0 and method == switch.method and path.startswith(switch.path):
                switch.times -= 1
                return switch
        return None

    def drops_answer(self, method: str) -> bool:
        if method == "GET" or self.drop_answers <= 0:
            return False
        self.drop_answers -= 1
        return True

    def change(self, words: Mapping[str, Any]) -> None:
        """From JSON: the names above; `refuse` is one switch or a list of them. Raises TypeError on others."""
        for name in ("down", "hold_consumers", "drop_answers", "answer_seconds"):
            if name in words:
                setattr(self, name, words[name])
        switches = words.get("refuse", [])
        self.refuse += [
            Refuse(**switch) for switch in ([switches] if isinstance(switches, dict) else switches)
        ]
