"""A receiver of webhooks for tests: a real HTTP server that keeps what it is sent and answers as the test says."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook

HOST = "127.0.0.1"
PATIENCE = 30.0


@dataclass
class Message:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def document(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    def verified(self, secret: str) -> dict[str, Any]:
        """By the reference library of Standard Webhooks; raises when the signature is not right."""
        return dict(Webhook(secret).verify(self.body, self.headers))


@dataclass
class Receiver:
    address: str = ""
    answers: list[web.Response] = field(default_factory=list)  # the first ones; then 204
    got: list[Message] = field(default_factory=list)
    hold: bool = False  # it takes the message and does not answer
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append(Message(request.path, headers, await request.read()))
        self._came.set()
        if self.hold:
            await asyncio.Event().wait()
        return self.answers.pop(0) if self.answers else web.Response(status=204)

    async def until(self, true: Callable[[], bool]) -> None:
        """Looks whenever something comes."""
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._came.clear()
                await self._came.wait()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("POST", "/{path:.*}", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    receiver.address = f"http://{HOST}:{runner.addresses[0][1]}"
    try:
        yield receiver
    finally:
        await runner.cleanup()
