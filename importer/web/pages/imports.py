"""The page of one import: what it does now (renewed by a stream of events), and what became of its rows."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

from importer.domain.commands import RETRIABLE, files_removed, fitting
from importer.domain.errors import Untimely
from importer.domain.imports import Import, ImportStatus
from importer.domain.rows import Outcome
from importer.domain.tokens import Scope
from importer.formats.reading import Reading
from importer.services.intake import Order
from importer.services.reporting import summary
from importer.services.reporting.account import IN_WORDS
from importer.web.events import STREAM, may_go_on
from importer.web.graphs import pace_graph
from importer.web.keys import CALLER, IMPORTER, RHYTHM, STOPPING
from importer.web.operations import Operations
from importer.web.pages.progress import RECENT_EVENTS, figures
from importer.web.rendering import render, rendered
from importer.web.tongues import tongue_of

operations = Operations()

LISTED_ROWS = 100
LISTED_LINES = 50
CHUNK_BYTES = 1 << 20
RENEW_SECONDS = 5.0
COMMANDS = {
    "shop.stalled": "bin/magento queue:consumers:start async.operations.all",
}
"""Code of what an import waits for -> the command that ends it, on the shop's host."""
NOT_CHECKED = "Only an import that was checked to its end can be sent from here. Import the file instead."


@operations.page("GET", "/imports/{id}", scope=Scope.READ)
async def show(request: web.Request) -> web.Response:
    return render("import.html", request, await _words(request))


@operations.page("GET", "/imports/{id}/live", scope=Scope.READ)
async def live(request: web.Request) -> web.StreamResponse:
    """The parts of the page that change, as a stream: each time anything changes, until the import has ended."""
    response = web.StreamResponse(headers={"Content-Type": STREAM, "X-Accel-Buffering": "no"})
    await response.prepare(request)
    if request.method != "GET":
        return response
    with suppress(ConnectionResetError):  # the reader has gone
        async for kind, text in _changes(request):
            data = orjson.dumps(text).decode()
            await response.write(f"event: {kind}\ndata: {data}\n\n".encode())
        await response.write_eof()
    return response


async def _changes(request: web.Request) -> AsyncIterator[tuple[str, str]]:
    """What an event has changed is shown at once, what time changes (rate, time left) now and then."""
    imports, stopping, rhythm = (
        request.app[IMPORTER].ports.imports,
        request.app[STOPPING],
        request.app[RHYTHM],
    )
    seq, shown, looked, said = 0, "", 0.0, time.monotonic()
    while not stopping.is_set():
        state = await imports.get(request.match_info["id"])
        if state.seq != seq or time.monotonic() - looked >= RENEW_SECONDS:
            seq, looked = state.seq, time.monotonic()
            text = rendered("live.html", request, await _words(request))
            if text != shown:
                shown, said = text, looked
                yield "live", text
        if state.ended:
            yield "end", ""
            return
        if time.monotonic() - said >= rhythm.heartbeat:
            if not await may_go_on(request):
                return
            said = time.monotonic()
            yield "beat", ""
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), rhythm.look)


@operations.page("POST", "/imports/{id}/go", scope=Scope.IMPORT)
async def go(request: web.Request) -> web.Response:
    """Import the very bytes that were checked. Pressed twice it is one import. Raises Untimely."""
    importer = request.app[IMPORTER]
    state = await importer.ports.imports.get(request.match_info["id"])
    if state.files_removed:
        raise Untimely(files_removed(state), code="files.removed")
    if not _checked(state):
        raise Untimely(NOT_CHECKED, code="go.untimely")
    order = Order(
        name=state.kept.name,
        mapping=state.mapping,
        shop=state.shop,
        patience=importer.settings.patience_seconds,
        idempotency_key=f"go/{state.id}",
        reading=Reading(**state.kept.reading),
    )
    begun = await importer.intake.accept(order, _kept(request, state))
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/imports/{begun.id}"})


def _checked(state: Import) -> bool:
    return state.dry_run and state.status is ImportStatus.COMPLETED


async def _kept(request: web.Request, state: Import) -> AsyncIterator[bytes]:
    files, start = request.app[IMPORTER].ports.files, 0
    while chunk := await files.read(state.kept.file, start=start, length=CHUNK_BYTES):
        yield chunk
        start += len(chunk)


async def _words(request: web.Request) -> dict[str, Any]:
    importer, say = request.app[IMPORTER], tongue_of(request)
    state = await importer.ports.imports.get(request.match_info["id"])
    may_import = request[CALLER].scope.holds(Scope.IMPORT)
    events = await importer.ports.imports.events(state.id, after=max(0, state.seq - RECENT_EVENTS))
    ready = state.counts.get(Outcome.NOT_SENT, 0)
    return {
        "import_": summary(state),
        "commands": [(verb, _label(request, verb, state)) for verb in fitting(state)] if may_import else [],
        "ended": state.ended,
        "figures": figures(state, events, importer.ports.clock.now()),
        "equation": say.equation(state.rows_read, state.counts),
        "parts": [say(text, rows=say.rows(state.counts[one])) for one, text in IN_WORDS.items()
                  if state.counts.get(one) and not (state.dry_run and one is Outcome.NOT_SENT)],
        "pace": None if state.ended or state.dry_run else await importer.pacing.get(state.shop),
        "command": COMMANDS.get(state.waiting.code) if state.waiting else None,
        "ready": ready,
        "may_go": may_import and _checked(state) and ready > 0 and not state.files_removed,
        **(await _result(request, state) if state.ended else {"report": None}),
    }  # fmt: skip


async def _result(request: web.Request, state: Import) -> dict[str, Any]:
    report = await request.app[IMPORTER].reporting.report(state.id, listed=LISTED_ROWS)
    causes = [cause for cause in report["causes"] if not (state.dry_run and cause["outcome"] == "not_sent")]
    return {
        "report": report,
        "causes": causes,
        "graph": pace_graph(report["pace"]),
        "lines": report["timeline"][-LISTED_LINES:],
    }


def _label(request: web.Request, verb: str, state: Import) -> str:
    """What stands on the button."""
    say = tongue_of(request)
    if verb != "retry":
        return say(verb.capitalize())
    rows = sum(state.counts.get(outcome, 0) for outcome in RETRIABLE)
    return say.count(rows, "Retry {n} row", "Retry {n} rows") if rows else say("Retry")
