"""The web layer: stores, tokens, the three ways to call a service, and Magento's way to say no (recordings 02, 04, 21)."""

import asyncio
import hmac
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

import orjson
from aiohttp import web

from importer.sandbox import inputs
from importer.sandbox.errors import (
    CANNOT_PROCESS,
    MASKED,
    NO_ROUTE,
    Crash,
    Refusal,
    required,
    unauthorized,
    wrong_type,
)
from importer.sandbox.routes import Route, match
from importer.sandbox.search import only
from importer.sandbox.shop import Shop

SHOP: web.AppKey[Shop] = web.AppKey("shop", Shop)
ITEMS: web.RequestKey[int] = web.RequestKey("items", int)
METHODS = ("GET", "POST", "PUT", "DELETE")
JSON_TYPES = ("application/json",)
BODY_LIMIT = 64 << 20

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(shop: Shop) -> web.Application:
    app = web.Application(client_max_size=BODY_LIMIT, middlewares=[_misbehave, _say_no])
    app[SHOP] = shop
    app.cleanup_ctx.append(_consumer)
    app.router.add_get("/practice/requests", _requests)
    app.router.add_get("/practice/writes", _writes)
    app.router.add_post("/practice/faults", _faults)
    app.router.add_route("*", "/rest{tail:.*}", _rest)
    return app


async def _consumer(app: web.Application) -> AsyncIterator[None]:
    task = asyncio.create_task(app[SHOP].consume())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    app[SHOP].journal.close()


@web.middleware
async def _misbehave(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The faults of a shop in trouble, and the log of what it was asked."""
    shop = request.app[SHOP]
    if request.path.startswith("/practice/"):
        return await handler(request)
    began = time.perf_counter()
    response = await _answer(request, handler)
    milliseconds = round((time.perf_counter() - began) * 1000, 1)
    items = {"items": request[ITEMS]} if ITEMS in request else {}
    shop.journal.request(
        method=request.method, path=request.path, status=response.status, ms=milliseconds, **items
    )
    if shop.faults.answer_seconds and request.method != "GET":
        await asyncio.sleep(shop.faults.answer_seconds)
    if shop.faults.drops_answer(request.method) and request.transport is not None:
        request.transport.abort()
    return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    faults = request.app[SHOP].faults
    if faults.down:
        return web.Response(status=503, text="<html><body>Service Temporarily Unavailable</body></html>")
    switch = faults.refusal(request.method, request.path)
    if switch is not None:
        return _json(switch.body, switch.status, dict(switch.headers))
    return await handler(request)


@web.middleware
async def _say_no(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refusal as refusal:
        return _json(refusal.document, refusal.status)
    except Crash:
        return web.Response(status=500, text=MASKED)


async def _rest(request: web.Request) -> web.StreamResponse:
    """Which store, which way of calling, which route (contract 1.1 to 1.3)."""
    shop = request.app[SHOP]
    if request.method not in METHODS:
        raise Refusal(400, "Request method is invalid.")
    store_id, path = _store(shop, request.rel_url.raw_path.removeprefix("/rest"))
    way, path = _way(path)
    if way and request.method == "GET":
        raise CANNOT_PROCESS
    hit = match(request.method, path, bulk=way == "bulk")
    if hit is None or (way and not hit[0].service):
        raise NO_ROUTE
    route, parameters = hit
    _authorize(request, shop, route)
    if route.read is not None:
        return _json(only(_read(shop, route, parameters, request), request.query.get("fields", "")))
    return await CALLS[way](request, route, parameters, store_id)


def _read(shop: Shop, route: Route, parameters: dict[str, str], request: web.Request) -> Any:
    if not parameters.get("status", "0").isdigit():
        raise wrong_type("status", parameters["status"], "int")
    decoded = {name: unquote(value) for name, value in parameters.items()}
    return route.read(shop, decoded, request.query) if route.read else None


def _store(shop: Shop, path: str) -> tuple[int, str]:
    """The store of the URL: `all` is the admin store, no code is the default store view (contract 1.7)."""
    first, _, rest = path.lstrip("/").partition("/")
    if first == "all":
        return 0, f"/{rest}"
    if first in shop.catalog.stores:
        return shop.catalog.stores[first][0], f"/{rest}"
    return 1, path


def _way(path: str) -> tuple[str, str]:
    for prefix, way in (("/async/bulk/V", "bulk"), ("/async/V", "async"), ("/V", "")):
        if path.startswith(prefix):
            return way, path[len(prefix) - 2 :]
    raise CANNOT_PROCESS


def _authorize(request: web.Request, shop: Shop, route: Route) -> None:
    """401 whatever is missing, never 403 (contract S32)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    known = hmac.compare_digest(token.strip().encode(), shop.token.encode())
    if scheme.lower() != "bearer" or not known:
        raise unauthorized(route.resource)


async def _sync(
    request: web.Request, route: Route, parameters: dict[str, str], _store_id: int
) -> web.Response:
    shop = request.app[SHOP]
    item = _merged(await _body(request), route, parameters)
    if route.check:
        route.check(item, shop.catalog)
    return _json(shop.call(route.topic, item))


async def _single(
    request: web.Request, route: Route, parameters: dict[str, str], store_id: int
) -> web.Response:
    shop = request.app[SHOP]
    item = _merged(await _body(request), route, parameters)
    if route.check:
        route.check(item, shop.catalog)
    request[ITEMS] = 1
    return _json(shop.submit(route.topic, [item], store_id), 202)


async def _bulk(
    request: web.Request, route: Route, _parameters: dict[str, str], store_id: int
) -> web.Response:
    """All items are checked before any is taken; the first bad one refuses the request (contract S2)."""
    shop = request.app[SHOP]
    items = inputs.items(await _body(request))
    for item in items:
        if route.check:
            route.check(item, shop.catalog)
    request[ITEMS] = len(items)
    return _json(shop.submit(route.topic, items, store_id), 202)


CALLS = {"": _sync, "async": _single, "bulk": _bulk}


def _merged(body: Any, route: Route, parameters: dict[str, str]) -> Any:
    """The path's value goes into the object of a PUT and beside it; a DELETE has nothing but the path (contract 1.4)."""
    decoded = {name: unquote(value) for name, value in parameters.items()}
    if route.method == "DELETE":
        return decoded
    if not isinstance(body, dict):
        raise required("product")
    if route.method == "PUT" and isinstance(body.get("product"), dict):
        body = {**body, "product": {**body["product"], **decoded}}
    return {**body, **decoded}


async def _body(request: web.Request) -> Any:
    raw = await request.read()
    if not raw:
        return None
    kind = request.headers.get("Content-Type", "")
    if not kind:
        raise Refusal(400, "Content-Type header is empty.")
    if request.charset and request.charset.lower() != "utf-8":
        raise Refusal(400, "UTF-8 is the only supported charset.")
    if request.content_type not in JSON_TYPES:
        text = f"Server cannot understand Content-Type HTTP header media type {request.content_type}"
        raise Refusal(400, text)
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Refusal(400, "Decoding error.") from None


def _json(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        body=orjson.dumps(document), status=status, headers=headers, content_type="application/json"
    )


def _owner(request: web.Request) -> Shop:
    shop = request.app[SHOP]
    token = request.headers.get("Authorization", "").partition(" ")[2].strip()
    if not hmac.compare_digest(token.encode(), shop.token.encode()):
        raise unauthorized("practice")
    return shop


async def _requests(request: web.Request) -> web.Response:
    return _json(_owner(request).journal.requests)


async def _writes(request: web.Request) -> web.Response:
    return _json(_owner(request).journal.writes)


async def _faults(request: web.Request) -> web.Response:
    """`{"down": true}`, `{"hold_consumers": true}`, `{"drop_answers": 1}`, `{"refuse": {"times": 1, "status": 500}}`."""
    shop = _owner(request)
    shop.faults.change(await _body(request) or {})
    shop.wake()
    return _json({"down": shop.faults.down, "hold_consumers": shop.faults.hold_consumers})
