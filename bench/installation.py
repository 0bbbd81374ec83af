"""importer as an operator starts it, in processes of its own, for the benchmarks: settings, uploads, reports, memory."""

import asyncio
import os
import re
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.delivery import seconds_between
from bench.practice import TOKEN

LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Process:
    """One process of importer; `name` is for tables, `said` what it printed when it was ready."""

    name: str
    popen: subprocess.Popen[str]
    said: str

    @property
    def address(self) -> str:
        return re.search(r"http://[\d.:]+", self.said)[0]  # type: ignore[index]

    def mib(self, field: str = "VmRSS") -> float:
        """Memory now, or at its peak (`VmHWM`); 0 where there is no /proc."""
        status = Path(f"/proc/{self.popen.pid}/status")
        lines = status.read_text().splitlines() if status.exists() else []
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(field)), 0.0)


@contextmanager
def process(words: Mapping[str, str], *command: str, name: str, log: Path) -> Iterator[Process]:
    """It runs and is ready; its log goes to a file."""
    whole = [sys.executable, "-m", "importer", *command]
    with (
        log.open("w") as errors,
        subprocess.Popen(whole, env=words, stdout=subprocess.PIPE, stderr=errors, text=True) as popen,  # noqa: S603 - ours
    ):
        assert popen.stdout is not None  # noqa: S101 - it was asked for
        said = popen.stdout.readline()
        try:
            if not re.match(r"importer (serves|works)", said):
                raise SystemExit(f"{name} did not start: {said}{log.read_text()}")
            yield Process(name, popen, said)
        finally:
            popen.terminate()
            popen.wait()


def settings(folder: Path, shops: Mapping[str, Mapping[str, str]], **more: str) -> dict[str, str]:
    """The environment of every process: `shops` by name, with their settings; everything else as it is by default."""
    words = {"DATA_DIR": str(folder / "data"), "PORT": "0", **more}
    for name, shop in shops.items():
        words |= {f"SHOPS__{name.upper()}__{key}": value for key, value in {"TOKEN": TOKEN, **shop}.items()}
    return {**os.environ, **{f"IMPORTER_{key}": value for key, value in words.items()}}


def told(words: Mapping[str, str], *command: str) -> str:
    """What a command printed."""
    whole = [sys.executable, "-m", "importer", *command]
    done = subprocess.run(whole, env=words, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise SystemExit(done.stderr or done.stdout)
    return done.stdout.strip()


@asynccontextmanager
async def database(server: str) -> AsyncIterator[str]:
    """The address of an empty database on that PostgreSQL."""
    import asyncpg

    name = f"importer_bench_{secrets.token_hex(4)}"
    admin = await asyncpg.connect(server)
    try:
        await admin.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{server.rpartition('/')[0]}/{name}"
        finally:
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await admin.close()


@asynccontextmanager
async def exchange(broker: str) -> AsyncIterator[str]:
    """The name of an exchange that nobody else uses; it and its queues are taken away afterwards."""
    import aio_pika

    from importer.domain.consumers import ALL
    from importer.queues.topology import Topology

    own = Topology(exchange=f"bench-{secrets.token_hex(4)}", consumers=(ALL,))
    try:
        yield own.exchange
    finally:
        async with await aio_pika.connect(broker) as connection:
            await own.remove(await connection.channel())


class Client:
    """Talks to processes that serve, to one after the other."""

    def __init__(self, addresses: list[str], token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._clients = [httpx.AsyncClient(base_url=one, headers=headers, timeout=600) for one in addresses]
        self._turn = 0

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients:
            await client.aclose()

    async def _ask(self, method: str, path: str, **words: Any) -> dict[str, Any]:
        self._turn += 1
        answer = await self._clients[self._turn % len(self._clients)].request(method, path, **words)
        if answer.is_error:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")
        found: dict[str, Any] = answer.json()
        return found

    async def upload(self, content: bytes, shop: str) -> str:
        """The id of the import."""
        said = {"mapping": "products", "name": "list.csv", "shop": shop}
        headers = {"Content-Type": "text/csv"}
        accepted = await self._ask("POST", "/v1/imports", params=said, content=content, headers=headers)
        return str(accepted["id"])

    async def state(self, import_id: str) -> dict[str, Any]:
        return await self._ask("GET", f"/v1/imports/{import_id}")

    async def report(self, import_id: str) -> dict[str, Any]:
        return await self._ask("GET", f"/v1/imports/{import_id}/report")

    async def ended(self, import_id: str) -> dict[str, Any]:
        """The import when it has ended."""
        while not (state := await self.state(import_id))["ended_at"]:  # noqa: ASYNC110 - another process, no signal
            await asyncio.sleep(LOOK_SECONDS)
        return state


def rows(name: str, number: int) -> bytes:
    """A list of products whose keys begin with `name`."""
    lines = [f"{name}-{n},Product {name}-{n},9.99,1,10,1" for n in range(number)]
    return "\n".join(["article,name,price,weight,stock,in stock", *lines]).encode()


def lasted(state: Mapping[str, Any]) -> float:
    """Seconds from the moment an import was taken in to its end."""
    return seconds_between(state["accepted_at"], state["ended_at"])
