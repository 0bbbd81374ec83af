"""Webhooks: addresses that are told of what happens, and the signature by which they know who tells (Standard Webhooks)."""

import base64
import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from importer.domain.announcements import Kind, Told
from importer.domain.errors import RequestError

MOST_URL = 2000
SECRET_PREFIX = "whsec_"  # noqa: S105 - what secrets begin with


@dataclass(frozen=True, kw_only=True)
class NewWebhook:
    """What somebody asks for. `shop` None: of all shops; `events` None: all of them."""

    url: str
    shop: str | None = None
    events: tuple[Kind, ...] | None = None

    def check(self, inner_hosts: Collection[str]) -> None:
        """`inner_hosts`: those that the settings allow to be called although they are not public.

        Raises RequestError.
        """
        if self.events == ():
            raise RequestError("Name the events that are wanted, or nothing for all.", code="webhook.events")
        if len(self.url) > MOST_URL or not (self.url.isascii() and self.url.isprintable()) or " " in self.url:
            raise _refusal(f"is one word of at most {MOST_URL} ASCII characters")
        try:
            parts = urlsplit(self.url)
            host, _port = parts.hostname, parts.port
        except ValueError:
            raise _refusal("must be an address such as https://erp.example.com/hooks") from None
        if parts.scheme not in ("https", "http") or not host:
            raise _refusal("must be an address such as https://erp.example.com/hooks")
        if parts.username is not None or parts.password is not None:
            raise _refusal("must not hold a user or password; the signature says who calls")
        if parts.scheme == "http" and host not in {name.lower() for name in inner_hosts}:
            raise _refusal("must be https://, unless its host is one of the setting webhook_hosts")


@dataclass(frozen=True, kw_only=True)
class Webhook(NewWebhook):
    """As it is kept; its secret is kept apart and shown to nobody."""

    id: str
    created_at: datetime

    def wants(self, told: Told) -> bool:
        """Nothing of the time before it was made."""
        meant = self.shop is None or self.shop == told.shop
        return meant and (self.events is None or told.kind in self.events) and told.at >= self.created_at


def signed(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of Standard Webhooks."""
    timestamp = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }


def _refusal(why: str) -> RequestError:
    return RequestError(f"The url of a webhook {why}.", code="webhook.url")
