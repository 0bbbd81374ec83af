"""What the four files of the message queue say, put together (contract 8.2 to 8.5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from importer.sandbox.wildcards import matches

MASS_CONSUMER = r"Magento\AsynchronousOperations\Model\MassConsumer"


@dataclass(frozen=True, kw_only=True)
class Place:
    """File and line, for sentences."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}"


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A line of communication.xml. `handlers` are name -> `Class::method`."""

    name: str
    request: str
    response: str
    schema: str
    synchronous: bool
    handlers: Mapping[str, str]
    place: Place


@dataclass(frozen=True, kw_only=True)
class Binding:
    id: str
    exchange: str
    connection: str
    topic: str
    queue: str
    disabled: bool
    arguments: Mapping[str, str | int | bool]
    place: Place


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """Where messages of a topic go; `*` and `#` are not understood here."""

    topic: str
    connection: str
    exchange: str
    place: Place


@dataclass(frozen=True, kw_only=True)
class ConsumerConfig:
    """0 or none of the limits means that there is none. `only_spawn` None: the environment decides."""

    name: str
    queue: str
    connection: str
    handler: str
    instance: str
    max_messages: int
    max_idle_seconds: float | None
    sleep_seconds: float
    only_spawn: bool | None
    place: Place


@dataclass(kw_only=True)
class QueueConfig:
    """Exchanges are name and connection -> durable and so on; the rest is by its key in the file's own terms. A file may
    leave the connection open; version and environment decide then (contract 6.6)."""

    default_connection: str = "amqp"
    bindings_by_id: bool = True
    topics: dict[str, Topic] = field(default_factory=dict)
    exchanges: dict[tuple[str, str], Mapping[str, bool]] = field(default_factory=dict)
    bindings: dict[tuple[str, ...], Binding] = field(default_factory=dict)
    publishers: dict[str, Publisher] = field(default_factory=dict)
    consumers: dict[str, ConsumerConfig] = field(default_factory=dict)

    def publisher(self, topic: str) -> tuple[str, str]:
        """Connection and exchange; the ones of asynchronous calls are generated (contract 6.4)."""
        known = self.publishers.get(topic)
        return (known.connection, known.exchange) if known else (self.default_connection, "magento")

    def bound(self, connection: str, exchange: str = "") -> list[Binding]:
        """The bindings in force on a connection, and if given of one exchange."""
        return [
            binding
            for binding in self.bindings.values()
            if not binding.disabled
            and binding.connection == connection
            and exchange in ("", binding.exchange)
        ]

    def queues(self, topic: str, connection: str, exchange: str, *, wildcards: bool = True) -> list[str]:
        """Every queue once, in the order of the bindings."""
        fits = matches if wildcards else str.__eq__
        found = [one.queue for one in self.bound(connection, exchange) if fits(one.topic, topic)]
        return list(dict.fromkeys(found))
