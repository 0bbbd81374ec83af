"""The web application: every path below `/rest` is Magento's, `/practice` is ours; faults and the log lie around them."""

import asyncio
import re
from collections.abc import AsyncIterator

from aiohttp import web

from importer.sandbox import bodies, bulk, calls, renditions, swagger
from importer.sandbox.bulk import User
from importer.sandbox.calls import Call, Way
from importer.sandbox.crons import Crons
from importer.sandbox.edge import ITEMS, SHOP, Handler, misbehave, observe
from importer.sandbox.errors import Crash, Refusal
from importer.sandbox.practice import Practice
from importer.sandbox.processes import Processes
from importer.sandbox.search import only
from importer.sandbox.shop import Shop

BODY_LIMIT = 64 << 20
CRONS: web.AppKey[Crons] = web.AppKey("crons", Crons)
USER: web.RequestKey[User] = web.RequestKey("user", tuple)
CRON_SECONDS = 60.0
BY = re.compile(r"/by[A-Z]")


def create_app(shop: Shop) -> web.Application:
    """The shop as an application; its consumers run as long as it does."""
    app = web.Application(client_max_size=BODY_LIMIT, middlewares=[observe, misbehave, _say_no])
    app[SHOP], app[CRONS] = shop, Crons(shop)
    app.cleanup_ctx.append(_consumers)
    Practice(shop, app[CRONS]).add_to(app.router)
    app.router.add_route("*", "/rest{tail:.*}", _rest)
    return app


async def _consumers(app: web.Application) -> AsyncIterator[None]:
    """A consumer that ends by a defect of this shop says so when the application stops."""
    shop = app[SHOP]
    for connection in shop.used_connections:
        await connection.declare()
    shop.share()
    processes = Processes(shop, seconds=shop.cron_seconds)
    processes.start()
    crons = asyncio.create_task(_cron(app[CRONS]))
    yield
    crons.cancel()
    await processes.stop()
    await shop.close()


async def _cron(crons: Crons) -> None:
    while True:
        await asyncio.sleep(CRON_SECONDS)
        crons.tick()


@web.middleware
async def _say_no(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
    except Refusal as refusal:
        response = bodies.json_answer(refusal.document, refusal.status)
    except Crash:
        response = bodies.masked_answer()
    return renditions.rendered(request.headers.get("Accept", ""), response)


async def _rest(request: web.Request) -> web.StreamResponse:
    shop = request.app[SHOP]
    raw_path = request.rel_url.raw_path
    if calls.is_schema(shop, request.method, raw_path):
        return bodies.json_answer(swagger.document(raw_path, request.query.get("services"), request.host))
    call = calls.resolve(shop, request.method, raw_path)
    shop.access.bearer = not shop.bugs.value("bearer-off")
    caller = shop.access.authorize(
        request.headers.get("Authorization", ""),
        call.route.resource,
        method=request.method,
        url=f"{request.url.origin()}{request.rel_url.raw_path_qs}",
    )
    request[USER] = caller.user
    return await CALLS[call.way](request, call)


async def _sync(request: web.Request, call: Call) -> web.Response:
    if request.method == "GET":
        return await _read(request, call)
    answer = call.route.answer
    item = calls.single(call, await bodies.decoded(request), request.query)
    result = await request.app[SHOP].perform(
        call.route.service, item, store_id=call.store_id, raw=call.parameters
    )
    return _shown(request, answer(result, item) if answer else result)


async def _read(request: web.Request, call: Call) -> web.Response:
    shop = request.app[SHOP]
    await shop.latency.pass_by("status" if "/V1/bulk" in request.path else "look-up")
    item = calls.single(call, None, request.query)
    origin = f"{request.url.origin()}/"
    return _shown(request, shop.ask(call.route.service, item, store_id=call.store_id, base_url=origin))


def _shown(request: web.Request, document: object) -> web.Response:
    return bodies.json_answer(only(document, request.query.get("fields", "")))


async def _async(request: web.Request, call: Call) -> web.Response:
    item = calls.single(call, await bodies.decoded(request), request.query)
    return await _submit(request, call, [(0, item)])


async def _bulk(request: web.Request, call: Call) -> web.Response:
    if request.app[SHOP].bugs.value("bulk-put-crash") and BY.search(request.path):
        raise Crash
    odd = request.app[SHOP].version.skips_odd_items
    body = calls.several(await bodies.decoded(request), request.query, skips_odd_items=odd)
    return await _submit(request, call, bulk.entries(body))


async def _submit(request: web.Request, call: Call, items: list[bulk.Entry]) -> web.Response:
    """All items are converted before any is taken; the first bad one refuses the request (contract S2)."""
    shop = request.app[SHOP]
    if shop.is_full(len(items)):
        raise Refusal(429, "Too Many Requests")
    for _, item in items:
        shop.check(call.route.service, item)
    await shop.latency.keep_busy("submit", len(items))
    answer = await shop.submit(call.route.topic, items, call.store_id, request[USER])
    request[ITEMS] = len(items)
    return bodies.json_answer(answer, 202)


CALLS = {Way.SYNC: _sync, Way.ASYNC: _async, Way.BULK: _bulk}
