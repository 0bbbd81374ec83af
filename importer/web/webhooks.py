"""Webhooks over HTTP, for admins: which there are, a new one (its secret is shown this once), and what was delivered."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web
from pydantic import Field

from importer.domain.announcements import Kind
from importer.domain.deliveries import Delivery, DeliveryStatus
from importer.domain.errors import RequestError, UnknownName
from importer.domain.tokens import Scope
from importer.domain.webhooks import NewWebhook, Webhook
from importer.web.access import require_shop
from importer.web.bodies import Body, read
from importer.web.documents import DeliveriesShown, Id, WebhookMade, WebhookShown, WebhooksShown
from importer.web.keys import CALLER, IMPORTER
from importer.web.operations import Answer, Operations
from importer.web.queries import Page, read as read_query, wrong

operations = Operations()

MESSAGE_ID = re.compile(r"msg_[0-9a-z]{1,40}")
ONE = "/v1/webhooks/{webhook}"
EXAMPLE = """--json '{"url": "https://erp.example.com/hooks", "events": ["schedule.alarm"]}'"""


class WantedWebhook(Body):
    """A webhook to be made."""

    url: str = Field(description="an address: https://...")
    shop: str | None = Field(
        default=None, description="the name of a shop whose events are wanted, or null for all"
    )
    events: tuple[Kind, ...] | None = Field(
        default=None, description=f"a list of {', '.join(Kind)}, or null for all of them"
    )


class ListOfDeliveries(Page):
    status: list[DeliveryStatus] = Field(
        default=[], description=f"one or several of {', '.join(DeliveryStatus)}"
    )


@operations.add(
    "GET",
    "/v1/webhooks",
    "Webhooks, oldest first; never their secrets",
    Answer(document=WebhooksShown),
    scope=Scope.ADMIN,
)
async def list_webhooks(request: web.Request) -> web.Response:
    found = await request.app[IMPORTER].notices.webhooks.all()
    return _json({"items": [shown(webhook) for webhook in found]})


@operations.add(
    "POST",
    "/v1/webhooks",
    "Make a webhook; the answer alone shows its secret",
    Answer(status=HTTPStatus.CREATED, document=WebhookMade, headers={"Location": "the webhook"}),
    scope=Scope.ADMIN,
    body=WantedWebhook,
    example=EXAMPLE,
)
async def create_webhook(request: web.Request) -> web.Response:
    importer, wanted = request.app[IMPORTER], await read(request, WantedWebhook)
    if wanted.shop is not None:
        _require(request, wanted.shop)
    new = NewWebhook(**dict(wanted))
    new.check(importer.settings.webhook_hosts)
    webhook_id, secret = await importer.notices.webhooks.create(new)
    headers = {"Location": f"/v1/webhooks/{webhook_id}"}
    return _json({"id": webhook_id, "secret": secret}, status=HTTPStatus.CREATED, headers=headers)


@operations.add("GET", ONE, "A webhook", Answer(document=WebhookShown), scope=Scope.ADMIN)
async def show_webhook(request: web.Request) -> web.Response:
    return _json(shown(await _webhook(request)))


@operations.add(
    "GET",
    f"{ONE}/deliveries",
    "What was sent to a webhook in the last 30 days and every try, newest first",
    Answer(document=DeliveriesShown),
    scope=Scope.ADMIN,
    query=ListOfDeliveries,
)
async def list_deliveries(request: web.Request) -> web.Response:
    webhook, query = await _webhook(request), read_query(request, ListOfDeliveries)
    if query.cursor is not None and not MESSAGE_ID.fullmatch(query.cursor):
        raise wrong("cursor", ListOfDeliveries)
    found = await request.app[IMPORTER].notices.outbox.deliveries(
        webhook.id, limit=query.limit, before=query.cursor, statuses=query.status
    )
    cursor = found[-1].announcement.id if len(found) == query.limit else None
    return _json({"items": [_delivery(one) for one in found], "next": cursor})


@operations.add(
    "POST",
    f"{ONE}/deliveries/{{message}}/redeliver",
    "Send a message again, with the same id, whatever came of it",
    Answer(status=HTTPStatus.ACCEPTED, document=Id),
    scope=Scope.ADMIN,
)
async def redeliver(request: web.Request) -> web.Response:
    webhook, message_id = await _webhook(request), request.match_info["message"]
    if not MESSAGE_ID.fullmatch(message_id):
        raise UnknownName("There is no such delivery.", code="delivery.unknown")
    await request.app[IMPORTER].notices.outbox.again(webhook.id, message_id)
    return _json({"id": message_id}, status=HTTPStatus.ACCEPTED)


@operations.add(
    "DELETE",
    ONE,
    "Remove a webhook with its deliveries",
    Answer(status=HTTPStatus.NO_CONTENT),
    scope=Scope.ADMIN,
)
async def remove_webhook(request: web.Request) -> web.Response:
    webhook = await _webhook(request)
    await request.app[IMPORTER].notices.webhooks.remove(webhook.id)
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def _webhook(request: web.Request) -> Webhook:
    """Raises UnknownName."""
    webhook_id = request.match_info["webhook"]
    if not (webhook_id.isascii() and webhook_id.isprintable()):
        raise UnknownName("There is no such webhook.", code="webhook.unknown")
    return await request.app[IMPORTER].notices.webhooks.get(webhook_id)


def _require(request: web.Request, shop: str) -> None:
    """Raises RequestError: a shop that is not there is a fault of the body, not of the address."""
    try:
        require_shop(request[CALLER], shop, request.app[IMPORTER].ports.shops.names())
    except UnknownName as error:
        raise RequestError(error.text, code=error.code) from None


def shown(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "shop": webhook.shop,
        "events": list(webhook.events) if webhook.events is not None else None,
        "created_at": webhook.created_at.isoformat(),
    }


def _delivery(one: Delivery) -> dict[str, Any]:
    waits = one.status is DeliveryStatus.WAITING
    return {
        "id": one.announcement.id,
        "event": one.announcement.kind,
        "subject": one.announcement.subject,
        "at": one.announcement.at.isoformat(),
        "status": one.status.value,
        "next_try_at": one.due_at.isoformat() if waits else None,
        "tries": [
            {"at": line.at.isoformat(), "status": line.status, "ms": line.ms, "error": line.error}
            for line in one.log
        ],
    }


def _json(
    document: Any, *, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> web.Response:
    return web.Response(
        body=orjson.dumps(document), status=status, headers=headers, content_type="application/json"
    )
