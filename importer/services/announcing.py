"""Announcing: what stands in the outbox is addressed to whoever wants it and sent, each with its own tries.

Every step of it may be done twice, by any process: an announcement is addressed by compare-and-set, a delivery is held by
a lease while it is tried. A process that dies after the receiver's answer and before it is recorded lets the delivery be
sent once more, with the same id.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import orjson

from importer.domain.announcements import Announcement
from importer.domain.deliveries import Delivery, Sent, next_at
from importer.domain.errors import UnknownName
from importer.domain.webhooks import Webhook, signed
from importer.ports import Announcements, Channel, Clock, Post, Webhooks

log = logging.getLogger("importer.notices")

AT_ONCE = 20
"""Deliveries that are tried at the same time."""
LEASE_SECONDS = 60.0
"""Longer than a try may take."""
KEPT = timedelta(days=30)

Document = Callable[[Announcement], dict[str, Any]]


class Announcing:
    def __init__(
        self,
        outbox: Announcements,
        webhooks: Webhooks,
        post: Post,
        clock: Clock,
        *,
        document: Document,
        channels: Sequence[Channel] = (),
    ) -> None:
        self._outbox = outbox
        self._webhooks = webhooks
        self._post = post
        self._clock = clock
        self._document = document
        self._channels = {channel.receiver: channel for channel in channels}

    async def sweep(self) -> None:
        """Address what is new, try what is due. Raises StateUnavailable."""
        while fresh := await self._outbox.fresh(limit=AT_ONCE):
            await self._address(fresh)
        while due := await self._outbox.claim(limit=AT_ONCE, seconds=LEASE_SECONDS):
            await asyncio.gather(*(self._deliver(delivery) for delivery in due))

    async def clean(self) -> None:
        """Forget what is older than 30 days."""
        await self._outbox.forget(self._clock.now() - KEPT)

    async def _address(self, fresh: Sequence[Announcement]) -> None:
        webhooks = await self._webhooks.all()
        for one in fresh:
            receivers = [webhook.id for webhook in webhooks if webhook.wants(one)]
            receivers += [name for name, channel in self._channels.items() if channel.wants(one)]
            await self._outbox.address(one, receivers)

    async def _deliver(self, delivery: Delivery) -> None:
        at, begun = self._clock.now(), monotonic()
        sent = await self._sent(delivery, at)
        now, ms = self._clock.now(), round((monotonic() - begun) * 1000)
        again_at = next_at(delivery.tries + 1, sent, now) if sent.error else None
        await self._outbox.record(delivery, sent, at=at, ms=ms, again_at=again_at)
        if sent.error:
            _say(delivery, sent, again_at)

    async def _sent(self, delivery: Delivery, at: datetime) -> Sent:
        """Nothing that goes wrong with one stops another."""
        receiver, announcement = delivery.receiver, delivery.announcement
        try:
            if receiver in self._channels:
                return await self._channels[receiver].send(announcement)
            webhook = await self._webhooks.get(receiver)
            return await self._to_webhook(webhook, announcement, at)
        except UnknownName:
            return Sent(error="The settings no longer name this receiver.")
        except Exception:
            log.exception("action=announce_crashed receiver=%s message=%s", receiver, announcement.id)
            return Sent(error="A defect of importer stopped this try; its log holds the details.")

    async def _to_webhook(self, webhook: Webhook, announcement: Announcement, at: datetime) -> Sent:
        body = orjson.dumps(self._document(announcement))
        headers = signed(await self._webhooks.secret(webhook.id), announcement.id, at, body)
        return await self._post.send(webhook.url, body, headers)


def _say(delivery: Delivery, sent: Sent, again_at: datetime | None) -> None:
    again = again_at.isoformat(timespec="seconds") if again_at else "never"
    words = (delivery.receiver, delivery.announcement.id, again, sent.error)
    log.warning("action=announce_failed receiver=%s message=%s again=%s why=%s", *words)
