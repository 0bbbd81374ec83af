"""The three moments at which a crash leaves open whether a batch was sent; each resolved without a duplicate."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from importer.sandbox.server import running
from tests.chaos.checker import Shelf, commands
from tests.chaos.mixes import Mix, Row, without_repeats
from tests.chaos.processes import Service, environment, tell

ROWS = 10
FOUND = ["sending", "in_doubt", "sent", "confirmed"]
AGAIN = ["sending", "in_doubt", "not_taken", "sending", "sent", "confirmed"]
UNCLEAR = ["sending", "in_doubt", "confirmed"]

Forward = Callable[[web.Request], Awaitable[web.Response]]


class Crash:
    """At the first bulk that passes between importer and its shop, the process is killed: `before` a byte reached the
    shop, `after` the shop took it and before its answer arrived, or with the `answer` read and not yet recorded."""

    def __init__(self, moment: str, database: Path) -> None:
        self._moment, self._database = moment, database
        self._answered = asyncio.Event()
        self.service: Service | None = None
        self.happened = asyncio.Event()
        self.bulks = 0

    def heard(self, line: str) -> None:
        if "HTTP Request: POST" in line:
            self._answered.set()

    async def passing(self, request: web.Request, forward: Forward) -> web.StreamResponse:
        if "/async/bulk/" not in request.path or self.happened.is_set():
            self.bulks += "/async/bulk/" in request.path
            return await forward(request)
        self.happened.set()
        if self._moment == "answer":
            return await self._with_the_answer(request, forward)
        if self._moment == "after":
            self.bulks += 1
            await forward(request)
        return await self._kill(request)

    async def _with_the_answer(self, request: web.Request, forward: Forward) -> web.StreamResponse:
        """Nobody can record anything while we hold the lock for writing; the process says when it has the answer."""
        self.bulks += 1
        lock = sqlite3.connect(self._database, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        answer = await forward(request)
        await answer.prepare(request)
        await answer.write_eof()
        await self._answered.wait()
        await self._kill(request)
        lock.close()
        return answer

    async def _kill(self, request: web.Request) -> web.StreamResponse:
        assert self.service is not None
        self.service.kill()
        await self.service.dead()
        if request.transport is not None:
            request.transport.abort()
        return web.Response()


@asynccontextmanager
async def between(shop: str, crash: Crash) -> AsyncIterator[str]:
    """An address that passes everything on to the shop, past the crash."""
    async with httpx.AsyncClient(base_url=shop, timeout=30) as client:

        async def forward(request: web.Request) -> web.Response:
            headers = {
                name: request.headers[name]
                for name in ("Authorization", "Content-Type")
                if name in request.headers
            }
            answer = await client.request(
                request.method, str(request.rel_url), content=await request.read(), headers=headers
            )
            return web.Response(
                body=answer.content, status=answer.status_code, content_type="application/json"
            )

        async def handle(request: web.Request) -> web.StreamResponse:
            return await crash.passing(request, forward)

        app = web.Application(client_max_size=1 << 24)
        app.router.add_route("*", "/{tail:.*}", handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


@pytest.mark.parametrize(
    ("moment", "mapping", "bulks", "told"),
    [
        ("before", "products", 1, AGAIN),
        ("after", "products", 1, FOUND),
        ("answer", "products", 1, FOUND),
        ("before", "products-once", 0, UNCLEAR),
        ("after", "products-once", 1, FOUND),
    ],
)
async def test_a_crash_around_a_request_leaves_no_duplicate_and_a_log_that_tells_it(
    moment: str, mapping: str, bulks: int, told: list[str], tmp_path: Path
) -> None:
    rows = [Row(sku=f"D-{number}", name=f"Thing {number}", price="5.00") for number in range(ROWS)]
    mix = Mix(
        name="main", rows=rows, bugs={}, incidents=[], idempotent=True, consumers=1, magento="2.4.4", seed=1
    )
    without_repeats(tmp_path)
    crash = Crash(moment, tmp_path / "data/importer.db")
    async with running(mix.shop()) as shop, between(shop, crash) as address:
        words = environment(tmp_path, {"main": {"BASE_URL": address}})
        crash.service = service = Service(words, crash.heard)
        await service.start()
        await service.ready()
        import_id = await service.upload(mix.write(tmp_path), mapping=mapping, shop="main")
        await crash.happened.wait()
        await service.dead()
        await service.start()
        state = await service.ended(import_id)
        await service.stop()
        report, events, rebuilt = await tell(words, commands(import_id))
        writes = await Shelf(shop).writes()

    succeeded = 0 if told == UNCLEAR else ROWS
    assert state["counts"]["succeeded"] == succeeded
    assert state["counts"]["unknown"] == ROWS - succeeded
    assert sorted(write["sku"] for write in writes) == sorted(row.sku for row in rows if succeeded)
    assert crash.bulks == bulks
    assert kinds(events.out) == told
    assert json.loads(report.out)["batches"][0]["attempts"] == told.count("sending")
    assert rebuilt.code == 0, rebuilt.out


def kinds(events: str) -> list[str]:
    """What happened to the batch."""
    found: list[Mapping[str, str]] = [json.loads(line) for line in events.splitlines()]
    return [event["kind"] for event in found if "batch" in event["data"]]
