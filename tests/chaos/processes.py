"""`importer` as a process of its own that can be killed at a moment, and its commands for who reads afterwards."""

import asyncio
import json
import os
import re
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx

TOKEN = "practice-token"
ATTENTIVE = {"LEASE_SECONDS": "2", "WORKERS": "32", "PORT": "0", "LOG": "INFO"}
SHOP = {"TOKEN": TOKEN, "BATCH_SIZE": "50", "SETTLE_SECONDS": "1", "STALL_SECONDS": "1"}
"""Settings for short waits, though longer than a busy machine lets a process stand still: a lease that ends before its
holder has spoken lets a batch be sent twice. INFO makes the client of the shop log each answer as it comes."""


def environment(folder: Path, shops: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Of a process with its state in `folder`; `shops`: name -> its settings, BASE_URL among them."""
    words = {"DATA_DIR": str(folder / "data"), "MAPPINGS": json.dumps([str(folder)]), **ATTENTIVE}
    for name, settings in shops.items():
        words |= {f"SHOPS__{name.upper()}__{key}": value for key, value in {**SHOP, **settings}.items()}
    return {**os.environ, **{f"IMPORTER_{key}": value for key, value in words.items()}}


class Service:
    """`importer serve`, started again and again on one folder. `heard` gets each line it says, at once. `words`: the
    command, where it is another one."""

    def __init__(
        self,
        environment: Mapping[str, str],
        heard: Callable[[str], None] = lambda _line: None,
        *,
        words: Sequence[str] = ("serve",),
    ) -> None:
        self._environment, self._heard, self.words = dict(environment), heard, words
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._token: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.works = asyncio.Event()
        self.said: deque[str] = deque(maxlen=200)
        self.lives = 0

    async def start(self) -> None:
        self._address = asyncio.get_running_loop().create_future()
        pipe = asyncio.subprocess.PIPE
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "importer",
            *self.words,
            stdout=pipe,
            stderr=pipe,
            env={**self._environment, "PYTHONFAULTHANDLER": "1"},
        )
        assert process.stdout is not None
        assert process.stderr is not None
        self._readers = [
            asyncio.create_task(self._read(stream)) for stream in (process.stdout, process.stderr)
        ]
        self.lives += 1

    async def _read(self, stream: asyncio.StreamReader) -> None:
        async for raw in stream:
            line = raw.decode().rstrip()
            self.said.append(line)
            if found := re.search(r"importer serves (http://\S+)", line):
                self._address.set_result(found[1].rstrip("/"))
            if line.startswith("importer works on"):
                self.works.set()
            if line.startswith("Your token"):
                self._token.set_result(line.rsplit(" ", 1)[1])
            self._heard(line)

    @property
    def address(self) -> "asyncio.Future[str]":
        """Of its present life."""
        return self._address

    @property
    def token(self) -> "asyncio.Future[str]":
        return self._token

    async def another(self, heard: Callable[[str], None] = lambda _line: None) -> "Service":
        """A second process of the same state, started; it knows the first one's token."""
        service = self.twin(heard)
        await service.start()
        return service

    def twin(self, heard: Callable[[str], None] = lambda _line: None) -> "Service":
        """The same once more, not started."""
        service = Service(self._environment, heard, words=self.words)
        service._token = self._token
        return service

    def kill(self) -> None:
        """At this very moment."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.kill()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def freeze(self) -> None:
        """It stands still until it is woken, as a machine does that is suspended."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        """Nothing when it has ended."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def dead(self) -> int:
        assert self._process is not None
        code = await self._process.wait()
        await asyncio.gather(*self._readers)
        return code

    async def ready(self) -> None:
        """It listens, and our token is known."""
        await self._address
        await self._token

    async def abort(self) -> None:
        """End it so that it says where each of its threads is."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGABRT)
            await self.dead()

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        if self._process is not None:
            await self.dead()

    async def ask(self, method: str, path: str, **words: Any) -> httpx.Response:
        """The answer, in whichever life of the process there is one."""
        while True:
            life = self._address
            address = await life
            headers = {"Authorization": f"Bearer {await self._token}", **words.pop("headers", {})}
            try:
                async with httpx.AsyncClient(base_url=address, timeout=10.0) as client:
                    return await client.request(method, path, headers=headers, **words)
            except httpx.TransportError:
                words["headers"] = headers
                while self._address is life:
                    await asyncio.sleep(0.02)  # until the next life begins: another task sees to that

    async def _answered(self, method: str, path: str, **words: Any) -> httpx.Response:
        """The answer, when the database is there."""
        while True:
            answer = await self.ask(method, path, **words)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return answer
            await asyncio.sleep(0.2)  # nobody tells when it is back

    async def upload(self, path: Path, *, mapping: str, shop: str) -> str:
        """The id of the import; a client whose answer was lost by a kill asks again and gets the same one."""
        answer = await self._answered(
            "POST", "/v1/imports", params={"mapping": mapping, "name": path.name, "shop": shop},
            content=await asyncio.to_thread(path.read_bytes), headers={"Content-Type": "text/csv", "Idempotency-Key": path.name},
        )  # fmt: skip
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        return str(answer.json()["id"])

    async def state(self, import_id: str) -> dict[str, Any]:
        """The import as it is now, its equation checked."""
        state: dict[str, Any] = (await self._answered("GET", f"/v1/imports/{import_id}")).json()
        assert state["equation_holds"], state["equation"]
        assert sum(state["counts"].values()) == state["rows_read"], state
        return state

    async def ended(self, import_id: str) -> dict[str, Any]:
        while True:
            state = await self.state(import_id)
            if state["ended_at"]:
                return state
            await asyncio.sleep(0.2)  # the service is another process: there is no signal to wait for


class Told(NamedTuple):
    """What a command said, and its exit code."""

    code: int
    out: str


async def tell(environment: Mapping[str, str], commands: Sequence[Sequence[str]]) -> list[Told]:
    """Run commands of `importer`, one after the other in one process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.processes", env=dict(environment), cwd=Path(__file__).parents[2],
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate(json.dumps(commands).encode())
    return [Told(*one) for one in json.loads(out)]


def _tell() -> None:
    from typer.testing import CliRunner

    from importer.cli import app

    runner = CliRunner()
    done = [runner.invoke(app, command) for command in json.load(sys.stdin)]
    json.dump([(one.exit_code, one.stdout) for one in done], sys.stdout)


if __name__ == "__main__":
    _tell()
