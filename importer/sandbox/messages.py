"""The queue `async.operations.all`: first in, first out, one for all clients of the shop (contract 6.1, 6.4)."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True, kw_only=True)
class Message:
    """An operation on its way to a consumer; its payload is text, as it is in the table."""

    id: int
    bulk_uuid: str
    topic_name: str
    serialized_data: str

    @property
    def item(self) -> Any:
        return orjson.loads(orjson.loads(self.serialized_data)["meta_information"])

    @property
    def store_id(self) -> int:
        return int(orjson.loads(self.serialized_data)["store_id"])


class MessageQueue:
    """`take` hands a message out, `acknowledge` says that it is done with; `idle` waits until nothing is left."""

    def __init__(self) -> None:
        self._waiting: deque[Message] = deque()
        self._in_hand = 0
        self._changed = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def __len__(self) -> int:
        return len(self._waiting)

    def publish(self, messages: list[Message]) -> None:
        self._waiting.extend(messages)
        if messages:
            self._idle.clear()
        self.wake()

    def wake(self) -> None:
        """Let the consumers look again whether they may take a message."""
        self._changed.set()

    async def take(self, allowed: Callable[[], bool]) -> Message:
        while not self._waiting or not allowed():
            self._changed.clear()
            await self._changed.wait()
        self._in_hand += 1
        return self._waiting.popleft()

    def acknowledge(self) -> None:
        self._in_hand -= 1
        if not self._waiting and not self._in_hand:
            self._idle.set()

    async def idle(self) -> None:
        await self._idle.wait()
