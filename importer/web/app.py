"""The aiohttp application: routes, middlewares, templates."""

import asyncio
from pathlib import Path

import aiohttp_jinja2
import jinja2
from aiohttp import web

from importer.bootstrap import Importer
from importer.domain.sentences import sentences
from importer.web import (
    api,
    commands,
    docs,
    events,
    mappings,
    pages,
    probes,
    reports,
    resumable,
    shops,
    tokens,
    webhooks,
)
from importer.web.access import authenticate, session_key
from importer.web.keys import IMPORTER, RHYTHM, RUNNING, SESSION_KEY, STOPPING, Rhythm
from importer.web.operations import RULES, add_static, add_to, known_only
from importer.web.problems import Handler, problems
from importer.web.rates import RATE, RATES, Rates
from importer.web.tongues import moment

STEADY = Rhythm()
HERE = Path(__file__).parent

UNTRACED = ("/static", "/livez", "/readyz", "/metrics")
TABLES = (
    api.operations,
    reports.operations,
    events.operations,
    commands.operations,
    resumable.operations,
    tokens.operations,
    webhooks.operations,
    mappings.operations,
    shops.operations,
    docs.operations,
    *pages.TABLES,
    probes.operations,
)
"""Every route of the service, with its rule."""

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def create_app(importer: Importer, rhythm: Rhythm = STEADY) -> web.Application:
    """The worker is not part of it: `serve` runs both, tests run either."""
    app = web.Application(middlewares=[traced, problems, authenticate, known_only])
    app[IMPORTER] = importer
    app[SESSION_KEY] = session_key(importer.settings.data_dir)
    app[RULES] = {**add_to(app.router, TABLES), **add_static(app.router, "/static", HERE / "static")}
    app[RATES] = Rates(importer.settings.requests_per_minute)
    app[RUNNING], app[RHYTHM], app[STOPPING] = set(), rhythm, asyncio.Event()
    app.on_shutdown.append(_stop)
    app.on_response_prepare.extend((_secure, resumable.say_version))
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"sentence": sentences, "moment": moment}
    return app


@web.middleware
async def traced(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A request is a span, unless it is a machine's that asks how we are."""
    resource = request.match_info.route.resource
    route = resource.canonical if resource else "unknown"
    if route.startswith(UNTRACED):
        return await handler(request)
    with request.app[IMPORTER].tracing.request(f"{request.method} {route}", request.headers) as answered:
        response = await handler(request)
        answered(response.status)
        return response


async def _stop(app: web.Application) -> None:
    app[STOPPING].set()


async def _secure(request: web.Request, response: web.StreamResponse) -> None:
    rate = request.get(RATE)
    if rate is not None:
        response.headers.update(rate.headers(response.status))
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
