"""What travels: an operation on its way out, and a delivery in a consumer's hand (contract 6.1 to 6.3)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import orjson

from importer.sandbox import php


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An accepted item; `serialized_data` is whole here and may be cut in the table."""

    key: int
    bulk_uuid: str
    topic_name: str
    serialized_data: str

    @property
    def body(self) -> str:
        """All keys are always there, in this order."""
        return (
            f'{{"id":{self.key},"bulk_uuid":"{self.bulk_uuid}","topic_name":"{self.topic_name}",'
            f'"serialized_data":{php.encode(self.serialized_data)},"result_serialized_data":null,"status":4,'
            '"result_message":null,"error_code":null}'
        )


@dataclass(frozen=True, slots=True)
class Message:
    """An operation as a consumer reads it."""

    id: int
    bulk_uuid: str
    topic_name: str
    serialized_data: str


def decoded(body: str | bytes) -> Message:
    """Raises ValueError, KeyError, TypeError for what is no operation."""
    words = orjson.loads(body)
    return Message(int(words["id"]), words["bulk_uuid"], words["topic_name"], words["serialized_data"])


@dataclass(frozen=True, slots=True)
class Delivery:
    """`tag` is the queue's own mark of it; `redelivered` that it was in somebody's hand before."""

    tag: Any
    message_id: str
    topic: str
    body: str | bytes
    headers: Mapping[str, Any]
    redelivered: bool = False


class Verdict(StrEnum):
    """What becomes of a delivery (contract 7.2)."""

    ACK = "ack"
    REJECT = "reject"
    REQUEUE = "requeue"


class BrokerAway(Exception):
    """The broker cannot be reached; one sentence with its address and what to do, never with its password."""


class Inbox(Protocol):
    """A consumer's end of a queue. `take` answers None when nothing has come within that time, or something may have
    come by now: ask again."""

    async def take(self, seconds: float) -> Delivery | None: ...

    async def settle(self, delivery: Delivery, verdict: Verdict) -> None: ...

    async def close(self) -> None:
        """What is in hand goes back, or stays, as the connection has it."""


class Connection(Protocol):
    """A carrier of messages; all methods raise BrokerAway."""

    async def declare(self) -> None:
        """Exchanges, queues and bindings of the configuration; what is there already is left as it is."""

    async def publish(self, topic: str, bodies: Sequence[str], headers: Mapping[str, Any]) -> None:
        """What no binding leads to a queue vanishes without a word (contract S26)."""

    async def inbox(self, queue: str, *, prefetch: int) -> Inbox:
        """`prefetch` 0: one after the other, as consumers with a limit do."""

    async def waiting(self, queue: str) -> int: ...

    async def close(self) -> None: ...


Allowed = Callable[[], bool]
