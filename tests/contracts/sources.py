"""Real servers for each kind of source, with what a test puts there."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Protocol

import asyncssh
import httpx
import obstore
import trustme
from aiohttp import web
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

from importer.domain.arrivals import Entry
from importer.domain.places import place
from importer.ports import Source
from importer.sources.allowed import Allowed, Login
from importer.sources.kinds import ConfiguredSources

NAME = "bestände süd.csv"
"""The file that every source shows."""
SECRET = "practice-secret"


class Ground(Protocol):
    """What lies behind a source, as its owner sees it."""

    async def put(self, name: str, content: bytes) -> None: ...

    async def remove(self, name: str) -> None: ...

    async def all(self) -> Mapping[str, bytes]:
        """Path below the source's folder -> content."""
        ...


class Yard:
    def __init__(self, source: Source, ground: Ground) -> None:
        self.source, self.ground = source, ground

    async def entry(self, name: str = NAME) -> Entry:
        return next(one for one in await self.source.entries() if one.name == name)

    async def content(self, entry: Entry) -> bytes:
        return b"".join([chunk async for chunk in self.source.read(entry)])


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()

    async def put(self, name: str, content: bytes) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    async def remove(self, name: str) -> None:
        (self.path / name).unlink()

    async def all(self) -> Mapping[str, bytes]:
        found = [path for path in self.path.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.path)): path.read_bytes() for path in found}


class Bucket:
    def __init__(self, store: S3Store) -> None:
        self._store = store

    async def put(self, name: str, content: bytes) -> None:
        await obstore.put_async(self._store, f"out/{name}", content)

    async def remove(self, name: str) -> None:
        await obstore.delete_async(self._store, f"out/{name}")

    async def all(self) -> Mapping[str, bytes]:
        found = [one["path"] async for some in obstore.list(self._store, "out") for one in some]
        return {path.removeprefix("out/"): await self._content(path) for path in found}

    async def _content(self, path: str) -> bytes:
        got = await obstore.get_async(self._store, path)
        return bytes(await got.bytes_async())


@asynccontextmanager
async def opened(address: str, allowed: Allowed, ground: Ground) -> AsyncIterator[Yard]:
    async with ConfiguredSources(allowed).at(place(address)) as source:
        yield Yard(source, ground)


@asynccontextmanager
async def file_yard(tmp_path: Path) -> AsyncIterator[Yard]:
    ground = Folder(tmp_path / "out")
    async with opened(f"file://{ground.path}/*.csv", Allowed(roots=[tmp_path]), ground) as yard:
        yield yard


@asynccontextmanager
async def serving(app: web.Application, ca_file: Path) -> AsyncIterator[int]:
    """An HTTPS server on this machine; its authority's certificate is written to the file."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(ca_file))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def https_yard(tmp_path: Path) -> AsyncIterator[Yard]:
    """SSL_CERT_FILE names `ca.pem` (see the fixture)."""
    ground, app = Folder(tmp_path / "out"), web.Application()
    app.router.add_static("/out", ground.path)
    async with serving(app, tmp_path / "ca.pem") as port:
        address = f"https://localhost:{port}/out/{NAME}"
        async with opened(address, Allowed(hosts=["localhost"]), ground) as yard:
            yield yard


class Guests(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("robot", SECRET)


@asynccontextmanager
async def sftp_server(folder: Path, known_hosts: Path) -> AsyncIterator[int]:
    """An SFTP server that shows the folder; its key is written to the file."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Guests,
        server_host_keys=[key],
        sftp_factory=partial(asyncssh.SFTPServer, chroot=str(folder).encode()),
    )
    port = server.get_port()
    line = b"[localhost]:%d %s" % (port, key.export_public_key())
    await asyncio.to_thread(known_hosts.write_bytes, line)
    try:
        yield port
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def sftp_yard(tmp_path: Path) -> AsyncIterator[Yard]:
    ground, known = Folder(tmp_path / "out"), tmp_path / "known_hosts"
    login = Login(host="localhost", user="robot", password=SECRET)
    async with sftp_server(tmp_path, known) as port:
        allowed = Allowed(hosts=["localhost"], logins=[login], known_hosts=known)
        async with opened(f"sftp://robot@localhost:{port}/out/*.csv", allowed, ground) as yard:
            yield yard


@asynccontextmanager
async def s3_yard(_tmp_path: Path) -> AsyncIterator[Yard]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        _, port = server.get_host_and_port()
        name = f"nightly-{token_hex(4)}"  # the server remembers those of other tests
        login = Login(
            host=name,
            user="key",
            password=SECRET,
            endpoint=f"http://127.0.0.1:{port}",
            region="eu-central-1",
        )
        store = S3Store(
            name,
            config={
                "access_key_id": login.user,
                "secret_access_key": SECRET,
                "endpoint": login.endpoint,
                "region": login.region,
            },
            client_options={"allow_http": True},
        )
        await make_bucket(f"{login.endpoint}/{name}")
        async with opened(f"s3://{name}/out/*.csv", Allowed(logins=[login]), Bucket(store)) as yard:
            yield yard
    finally:
        server.stop()


async def make_bucket(address: str) -> None:
    body = "<CreateBucketConfiguration><LocationConstraint>eu-central-1</LocationConstraint></CreateBucketConfiguration>"
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.put(address, content=body)
    assert answer.status_code == httpx.codes.OK, answer.text


YARDS: Mapping[str, Callable[[Path], AbstractAsyncContextManager[Yard]]] = {
    "file": file_yard,
    "https": https_yard,
    "sftp": sftp_yard,
    "s3": s3_yard,
}
"""Kind of source -> one with a server of its own."""
