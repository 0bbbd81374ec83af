"""The log of an import: as a list, or as a stream (server-sent events) that goes on until the import has ended."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web
from pydantic import Field

from importer.domain.history import Event, EventKind
from importer.domain.tokens import Scope
from importer.services.reporting.sentences import Teller
from importer.web.documents import EventsShown
from importer.web.keys import CALLER, IMPORTER, RHYTHM, STOPPING
from importer.web.operations import Answer, Operations
from importer.web.queries import Query, read, wrong

operations = Operations()

STREAM = "text/event-stream"
MOST_DIGITS = 9


class After(Query):
    after: int = Field(default=0, ge=0, lt=10**MOST_DIGITS, description="the `seq` of an event that is known")


@operations.add(
    "GET",
    "/v1/imports/{id}/events",
    "What happened to an import; with `Accept: text/event-stream` as a stream until it has ended",
    Answer(document=EventsShown, media=(STREAM,)),
    Answer(status=HTTPStatus.NO_CONTENT),
    scope=Scope.READ,
    query=After,
    headers={"Last-Event-ID": "of a stream: the `seq` of the last event that arrived"},
)
async def show_events(request: web.Request) -> web.StreamResponse:
    """A stream that has nothing more to tell is 204, after which a browser does not ask again."""
    after = read(request, After).after
    if request.method == "GET" and STREAM in request.headers.get("Accept", ""):
        return await _stream(request, _last(request) or after)
    log = Log(request, after)
    body = orjson.dumps({"items": [document async for document in log.new()]})
    return web.Response(body=body, content_type="application/json", headers={"Vary": "Accept"})


class Log:
    """Events of one import from `after` on, told in their order."""

    def __init__(self, request: web.Request, after: int) -> None:
        self._imports = request.app[IMPORTER].ports.imports
        self._id = request.match_info["id"]
        self._after = after
        self._read = 0
        self._teller = Teller()  # names batches by their number: it must hear of every event
        self.over = False
        """The last event that was read is the end of the import."""

    async def new(self) -> AsyncIterator[dict[str, Any]]:
        for event in await self._imports.events(self._id, after=self._read):
            self._read, text = event.seq, self._teller.tell(event)
            self.over = event.kind is EventKind.ENDED
            if event.seq > self._after:
                yield shown(event, text)

    async def done(self) -> bool:
        """Whether nothing comes that the reader does not know."""
        state = await self._imports.get(self._id)
        return state.ended and state.seq <= max(self._after, self._read)


def shown(event: Event, text: str) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "at": event.at.isoformat(),
        "kind": event.kind.value,
        "text": text,
        "data": dict(event.data),
    }


async def _stream(request: web.Request, after: int) -> web.StreamResponse:
    log = Log(request, after)
    if await log.done():
        return web.Response(status=HTTPStatus.NO_CONTENT)
    response = web.StreamResponse(
        headers={"Content-Type": STREAM, "Vary": "Accept", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    with suppress(ConnectionResetError):  # the reader has gone
        await _tell(request, response, log)
        await response.write_eof()
    return response


async def _tell(request: web.Request, response: web.StreamResponse, log: Log) -> None:
    heard, stopping, rhythm = time.monotonic(), request.app[STOPPING], request.app[RHYTHM]
    while not (log.over or stopping.is_set()):
        async for document in log.new():
            data = orjson.dumps(document).decode()
            await response.write(
                f"id: {document['seq']}\nevent: {document['kind']}\ndata: {data}\n\n".encode()
            )
            heard = time.monotonic()
        if time.monotonic() - heard >= rhythm.heartbeat:
            if await log.done() or not await may_go_on(request):
                return
            await response.write(b": still here\n\n")
            heard = time.monotonic()
        if not log.over:
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), rhythm.look)


async def may_go_on(request: web.Request) -> bool:
    """Whether the token of the reader was not taken back, and has not ended."""
    importer = request.app[IMPORTER]
    token = await importer.tokens.get(request[CALLER].id)
    return token is not None and not token.expired(importer.ports.clock.now())


def _last(request: web.Request) -> int:
    """What the browser says of itself when it comes again. Raises RequestError."""
    text = request.headers.get("Last-Event-ID", "")
    if text and not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise wrong("after", After, text)
    return int(text or 0)
