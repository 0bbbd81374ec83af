"""Taking a bulk, in Magento's order: its row, the messages, and only then the rows of the operations (contract 2, S9)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from importer.sandbox.bugs import Bugs
from importer.sandbox.bulk import INTEGRATION_USER, Bulks, Entry, User, serialized
from importer.sandbox.errors import Refusal
from importer.sandbox.messages import BrokerAway, Outgoing
from importer.sandbox.versions import Version

UNSCHEDULED = "Something went wrong while processing the request."

Publish = Callable[[str, Sequence[str], Mapping[str, Any]], Awaitable[None]]


class Submissions:
    """`publish` sends bodies of a topic with their headers on the way."""

    def __init__(self, bulks: Bulks, bugs: Bugs, version: Version, publish: Publish) -> None:
        self._bulks, self._bugs, self._version, self._publish = bulks, bugs, version, publish
        self._late: dict[tuple[str, int], tuple[str, str]] = {}

    async def submit(
        self, topic: str, items: Sequence[Entry], *, store_id: int, now: str, user: User = INTEGRATION_USER
    ) -> dict[str, Any]:
        """The answer of the submission. Raises Refusal 400 when nothing can be scheduled; the bulk is gone then."""
        in_payload = store_id if self._version.store_in_payload else None
        headers = {} if self._version.store_in_payload else {"store_id": str(store_id)}
        uuid = self._bulks.open(topic, now=now, user=user)
        outgoing = [Outgoing(key, uuid, topic, serialized(item, in_payload)) for key, item in items]
        try:
            if self._bugs.value("broker-down"):
                raise BrokerAway
            self._bulks.counted(uuid, len(outgoing))
            await self._publish(topic, self._bodies(outgoing), headers)
        except BrokerAway:
            self._bulks.withdraw(uuid)
            raise Refusal(400, UNSCHEDULED) from None
        self._insert(uuid, topic, outgoing)
        accepted = [self._bulks.accepted(one) for one in outgoing]
        return {"bulk_uuid": uuid, "request_items": accepted, "errors": False}

    def insert_late(self, bulk_uuid: str, key: int) -> None:
        """The row of an operation that the consumer is done with (S9)."""
        if row := self._late.pop((bulk_uuid, key), None):
            self._bulks.operations.insert(bulk_uuid, row[0], [(key, row[1])])

    def insert_all_late(self) -> None:
        for uuid, key in tuple(self._late):
            self.insert_late(uuid, key)

    def _bodies(self, outgoing: Sequence[Outgoing]) -> list[str]:
        """What reaches the queue: some may be lost, some come twice."""
        if not self._bugs.active:
            return [one.body for one in outgoing]
        kept = [one for one in outgoing if not self._bugs.hits("lost-message")]
        return [one.body for one in kept for _ in range(1 + self._bugs.hits("duplicate-delivery"))]

    def _insert(self, uuid: str, topic: str, outgoing: Sequence[Outgoing]) -> None:
        late = {one.key for one in outgoing if self._bugs.hits("row-inserted-late")}
        self._late.update(
            {(uuid, one.key): (topic, one.serialized_data) for one in outgoing if one.key in late}
        )
        self._bulks.operations.insert(
            uuid, topic, ((one.key, one.serialized_data) for one in outgoing if one.key not in late)
        )
