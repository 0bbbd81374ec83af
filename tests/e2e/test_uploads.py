"""Uploads as others see them: the official JavaScript client of tus, a connection that breaks, a process that is killed."""

import asyncio
import hashlib
import json
import os
import random
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from importer.sandbox.catalog import load_catalog
from importer.sandbox.server import running
from importer.sandbox.shop import Shop
from importer.services.uploading import PART_BYTES
from tests.e2e.test_kill import Service

ROOT = Path(__file__).parents[2]
CLIENT = "tus-js-client@4.3.1"
FOLDER = ROOT / ".venv" / "tus-js-client"
TUS = {"Tus-Resumable": "1.0.0"}
SIZE = 3 * PART_BYTES + 4321
SCRIPT = """
const tus = require('tus-js-client')
const {endpoint, token, path, chunkSize, overridePatchMethod} = JSON.parse(process.argv[1])
let retries = 0
const upload = new tus.Upload(require('fs').createReadStream(path), {
  endpoint, chunkSize: chunkSize || Infinity, overridePatchMethod, retryDelays: [0, 20, 50, 100],
  headers: {Authorization: `Bearer ${token}`}, metadata: {filename: 'liste.csv'},
  onShouldRetry: () => { retries += 1; return true },
  onError: error => { console.error(String(error)); process.exit(1) },
  onSuccess: () => console.log(JSON.stringify({url: upload.url, retries})),
})
upload.start()
"""


@pytest.fixture(scope="module")
def library() -> Path:
    """The folder in which Node.js finds the client; it is fetched once."""
    if not (FOLDER / "node_modules" / "tus-js-client").is_dir():
        FOLDER.mkdir(parents=True, exist_ok=True)
        words = [
            "npm",
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--prefix",
            str(FOLDER),
            CLIENT,
        ]
        npm = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
        if npm.returncode != 0:
            pytest.skip(f"npm cannot fetch {CLIENT} here: {npm.stderr[-300:]}")  # no registry is no defect
    return FOLDER / "node_modules"


class Breaking:
    """A way to the service that breaks the connection once, after so many bytes of the sender's."""

    def __init__(self, target: str, after: int) -> None:
        self._target, self._left, self.broken = target, after, 0

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        url = urlsplit(self._target)
        to_reader, to_writer = await asyncio.open_connection(url.hostname, url.port)
        back = asyncio.create_task(_copy(to_reader, writer))
        with suppress(ConnectionError):
            while chunk := await reader.read(65536):
                to_writer.write(chunk)
                await to_writer.drain()
                self._left -= len(chunk)
                if self._left <= 0 and not self.broken:
                    self.broken += 1
                    to_writer.transport.abort()
                    writer.transport.abort()
        to_writer.close()
        await asyncio.wait([back])


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[tuple[Service, httpx.AsyncClient]]:
    async with running(Shop(catalog=load_catalog(), token="practice-token")) as shop:
        service = Service(folder, shop)
        try:
            await service.start()
            async with service.client() as client:
                yield service, client
        finally:
            await service.end(signal.SIGTERM)


def content() -> bytes:
    """A list of a little more than SIZE bytes, each of its own."""
    names = random.Random(7).randbytes(SIZE // 2).hex()
    rows = [f"A-{start},{names[start : start + 64]},9.90" for start in range(0, len(names), 64)]
    return "\n".join(["article,name,price", *rows]).encode()


async def in_node(library: Path, **words: object) -> dict[str, object]:
    node = await asyncio.create_subprocess_exec(
        "node", "-e", SCRIPT, json.dumps(words), env={**os.environ, "NODE_PATH": str(library)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await node.communicate()
    assert node.returncode == 0, err.decode()
    return dict(json.loads(out))


async def taken(client: httpx.AsyncClient, upload_id: str) -> str:
    """The SHA-256 of the file of an import that is made of the upload."""
    query = {"mapping": "products", "upload": upload_id, "mode": "check", "name": "liste.csv"}
    answer = await client.post("/v1/imports", params=query)
    assert answer.status_code == HTTPStatus.ACCEPTED, answer.text
    return str((await client.get(answer.headers["location"])).json()["file"]["sha256"])


@pytest.mark.node
@pytest.mark.parametrize(("chunk", "by_post"), [(0, False), (1_000_000, False), (0, True)])
async def test_the_official_client_sends_a_file_over_a_connection_that_breaks(
    library: Path, tmp_path: Path, chunk: int, by_post: bool
) -> None:
    path = tmp_path / "liste.csv"
    path.write_bytes(content())
    async with serving(tmp_path) as (service, client):
        way = Breaking(str(client.base_url), after=SIZE // 2)
        server = await asyncio.start_server(way.pass_on, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        told = await in_node(
            library,
            endpoint=f"http://127.0.0.1:{port}/v1/uploads",
            token=service.token,
            path=str(path),
            chunkSize=chunk,
            overridePatchMethod=by_post,
        )
        server.close()
        upload_id = str(told["url"]).rpartition("/")[2]

        assert (way.broken, bool(told["retries"])) == (1, True)
        assert await taken(client, upload_id) == hashlib.sha256(path.read_bytes()).hexdigest()


async def test_the_offset_is_true_after_a_kill_in_the_middle_of_a_request(tmp_path: Path) -> None:
    whole = content()
    async with serving(tmp_path) as (service, client):
        begun = await client.post("/v1/uploads", headers={**TUS, "Upload-Length": str(len(whole))})
        place = begun.headers["location"]
        piece = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
        more = asyncio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            yield whole[: 2 * PART_BYTES + 1000]
            await more.wait()
            yield whole[2 * PART_BYTES + 1000 :]

        sending = asyncio.create_task(client.patch(place, content=slowly(), headers=piece))
        async with asyncio.timeout(30):
            while (await client.get(place)).json()["offset"] < 2 * PART_BYTES:
                await asyncio.sleep(0.1)
        await service.end(signal.SIGKILL)
        more.set()
        with pytest.raises(httpx.TransportError):
            await sending

        await service.start()
        async with service.client() as again:
            kept = int((await again.head(place, headers=TUS)).headers["upload-offset"])
            piece["Upload-Offset"] = str(kept)
            rest = await again.patch(place, content=whole[kept:], headers=piece)
            sha256 = await taken(again, place.rpartition("/")[2])

    assert kept == 2 * PART_BYTES
    assert (rest.status_code, sha256) == (HTTPStatus.NO_CONTENT, hashlib.sha256(whole).hexdigest())
