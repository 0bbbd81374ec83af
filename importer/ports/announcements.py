"""Announcements on their way to whoever wants them, and the webhooks among those."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from importer.domain.announcements import Announcement
from importer.domain.deliveries import Delivery, DeliveryStatus, Sent
from importer.domain.webhooks import NewWebhook, Webhook


class Announcements(Protocol):
    """The outbox. An announcement is put into it by the transaction that makes it true."""

    async def fresh(self, *, limit: int) -> list[Announcement]:
        """Those that are due and have not been addressed to anybody; oldest first."""
        ...

    async def address(self, announcement: Announcement, receivers: Collection[str]) -> bool:
        """One delivery for each receiver. False when somebody else has done it, or it is withdrawn."""
        ...

    async def add(self, announcement: Announcement, receiver: str) -> bool:
        """One that follows from no event, for this receiver alone. False when it is there already, by its id."""
        ...

    async def claim(self, *, limit: int, seconds: float) -> list[Delivery]:
        """Deliveries that are due, the longest first; nobody else gets them for so long."""
        ...

    async def record(
        self, delivery: Delivery, sent: Sent, *, at: datetime, ms: int, again_at: datetime | None
    ) -> None:
        """A line of the log, and when it is tried again; None, if it is not there: it failed."""
        ...

    async def deliveries(
        self,
        receiver: str,
        *,
        limit: int,
        before: str | None = None,
        statuses: Collection[DeliveryStatus] = (),
    ) -> list[Delivery]:
        """With their logs, newest announcement first, those before the announcement `before`."""
        ...

    async def again(self, receiver: str, announcement_id: str) -> None:
        """Try it anew, whatever came of it. Raises UnknownName."""
        ...

    async def forget(self, before: datetime) -> int:
        """Remove announcements from before that moment, with their logs; how many."""
        ...


class Webhooks(Protocol):
    async def create(self, wanted: NewWebhook) -> tuple[str, str]:
        """(id, secret)."""
        ...

    async def all(self) -> list[Webhook]:
        """Oldest first."""
        ...

    async def get(self, webhook_id: str) -> Webhook:
        """Raises UnknownName."""
        ...

    async def remove(self, webhook_id: str) -> None:
        """With its deliveries. Raises UnknownName."""
        ...

    async def secret(self, webhook_id: str) -> str:
        """For signing alone. Raises UnknownName."""
        ...


class Post(Protocol):
    """Sends a small document to an address that somebody named."""

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Sent:
        """It never raises: whatever goes wrong is a sentence."""
        ...


class Channel(Protocol):
    """A receiver that the settings name."""

    @property
    def receiver(self) -> str: ...

    def wants(self, announcement: Announcement) -> bool: ...

    async def send(self, announcement: Announcement) -> Sent:
        """It never raises."""
        ...


Channels = Sequence[Channel]
