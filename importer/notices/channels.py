"""Receivers that the settings name (port `Channel`): mail, a plain webhook, and what takes Slack's messages."""

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Literal

import orjson

from importer.domain.announcements import Announcement
from importer.domain.deliveries import Sent
from importer.domain.sentences import sentences
from importer.domain.subscriptions import Subscription
from importer.notices.wording import Message, Wording
from importer.ports import Post

SECONDS = 10.0
"""For each answer of the mail server."""
PATIENCE = 50.0
"""For the whole of it; less than a delivery is held."""
SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
"""A name of a file must not become a call to everybody in the room."""


class _Subscribed:
    def __init__(self, subscription: Subscription, wording: Wording) -> None:
        self._subscription = subscription
        self._wording = wording

    @property
    def receiver(self) -> str:
        return self._subscription.receiver

    def wants(self, announcement: Announcement) -> bool:
        return self._subscription.wants(announcement)


@dataclass(frozen=True, kw_only=True)
class MailServer:
    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str = ""
    password: str = field(default="", repr=False)


class Mail(_Subscribed):
    def __init__(
        self,
        subscription: Subscription,
        wording: Wording,
        server: MailServer,
        *,
        sender: str,
        recipients: Sequence[str],
    ) -> None:
        super().__init__(subscription, wording)
        self._server, self._sender, self._recipients = server, sender, list(recipients)

    async def send(self, announcement: Announcement) -> Sent:
        message = self._mail(announcement)
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.to_thread(_hand_over, self._server, message)
        except TimeoutError:
            return Sent(error="The mail server does not answer in time.")
        except smtplib.SMTPResponseException as error:
            words = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else ""
            return Sent(error=sentences(f"The mail server answers {error.smtp_code} {words}"[:300]))
        except (smtplib.SMTPException, OSError) as error:
            return Sent(error=sentences(f"The mail server cannot be used: {error}"[:300]))
        return Sent()

    def _mail(self, announcement: Announcement) -> EmailMessage:
        """The same id however often it is sent: mail programs show it once."""
        told = self._wording.of(announcement)
        message = EmailMessage()
        message["Subject"] = f"importer: {told.title}"
        message["From"], message["To"] = self._sender, ", ".join(self._recipients)
        message["Date"] = format_datetime(announcement.at)
        message["Message-ID"] = f"<{announcement.id}@{self._sender.rpartition('@')[2].rstrip('>')}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(f"{told.title}\n\n{told.text}\n")
        return message


def _hand_over(server: MailServer, message: EmailMessage) -> None:
    context = ssl.create_default_context()
    if server.security == "tls":
        session: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
    else:
        session = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
    with session:
        if server.security == "starttls":
            session.starttls(context=context)
        if server.user:
            session.login(server.user, server.password)
        session.send_message(message)


class Posted(_Subscribed):
    """A document that the receiver understands, to an address of the settings, which is a secret."""

    def __init__(self, subscription: Subscription, wording: Wording, post: Post, *, url: str) -> None:
        super().__init__(subscription, wording)
        self._post, self._url = post, url

    async def send(self, announcement: Announcement) -> Sent:
        document = self._document(announcement, self._wording.of(announcement))
        return await self._post.send(self._url, orjson.dumps(document), {})

    def _document(self, announcement: Announcement, told: Message) -> dict[str, Any]:
        at = announcement.at.isoformat()
        words = {"type": announcement.kind, "timestamp": at, "title": told.title, "text": told.text}
        return {"id": announcement.id, **words}


class Slack(Posted):
    def _document(self, announcement: Announcement, told: Message) -> dict[str, Any]:
        return {"text": f"*{told.title.translate(SLACK)}*\n{told.text.translate(SLACK)}"}
