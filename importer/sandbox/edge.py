"""The edge of the shop: the log of requests, and all that befalls a request on its way in and on its way out."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from importer.sandbox import bodies
from importer.sandbox.errors import internal
from importer.sandbox.practice import PREFIX
from importer.sandbox.shop import Shop

SHOP: web.AppKey[Shop] = web.AppKey("shop", Shop)
ITEMS: web.RequestKey[int] = web.RequestKey("items", int)
UNAVAILABLE = "<html><body>Service Temporarily Unavailable</body></html>"
BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
TOO_LARGE = "<html><head><title>413 Request Entity Too Large</title></head><body>413</body></html>"
RETRY_AFTER = {"Retry-After": "1"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The log of requests; and the faults that happen on the way back, when the work is done."""
    if request.path.startswith(PREFIX):
        return await handler(request)
    began = time.perf_counter()
    try:
        response = await handler(request)
    except web.HTTPException as error:  # aiohttp's own: no such path, body too large
        _log(request, error.status, began)
        raise
    _log(request, response.status, began)
    shop = request.app[SHOP]
    late = shop.faults.answer_seconds or shop.bugs.value("slow-accept")
    if late and request.method != "GET":
        await asyncio.sleep(late)
    stored = ITEMS in request and shop.bugs.hits("reset-after-store")
    if shop.faults.cut_connections or stored or shop.faults.drops_answer(request.method):
        _cut(request)
    return response


def _log(request: web.Request, status: int, began: float) -> None:
    milliseconds = round((time.perf_counter() - began) * 1000, 1)
    items = {"items": request[ITEMS]} if ITEMS in request else {}
    request.app[SHOP].journal.request(
        method=request.method, path=request.path, status=status, ms=milliseconds, **items
    )


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


@web.middleware
async def misbehave(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The faults that keep a request from being carried out."""
    shop = request.app[SHOP]
    if request.path.startswith(PREFIX):
        return await handler(request)
    if shop.faults.down or shop.faults.cut_connections:
        return bodies.html_answer(UNAVAILABLE, 503)
    switch = shop.faults.refusal(request.method, request.path)
    if switch is not None:
        answer = bodies.html_answer if isinstance(switch.body, str) else bodies.json_answer
        return answer(switch.body, switch.status, switch.headers)
    if shop.bugs.active and (refused := _refused(shop, request)):
        return refused
    shop.busy += 1
    try:
        return await handler(request)
    finally:
        shop.busy -= 1


def _refused(shop: Shop, request: web.Request) -> web.Response | None:
    """The first bug that strikes answers."""
    bugs = shop.bugs
    if bugs.value("down") or bugs.hits("unavailable"):
        return bodies.html_answer(UNAVAILABLE, 503, RETRY_AFTER)
    if bugs.value("max-processes") and shop.busy >= bugs.value("max-processes"):
        return bodies.html_answer(BAD_GATEWAY, 502)
    if bugs.value("body-limit") and (request.content_length or 0) > bugs.value("body-limit"):
        return bodies.html_answer(TOO_LARGE, 413)
    if bugs.hits("too-many-requests"):
        return bodies.json_answer({"message": "Too Many Requests"}, 429, RETRY_AFTER)
    if bugs.hits("internal-error"):
        refusal = internal()
        return bodies.json_answer(refusal.document, refusal.status)
    return None
