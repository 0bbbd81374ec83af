"""Notices to a real mail server and to real receivers: one for each change of state, and a digest a day."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from importer.bootstrap import open_importer
from importer.domain.deliveries import DeliveryStatus
from importer.domain.imports import ImportStatus, KeptFile, Reason
from importer.ports import Request
from importer.settings import NoticeSettings, Settings
from tests.clocks import HandClock
from tests.integration.conftest import make_settings
from tests.integration.test_webhooks import Outbox, receiver
from tests.receivers import Receiver

__all__ = ["receiver"]  # a fixture

Products = Callable[..., Path]
STALLED = Reason(code="shop.stalled", text="The shop took 2 rows and confirms none.")
PASSWORD = "mail-password-of-the-tests"


class Postbox:
    """What the mail server of the test was handed; `refusals` are its first answers."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refusals: list[str] = []
        self.port = 0

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802
        if self.refusals:
            return self.refusals.pop(0)
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, EmailMessage, policy=policy.default))
        return "250 Taken"


def _login(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    good = (data.login, data.password) == (b"importer", PASSWORD.encode())
    return AuthResult(success=good, handled=False)


@pytest.fixture
async def postbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Postbox]:
    """It takes mails of those who log in, after STARTTLS with a certificate of an authority that we trust."""
    box, loop = Postbox(), asyncio.get_running_loop()
    authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))

    def session() -> SMTP:
        tls = {"tls_context": context, "require_starttls": True}
        return SMTP(box, loop=loop, hostname="localhost", authenticator=_login, auth_required=True, **tls)

    server = await loop.create_server(session, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    yield box
    server.close()


Opened = Callable[..., Any]


@pytest.fixture
def opened(shop: Any, tmp_path: Path, clock: HandClock, products: Products) -> Opened:
    """`async with opened(ops={...})`: an importer with these notices, and the clock of the test."""

    @asynccontextmanager
    async def make(**notices: Any) -> AsyncIterator[Outbox]:
        told = {name: NoticeSettings(**words) for name, words in notices.items()}
        words = {"notices": told, "public_url": "https://importer.example.com/"}
        settings = make_settings(tmp_path, shop.address).model_copy(update=words)
        async with open_importer(settings, clock=clock) as importer:
            yield Outbox(importer, clock, products(2))

    return make


def mail(postbox: Postbox, **words: Any) -> dict[str, Any]:
    server = {"smtp_host": "127.0.0.1", "smtp_port": postbox.port}
    login = {"user": "importer", "password": PASSWORD}
    people = {"sender": "importer@example.com", "recipients": ["anna@example.com", "ben@example.com"]}
    return {"kind": "mail", **server, **login, **people, **words}


async def test_a_failed_import_is_one_mail_that_says_what_and_where(opened: Opened, postbox: Postbox) -> None:
    async with opened(ops=mail(postbox)) as outbox:
        import_id = await outbox.end()
        await outbox.sweep()
        await outbox.sweep(3600)
    [mail_] = postbox.mails

    assert mail_["subject"] == "importer: list.csv into main: failed"
    assert mail_["to"] == "anna@example.com, ben@example.com"
    assert re.fullmatch(r"<msg_\w+@example\.com>", mail_["message-id"])
    assert mail_.get_content().splitlines() == [
        "list.csv into main: failed",
        "",
        "The shop refuses the token.",
        "0 rows read = 0.",
        f"https://importer.example.com/imports/{import_id}",
    ]


async def test_a_mail_that_is_not_taken_is_tried_again_with_the_same_id(
    opened: Opened, postbox: Postbox, caplog: pytest.LogCaptureFixture
) -> None:
    postbox.refusals = ["451 Try later"]
    async with opened(ops=mail(postbox)) as outbox:
        await outbox.end()
        await outbox.sweep()
        assert postbox.mails == []
        await outbox.sweep(5)
        [delivery] = await outbox.deliveries("notice:ops")

    assert [line.error for line in delivery.log] == ["The mail server answers 451 Try later.", ""]
    assert postbox.mails[0]["message-id"].startswith(f"<{delivery.announcement.id}@")
    assert "action=announce_failed receiver=notice:ops" in caplog.text


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"password": "wrong-word"}, "The mail server answers 535"),
        ({"smtp_port": 9}, "The mail server cannot be used"),
        ({"security": "tls"}, "The mail server cannot be used"),
        ({"security": "none"}, "The mail server"),
        ({"smtp_host": "localhost"}, "The mail server cannot be used"),  # its certificate is for another name
    ],
)
async def test_a_mail_server_that_cannot_be_used_is_told_without_a_secret(
    opened: Opened, postbox: Postbox, caplog: pytest.LogCaptureFixture, words: dict[str, Any], error: str
) -> None:
    async with opened(ops=mail(postbox, **words)) as outbox:
        await outbox.end()
        await outbox.sweep()
        [told] = await outbox.errors("notice:ops")

    assert told.startswith(error)
    assert told.endswith(".")
    assert not any(word in told + caplog.text for word in (PASSWORD, "wrong-word"))


async def test_each_change_of_state_is_one_message(opened: Opened, receiver: Receiver) -> None:
    async with opened(ops={"kind": "webhook", "url": f"{receiver.address}/ops"}) as outbox:
        ports, dues = outbox.importer.ports, outbox.importer.nights.dues
        state = await ports.imports.accept(_request("imp_1"))
        await ports.imports.record_waiting(state.id, STALLED)
        for _ in range(3):
            await outbox.sweep(61)
        await ports.imports.record_counted(state.id, rows=2, columns={})
        await outbox.sweep()
        await dues.expect("night", "r", outbox.clock.now())
        for alarm in (Reason(code="source.missing", text="No file came."), None):
            await dues.record_alarm("night", alarm)
            await outbox.sweep()
        await outbox.importer.closing.abandon(state.id, ImportStatus.COMPLETED, STALLED)
        await outbox.sweep()
    told = [message.document for message in receiver.got]

    assert [(one["type"], one["title"]) for one in told] == [
        ("import.stalled", "a.csv into main: stands still"),
        ("import.recovered", "a.csv into main: goes on again"),
        ("schedule.alarm", "schedule night: alarm"),
        ("schedule.recovered", "schedule night: all right again"),
    ]
    assert told[0]["text"].splitlines()[0] == STALLED.text
    assert told[1]["text"].splitlines()[0] == f"It was this: {STALLED.text}"
    assert told[2]["text"].splitlines() == ["No file came.", "https://importer.example.com/"]


async def test_slack_is_sent_text_in_which_a_name_calls_nobody(opened: Opened, receiver: Receiver) -> None:
    async with opened(room={"kind": "slack", "url": f"{receiver.address}/T0/secret-part"}) as outbox:
        ports = outbox.importer.ports
        state = await ports.imports.accept(_request("imp_1", name="<!channel> & co.csv"))
        await outbox.importer.closing.abandon(state.id, ImportStatus.FAILED, STALLED)
        await outbox.sweep()
    [message] = receiver.got

    assert list(message.document) == ["text"]
    assert message.document["text"].startswith("*&lt;!channel&gt; &amp; co.csv into main: failed*\n")


async def test_the_address_of_a_notice_is_in_no_log(
    opened: Opened, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [web.Response(status=403)]
    async with opened(room={"kind": "slack", "url": f"{receiver.address}/T0/secret-part"}) as outbox:
        await outbox.end()
        await outbox.sweep()
        [told] = await outbox.errors("notice:room")

    assert told == "It answered 403."
    assert "receiver=notice:room" in caplog.text
    assert "secret-part" not in caplog.text


async def test_a_notice_of_one_shop_and_of_chosen_events_hears_nothing_else(
    opened: Opened, receiver: Receiver
) -> None:
    base = {"kind": "webhook", "url": receiver.address}
    async with opened(
        other={**base, "shop": "second"}, done={**base, "events": ["import.completed"]}
    ) as outbox:
        await outbox.end()
        await outbox.sweep()
        assert receiver.got == []
        state = await outbox.importer.ports.imports.accept(_request("imp_1"))
        await outbox.importer.closing.abandon(state.id, ImportStatus.COMPLETED, STALLED)
        await outbox.sweep()

    assert [message.document["type"] for message in receiver.got] == ["import.completed"]


async def test_a_receiver_that_the_settings_no_longer_name_ends(opened: Opened, receiver: Receiver) -> None:
    receiver.answers = [web.Response(status=500)]
    async with opened(ops={"kind": "webhook", "url": receiver.address}) as outbox:
        await outbox.end()
        await outbox.sweep()
    async with opened() as outbox:
        await outbox.sweep(5)
        [delivery] = await outbox.deliveries("notice:ops")

    assert delivery.log[-1].error == "The settings no longer name this receiver."
    assert delivery.status is DeliveryStatus.WAITING  # it may be named again


async def test_the_digest_comes_once_a_day_at_its_time_with_what_needs_a_person(
    opened: Opened, receiver: Receiver, clock: HandClock
) -> None:
    notice = {"kind": "webhook", "url": receiver.address, "events": [], "digest": "07:00",
              "time_zone": "Europe/Berlin"}  # fmt: skip
    clock.moment = datetime(2026, 3, 29, 4, 59, 30, tzinfo=UTC)  # the clocks went forward this night
    async with opened(ops=notice) as outbox, opened(ops=notice) as other:
        import_id = await outbox.end()
        still = await outbox.importer.ports.imports.accept(_request("imp_still", name="slow.csv"))
        await outbox.importer.ports.imports.record_waiting(still.id, STALLED)
        for forward in (0, 31, 600, 3600):
            clock.forward(forward)
            await asyncio.gather(*(one.importer.notices.digest.look() for one in (outbox, other)))
        await outbox.sweep()
        [first] = receiver.got
        clock.forward(86_400)
        await other.importer.notices.digest.look()
        await other.sweep()
    [_, second] = receiver.got

    assert first.document["title"] == "digest of 2026-03-29"
    assert first.document["text"].splitlines() == [
        "1 import ended in the last 24 hours: 1 failed.",
        f"slow.csv into main: stands still. {STALLED.text} 0 rows read = 0. "
        "https://importer.example.com/imports/imp_still",
        "list.csv into main: failed. The shop refuses the token. 0 rows read = 0. "
        f"https://importer.example.com/imports/{import_id}",
    ]
    assert second.document["title"] == "digest of 2026-03-30"
    assert second.document["text"].startswith("No import ended in the last 24 hours.")


def _request(import_id: str, name: str = "a.csv") -> Request:
    kept = KeptFile(name=name, file=f"imports/{import_id}/source", size=1, sha256="0")
    return Request(id=import_id, shop="main", mapping="products", entity="product", kept=kept, dry_run=False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"kind": "slack"}, "a notice of the kind slack needs url"),
        ({"kind": "mail", "smtp_host": "mail.example.com"}, "needs sender; a notice of the kind mail needs recipients"),
        ({"kind": "slack", "url": "http://hooks.example.com/secret-part"}, "url is http://"),
        ({"kind": "slack", "url": "https://h.example", "time_zone": "Mars/Base"}, "is no time zone"),
        ({"kind": "slack", "url": "https://h.example", "digest": "07:00Z"}, "is a time such as 07:00"),
        ({"kind": "mail", "smtp_host": "m.example", "security": "none", "user": "u", "sender": "a@b",
          "recipients": ["a@b"]}, "would send the password unencrypted"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(words: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="notices") as caught:
        Settings(notices={"ops": words})

    assert said in str(caught.value)
    assert "secret-part" not in str(caught.value)
