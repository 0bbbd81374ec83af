"""What a service is: Magento's interface and method, what it takes, what it does, what it answers (contract 1.4, 3)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from importer.sandbox.access import Access
from importer.sandbox.bulk import Bulks
from importer.sandbox.entities import Entities
from importer.sandbox.inputs import Parameter, parameters
from importer.sandbox.versions import Version

Arguments = Mapping[str, Any]
"""By the exact PHP name of the parameter; an optional one that was not given is None."""


class Written(NamedTuple):
    """A line of the write log: what kind of entity, which one, and created, updated or deleted."""

    entity: str
    key: str
    outcome: str


@dataclass(slots=True)
class Job:
    """What a service works with. `store_id` is the store of the call, `in_consumer` tells how it came (contract S41)."""

    entities: Entities
    bulks: Bulks
    access: Access
    version: Version
    now: str
    store_id: int
    in_consumer: bool = False
    base_url: str = "http://127.0.0.1/"
    raw: Mapping[str, str] = field(default_factory=dict)
    """Parameters of the URL as they came; search criteria are read from them."""
    written: list[Written] = field(default_factory=list)

    def wrote(self, entity: str, key: object, outcome: str) -> None:
        self.written.append(Written(entity, str(key), outcome))


@dataclass(frozen=True, kw_only=True)
class Service:
    """`takes`: PHP parameter name -> type (`shapes`), a trailing `?` marks an optional one. `run` does the work
    (Refusal, Crash). `implementation` is the class that the success text names. `returns` is for the schema."""

    interface: str
    method: str
    implementation: str
    takes: Mapping[str, Any]
    run: Callable[[Job, Arguments], Any]
    returns: Any = "any"

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        return parameters(self.takes)

    @property
    def name(self) -> tuple[str, str]:
        return self.interface, self.method

    def topic(self, http_method: str) -> str:
        interface = self.interface.replace("\\", ".")
        return f"async.{interface}.{self.method}.{http_method}".lower()

    @cached_property
    def success(self) -> str:
        return f"Service execution success {self.implementation}\\Interceptor::{self.method}"


def interface(name: str, implementation: str, **methods: tuple[Any, ...]) -> tuple[Service, ...]:
    """Services of one interface, a line each: `method=(takes, run)` or `method=(takes, run, returns)`."""
    return tuple(
        Service(
            interface=name,
            method=method,
            implementation=implementation,
            takes=words[0],
            run=words[1],
            returns=words[2] if len(words) > 2 else "any",
        )
        for method, words in methods.items()
    )
