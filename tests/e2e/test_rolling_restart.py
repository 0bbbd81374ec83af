"""Every process is replaced, one after the other, while clients hand in files: none of them sees an error."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from tests.chaos.processes import Service, environment

pytestmark = pytest.mark.timeout(180)

ROWS = 12
CLIENTS = 3
PATIENCE = 120.0


class Balancer:
    """Gives each request to the next server. Where nobody listens nothing was sent, so it may try another one; whatever
    else goes wrong the client sees."""

    def __init__(self, servers: list[Service]) -> None:
        self._servers, self._turn = servers, count()
        self._http = httpx.AsyncClient(limits=httpx.Limits(max_keepalive_connections=0), timeout=30)
        self.close = self._http.aclose

    async def ask(self, method: str, path: str, **words: Any) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            while True:
                server = self._servers[next(self._turn) % len(self._servers)]
                headers = {"Authorization": f"Bearer {await server.token}", **words.pop("headers", {})}
                words["headers"] = headers
                try:
                    answer = await self._http.request(method, await server.address + path, **words)
                except httpx.ConnectError:
                    continue
                assert answer.is_success, (answer.status_code, answer.text)
                found: dict[str, Any] = answer.json()
                return found


@asynccontextmanager
async def all_running(words: Mapping[str, str]) -> AsyncIterator[tuple[list[Service], list[Service]]]:
    """Two that serve, two that work."""
    first = Service(words, words=("serve", "--no-work"))
    servers = [first, first.twin()]
    workers = [Service(words, words=("work",)) for _ in range(2)]
    everybody = [*servers, *workers]
    try:
        for one in everybody:
            await begin(one)
        yield servers, workers
    finally:
        for one in [*servers, *workers]:
            await one.stop()


async def begin(one: Service) -> None:
    await one.start()
    async with asyncio.timeout(60):
        await (one.ready() if "serve" in one.words else one.works.wait())


async def replaced(group: list[Service]) -> list[int]:
    """Each gets SIGTERM, ends, and is followed by a new one; the codes with which they ended."""
    codes = []
    for place, old in enumerate(list(group)):
        await old.stop()
        codes.append(await old.dead())
        group[place] = old.twin()
        await begin(group[place])
    return codes


async def test_nobody_sees_that_every_process_is_replaced_one_by_one(
    carried: dict[str, str], tmp_path: Path
) -> None:
    shop = Shop(catalog=load_catalog(), token="practice-token", pace=200.0)
    async with running(shop) as address:
        main = {"BASE_URL": address, "BATCH_SIZE": "6", "SETTLE_SECONDS": "2"}
        words = {**environment(tmp_path, {"main": main}), **carried, "IMPORTER_LEASE_SECONDS": "5"}
        async with all_running(words) as (servers, workers), asyncio.timeout(PATIENCE):
            balancer, over = Balancer(servers), asyncio.Event()
            async with asyncio.TaskGroup() as group:
                clients = [group.create_task(client(balancer, f"c{n}", over)) for n in range(CLIENTS)]
                codes = [*await replaced(servers), *await replaced(workers)]
                over.set()
            await balancer.close()
            states = [state for one in clients for state in one.result()]

    assert codes == [0, 0, 0, 0]
    assert {state["equation"] for state in states} == {f"{ROWS} rows read = {ROWS} succeeded"}
    assert len(shop.journal.writes) == ROWS * len(states)
    assert not shop.journal.repeated()


async def client(balancer: Balancer, name: str, over: asyncio.Event) -> list[dict[str, Any]]:
    """Hands in one small file after the other and asks for each until it has ended; the last states."""
    states: list[dict[str, Any]] = []
    while not over.is_set():
        lines = ["article,name,price"]
        lines += [f"{name}-{len(states)}-{row},Thing {name} {len(states)} {row},5" for row in range(ROWS)]
        taken = await balancer.ask(
            "POST", "/v1/imports", params={"mapping": "products", "name": f"{name}.csv", "shop": "main"},
            content="\n".join(lines).encode(), headers={"Content-Type": "text/csv"},
        )  # fmt: skip
        while True:
            state = await balancer.ask("GET", f"/v1/imports/{taken['id']}")
            if state["ended_at"]:
                break
            await asyncio.sleep(0.1)  # as a client does that asks now and then
        states.append(state)
    return states


async def test_a_client_that_was_let_in_before_the_door_was_closed_is_answered(tmp_path: Path) -> None:
    """A server that ends such a connection without a word leaves a balancer not knowing what became of its request."""
    service = Service(environment(tmp_path, {}), words=("serve", "--no-work"))
    await begin(service)
    host, port = (await service.address).removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, port)
    stopping = asyncio.create_task(service.stop())
    await refused(host, port)
    writer.write(b"GET /livez HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await stopping

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert await service.dead() == 0


async def refused(host: str, port: str) -> None:
    """Until nobody is let in."""
    with suppress(ConnectionRefusedError):
        while True:
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            await asyncio.sleep(0.02)  # the process gives no signal
