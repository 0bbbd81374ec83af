"""How a practice shop is set up: what a person would choose at the start, and what a test wants different."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from importer.sandbox import versions
from importer.sandbox.amqp import Address


@dataclass(frozen=True, kw_only=True)
class Setup:
    """`magento`: which one it is. `bugs`: name -> value, None for the bug's own. `seed`: of all dice. `state`: the file
    where everything lies, none for memory. `config`: folders with the queue's XML files and `env.yaml`. `amqp`: a real
    RabbitMQ. `latency`: kind -> seconds, nothing takes time that is not there; `latency.SECONDS` are those of a shop.
    `cron_seconds`: how long a consumer that has ended is away, 60 in a shop."""

    magento: str = versions.DEFAULT
    bugs: Mapping[str, float | str | None] = field(default_factory=dict)
    seed: int = 0
    state: Path | None = None
    config: tuple[Path, ...] = ()
    amqp: Address | None = None
    latency: Mapping[str, float] = field(default_factory=dict)
    cron_seconds: float = 0.0
