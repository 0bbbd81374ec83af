"""Webhooks from the API to a real receiver, which verifies signatures with the reference library."""

import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from pydantic import SecretStr
from standardwebhooks import WebhookVerificationError

from importer.bootstrap import Importer, open_importer
from importer.domain.deliveries import WAITS, Delivery, DeliveryStatus
from importer.domain.imports import ImportStatus, Reason
from importer.domain.webhooks import NewWebhook
from importer.notices.post import GuardedPost
from importer.services.intake import Order
from importer.settings import Settings, ShopSettings
from importer.sources import files
from tests.clocks import HandClock
from tests.integration.conftest import make_settings
from tests.integration.test_web import Site, problem, site
from tests.receivers import HOST, Receiver, receiving

__all__ = ["site"]  # a fixture

Products = Callable[..., Path]
WHY = Reason(code="shop.denied", text="The shop refuses the token.")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one


@pytest.fixture
def settings(shop: Any, tmp_path: Path) -> Settings:
    """Two shops, and a receiver on this machine may be called."""
    settings = make_settings(tmp_path, shop.address)
    second = ShopSettings(base_url="http://127.0.0.1:9/", token=SecretStr("x"))
    words = {"webhook_hosts": [HOST], "public_url": "https://importer.example.com"}
    return settings.model_copy(update={"shops": {**settings.shops, "second": second}, **words})


async def made(site: Site, url: str, **words: Any) -> tuple[str, str]:
    answer = await site.http.post("/v1/webhooks", json={"url": url, **words})
    assert answer.status_code == httpx.codes.CREATED, answer.text
    return answer.json()["id"], answer.json()["secret"]


async def test_the_end_of_an_import_arrives_signed_and_can_be_sent_again(
    site: Site, receiver: Receiver, products: Products
) -> None:
    webhook, secret = await made(site, f"{receiver.address}/hooks", shop="main")
    import_id = await site.send(products(3, {2: {"price": "dear"}}).read_bytes(), shop="main")
    await receiver.until(lambda: bool(receiver.got))
    [message] = receiver.got
    told = message.verified(secret)

    assert (message.path, told["type"]) == ("/hooks", "import.completed")
    assert told["data"]["id"] == import_id
    assert told["data"]["counts"] == {"succeeded": 2, "invalid": 1}
    assert told["data"]["equation"] == "3 rows read = 2 succeeded + 1 invalid"
    assert told["data"]["link"] == f"https://importer.example.com/imports/{import_id}"
    with pytest.raises(WebhookVerificationError):
        message.verified("whsec_AAAA")

    again = f"/v1/webhooks/{webhook}/deliveries/{message.id}/redeliver"
    assert (await site.http.post(again)).json() == {"id": message.id}
    await receiver.until(lambda: len(receiver.got) == 2)
    assert receiver.got[1].verified(secret) == told
    assert receiver.got[1].id == message.id


async def test_a_webhook_is_listed_shown_and_removed_and_its_secret_is_shown_once(site: Site) -> None:
    webhook, secret = await made(site, "https://erp.example.com/hooks", events=["schedule.alarm"])
    shown = await site.http.get(f"/v1/webhooks/{webhook}")
    listed = await site.http.get("/v1/webhooks")
    empty = await site.http.get(f"/v1/webhooks/{webhook}/deliveries")

    assert shown.json()["events"] == ["schedule.alarm"]
    assert listed.json()["items"] == [shown.json()]
    assert empty.json() == {"items": [], "next": None}
    assert secret not in shown.text + listed.text
    problem(await site.http.get(f"/v1/webhooks/{webhook}/deliveries?cursor=1"), 422, "query.cursor")
    missing = f"/v1/webhooks/{webhook}/deliveries/msg_1/redeliver"
    problem(await site.http.post(missing), 404, "delivery.unknown")
    assert (await site.http.delete(f"/v1/webhooks/{webhook}")).status_code == httpx.codes.NO_CONTENT
    for call in (site.http.get, site.http.delete):
        problem(await call(f"/v1/webhooks/{webhook}"), 404, "webhook.unknown")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"url": "http://erp.example.com/"}, "webhook.url"),
        ({"url": "https://anna:secret-word@erp.example.com/"}, "webhook.url"),
        ({"url": "ftp://127.0.0.1/"}, "webhook.url"),
        ({"url": "https://a b"}, "webhook.url"),
        ({"url": "https://[::1"}, "webhook.url"),
        ({"url": "https://a:99999/"}, "webhook.url"),
        ({"url": "https://" + "a" * 2000}, "webhook.url"),
        ({"url": "https://a.example", "events": []}, "webhook.events"),
        ({"url": "https://a.example", "events": ["import.begun"]}, "body.value"),
        ({"url": "https://a.example", "shop": "moon"}, "unknown_name"),
        ({}, "body.missing"),
    ],
)
async def test_what_cannot_be_is_refused_in_a_sentence(site: Site, words: dict[str, Any], code: str) -> None:
    told = problem(await site.http.post("/v1/webhooks", json=words), 422, code)

    assert told.endswith(".")
    assert "secret-word" not in told


@pytest.mark.parametrize("words", [{"scope": "read"}, {"scope": "import", "shops": ["main"]}])
async def test_a_token_that_is_no_admins_sees_no_webhook(site: Site, words: dict[str, Any]) -> None:
    webhook, _ = await made(site, "https://erp.example.com/", shop="second")
    token = (await site.http.post("/v1/tokens", json={"name": "x", **words})).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    for place in ("", f"/{webhook}", f"/{webhook}/deliveries", "/whk_none"):
        problem(await site.stranger.get(f"/v1/webhooks{place}", headers=headers), 403, "token.scope")


# What follows has no worker: the test moves the clock and says when the outbox is looked at.


class Outbox:
    def __init__(self, importer: Importer, clock: HandClock, path: Path) -> None:
        self.importer, self.clock, self._path = importer, clock, path

    async def hook(self, url: str, **words: Any) -> str:
        return (await self.importer.notices.webhooks.create(NewWebhook(url=url, **words)))[0]

    async def end(self, shop: str = "main") -> str:
        """An import ends; its id."""
        order = Order(name="list.csv", mapping="products", shop=shop)
        state = await self.importer.intake.accept(order, files.chunks(self._path))
        await self.importer.closing.abandon(state.id, ImportStatus.FAILED, WHY)
        return state.id

    async def sweep(self, forward: float = 0.0) -> None:
        self.clock.forward(forward)
        await self.importer.notices.announcing.sweep()

    async def deliveries(self, webhook: str) -> list[Delivery]:
        return await self.importer.notices.outbox.deliveries(webhook, limit=50)

    async def errors(self, webhook: str) -> list[str]:
        return [line.error for one in await self.deliveries(webhook) for line in one.log]


@pytest.fixture
async def outbox(settings: Settings, clock: HandClock, products: Products) -> AsyncIterator[Outbox]:
    async with open_importer(settings, clock=clock) as importer:
        yield Outbox(importer, clock, products(2))


async def test_a_webhook_of_one_shop_hears_nothing_of_another(outbox: Outbox, receiver: Receiver) -> None:
    await outbox.hook(f"{receiver.address}/second", shop="second")
    await outbox.hook(f"{receiver.address}/all")
    await outbox.end("main")
    await outbox.sweep()
    assert [message.path for message in receiver.got] == ["/all"]
    await outbox.end("second")
    await outbox.sweep()

    assert sorted(message.path for message in receiver.got) == ["/all", "/all", "/second"]
    assert {m.document["data"]["shop"] for m in receiver.got if m.path == "/second"} == {"second"}


async def test_a_webhook_hears_nothing_of_the_time_before_it(outbox: Outbox, receiver: Receiver) -> None:
    await outbox.end()
    outbox.clock.forward(1)
    await outbox.hook(receiver.address)
    await outbox.sweep()

    assert receiver.got == []


async def test_a_receiver_that_fails_is_tried_at_the_times_that_are_documented(
    outbox: Outbox, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [web.Response(status=500) for _ in range(20)]
    webhook = await outbox.hook(f"{receiver.address}/secret-path")
    await outbox.end()
    await outbox.sweep()
    for number, wait in enumerate(WAITS, start=1):
        await outbox.sweep(wait.total_seconds() - 1)
        assert len(receiver.got) == number
        await outbox.sweep(1)
        assert len(receiver.got) == number + 1
    await outbox.sweep(7 * 86_400)
    [delivery] = await outbox.deliveries(webhook)

    assert delivery.status is DeliveryStatus.FAILED
    assert [(line.status, line.error) for line in delivery.log] == [(500, "It answered 500.")] * 8
    assert len({message.id for message in receiver.got}) == 1
    assert len({message.body for message in receiver.got}) == 1
    assert "again=never" in caplog.records[-1].getMessage()
    assert caplog.records[-1].levelno == logging.WARNING
    assert "secret-path" not in caplog.text


async def test_a_receiver_that_is_gone_is_left_alone(outbox: Outbox, receiver: Receiver) -> None:
    receiver.answers = [web.Response(status=410)]
    webhook = await outbox.hook(receiver.address)
    await outbox.end()
    await outbox.sweep()
    await outbox.sweep(86_400)

    assert [one.status for one in await outbox.deliveries(webhook)] == [DeliveryStatus.FAILED]
    assert len(receiver.got) == 1


async def test_a_redirect_is_not_followed(outbox: Outbox, receiver: Receiver) -> None:
    receiver.answers = [web.Response(status=307, headers={"Location": f"{receiver.address}/elsewhere"})]
    webhook = await outbox.hook(f"{receiver.address}/here")
    await outbox.end()
    await outbox.sweep()

    assert [message.path for message in receiver.got] == ["/here"]
    assert "It answered 307, a redirect; none is followed." in (await outbox.errors(webhook))[0]


async def test_every_try_passes_the_guard(outbox: Outbox, receiver: Receiver, settings: Settings) -> None:
    receiver.answers = [web.Response(status=500)]
    webhook = await outbox.hook(receiver.address)
    await outbox.end()
    await outbox.sweep()
    stricter = settings.model_copy(update={"webhook_hosts": []})
    async with open_importer(stricter, clock=outbox.clock) as importer:
        outbox.clock.forward(5)
        await importer.notices.announcing.sweep()

    assert len(receiver.got) == 1
    assert "127.0.0.1 is an address of an inner network" in (await outbox.errors(webhook))[1]
    assert "webhook_hosts" in (await outbox.errors(webhook))[1]


async def test_one_that_does_not_answer_or_is_not_there_holds_up_no_other(
    outbox: Outbox, receiver: Receiver
) -> None:
    gone = await outbox.hook(f"http://{HOST}:9/")
    odd = await outbox.hook("http://no-such-host.invalid/")
    good = await outbox.hook(receiver.address)
    await outbox.end()
    await outbox.sweep()

    assert (await outbox.errors(gone))[0].startswith("It cannot be reached: ")
    assert await outbox.errors(odd) == ["The host no-such-host.invalid is not known. Check its name."]
    assert [one.status for one in await outbox.deliveries(good)] == [DeliveryStatus.DELIVERED]


async def test_a_receiver_that_holds_the_line_is_given_up(receiver: Receiver) -> None:
    receiver.hold = True
    sent = await GuardedPost([HOST], seconds=0.2).send(receiver.address, b"{}", {})

    assert (sent.status, sent.error) == (None, "It did not answer within 0.2 seconds.")
