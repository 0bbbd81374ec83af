"""What machines ask a process: whether it lives, whether it can work, and its figures.

Whoever restarts processes asks `/livez`, whoever sends requests asks `/readyz`; both are open and tell nothing secret.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import orjson
from aiohttp import web

from importer.bootstrap import Importer
from importer.domain.errors import ConfigurationError
from importer.domain.tokens import Scope
from importer.web import metrics
from importer.web.access import authenticate
from importer.web.keys import CALLER, IMPORTER, SESSION_KEY
from importer.web.operations import RULES, Operations, add_to
from importer.web.problems import problems

operations = Operations()


@asynccontextmanager
async def probing(importer: Importer) -> AsyncIterator[int | None]:
    """The three and nothing else, for a process that works and serves no page; the port, None when none is set.

    Raises ConfigurationError when it cannot be listened on.
    """
    host, port = importer.settings.host, importer.settings.probe_port
    if port is None:
        yield None
        return
    app = web.Application(middlewares=[problems, authenticate])
    app[IMPORTER] = importer
    app[SESSION_KEY] = b""  # nobody logs in here
    app[RULES] = add_to(app.router, (operations,))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield runner.addresses[0][1]
    except OSError as error:
        text = f"Cannot listen on {host}:{port}: {error.strerror or error}. Choose another `probe_port`."
        raise ConfigurationError(text) from None
    finally:
        await runner.cleanup()


@operations.page("GET", "/livez", scope=None)
async def livez(_request: web.Request) -> web.Response:
    """This process answers, whatever becomes of the rest: nothing else is looked at."""
    return web.Response(text="alive\n")


@operations.page("GET", "/readyz", scope=None)
async def readyz(request: web.Request) -> web.Response:
    """503 while a part that this process needs does not work. The shop is none: imports wait for it; nor is the broker:
    while it is away the database alone carries the steps."""
    parts = await request.app[IMPORTER].readiness.parts()
    ready = all(part.ready for part in parts if part.needed)
    document = {
        "state": _word(ready),
        "parts": {part.name: {"state": _word(part.ready), "text": part.text} for part in parts},
    }
    status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    return web.Response(status=status, body=orjson.dumps(document), content_type="application/json")


@operations.page("GET", "/metrics", scope=Scope.READ)
async def show_metrics(request: web.Request) -> web.Response:
    """In Prometheus' text format, or in OpenMetrics for those who ask for it; of the shops that the token may see."""
    caller, accept = request.get(CALLER), request.headers.get("Accept", "")
    shops = caller.shops if caller else None
    body, content_type = await metrics.exposition(request.app[IMPORTER], accept, shops=shops)
    return web.Response(body=body, headers={"Content-Type": content_type})


def _word(ready: bool) -> str:  # noqa: FBT001 - the answer itself
    return "ready" if ready else "not_ready"
