"""The web application: every path below `/rest` is Magento's, `/practice` is ours; faults and the log lie around them."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from importer.sandbox import bodies, bulk, calls, swagger
from importer.sandbox.calls import Call, Way
from importer.sandbox.consumer import Consumer
from importer.sandbox.errors import MASKED, Crash, Refusal
from importer.sandbox.practice import PREFIX, Practice
from importer.sandbox.search import only
from importer.sandbox.shop import Shop

SHOP: web.AppKey[Shop] = web.AppKey("shop", Shop)
ITEMS: web.RequestKey[int] = web.RequestKey("items", int)
BODY_LIMIT = 64 << 20
UNAVAILABLE = "<html><body>Service Temporarily Unavailable</body></html>"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(shop: Shop) -> web.Application:
    """The shop as an application; its consumers run as long as it does."""
    app = web.Application(client_max_size=BODY_LIMIT, middlewares=[_observe, _misbehave, _say_no])
    app[SHOP] = shop
    app.cleanup_ctx.append(_consumers)
    Practice(shop).add_to(app.router)
    app.router.add_route("*", "/rest{tail:.*}", _rest)
    return app


async def _consumers(app: web.Application) -> AsyncIterator[None]:
    """A consumer that ends by a defect of this shop says so when the application stops."""
    shop = app[SHOP]
    tasks = [asyncio.create_task(Consumer(shop).run()) for _ in range(shop.consumers)]
    yield
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
    shop.journal.close()


@web.middleware
async def _observe(request: web.Request, handler: Handler) -> web.StreamResponse:
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
    faults = request.app[SHOP].faults
    if faults.answer_seconds and request.method != "GET":
        await asyncio.sleep(faults.answer_seconds)
    if faults.cut_connections or faults.drops_answer(request.method):
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
async def _misbehave(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The faults that keep a request from being carried out."""
    faults = request.app[SHOP].faults
    if request.path.startswith(PREFIX):
        return await handler(request)
    if faults.down or faults.cut_connections:
        return bodies.html_answer(UNAVAILABLE, 503)
    switch = faults.refusal(request.method, request.path)
    if switch is None:
        return await handler(request)
    answer = bodies.html_answer if isinstance(switch.body, str) else bodies.json_answer
    return answer(switch.body, switch.status, switch.headers)


@web.middleware
async def _say_no(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refusal as refusal:
        return bodies.json_answer(refusal.document, refusal.status)
    except Crash:
        return bodies.html_answer(MASKED, 500)


async def _rest(request: web.Request) -> web.StreamResponse:
    shop = request.app[SHOP]
    raw_path = request.rel_url.raw_path
    if calls.is_schema(shop, request.method, raw_path):
        return bodies.json_answer(swagger.document(raw_path, request.query.get("services"), request.host))
    call = calls.resolve(shop, request.method, raw_path)
    shop.access.authorize(
        request.headers.get("Authorization", ""),
        call.route.resource,
        method=request.method,
        url=f"{request.url.origin()}{request.rel_url.raw_path_qs}",
    )
    return await CALLS[call.way](request, call)


async def _sync(request: web.Request, call: Call) -> web.Response:
    shop, answer = request.app[SHOP], call.route.answer
    service, fields = call.route.service, request.query.get("fields", "")
    if request.method == "GET":
        item = calls.single(call, None, request.query)
        asked = shop.ask(service, item, store_id=call.store_id, base_url=f"{request.url.origin()}/")
        return bodies.json_answer(only(asked, fields))
    item = calls.single(call, await bodies.decoded(request), request.query)
    result = shop.call(service, item, store_id=call.store_id, raw=call.parameters)
    shop.flush()
    return bodies.json_answer(only(answer(result) if answer else result, fields))


async def _async(request: web.Request, call: Call) -> web.Response:
    item = calls.single(call, await bodies.decoded(request), request.query)
    return _submit(request, call, [(0, item)])


async def _bulk(request: web.Request, call: Call) -> web.Response:
    body = calls.several(await bodies.decoded(request), request.query)
    return _submit(request, call, bulk.entries(body))


def _submit(request: web.Request, call: Call, items: list[bulk.Entry]) -> web.Response:
    """All items are converted before any is taken; the first bad one refuses the request (contract S2)."""
    shop = request.app[SHOP]
    for _, item in items:
        shop.check(call.route.service, item)
    request[ITEMS] = len(items)
    return bodies.json_answer(shop.submit(call.route.topic, items, call.store_id), 202)


CALLS = {Way.SYNC: _sync, Way.ASYNC: _async, Way.BULK: _bulk}
