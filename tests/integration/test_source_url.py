"""Imports of a file behind an address: real servers of each kind, what is refused, and what is kept of it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from aiohttp import web
from pydantic import SecretStr

from importer.domain.errors import RequestError
from importer.domain.places import place
from importer.domain.tokens import Scope
from importer.logs import without_query
from importer.services.fetching import Fetching
from importer.settings import LoginSettings, Settings
from importer.sources.allowed import Allowed
from importer.sources.kinds import ConfiguredSources
from tests.buckets import s3_service
from tests.contracts.sources import SECRET, serving, sftp_server
from tests.integration.conftest import working
from tests.integration.test_web import Products, Site, logged_in, problem

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MIB = 1 << 20


@pytest.fixture(autouse=True)
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(path))  # until a server writes its own
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


@asynccontextmanager
async def opened(settings: Settings, **words: Any) -> AsyncIterator[Site]:
    known = {"upload_mib": 1, "source_hosts": ["localhost"], **words}
    async with working(settings.model_copy(update=known)) as run, logged_in(run) as site:
        yield site


@asynccontextmanager
async def web_server(handler: Handler, authority: Path) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/{tail:.*}", handler)
    async with serving(app, authority) as port:
        yield f"https://localhost:{port}"


def answering(content: bytes) -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=content, headers={"ETag": '"1"'})

    return answer


async def ask(site: Site, address: str, **more: Any) -> httpx.Response:
    query = {"mapping": "products", "source_url": address}
    return await site.http.post("/v1/imports", params=query, **more)


async def test_a_file_behind_an_address_is_imported_and_its_address_kept_without_its_query(
    settings: Settings, authority: Path, products: Products, caplog: pytest.LogCaptureFixture
) -> None:
    content = products(5, {2: {"price": "x"}}).read_bytes()
    client = logging.getLogger("httpx")
    client.addFilter(without_query)  # as `importer.logs` does
    with caplog.at_level(logging.INFO):
        async with web_server(answering(content), authority) as server, opened(settings) as site:
            answer = await ask(site, f"{server}/out/preis%20liste.csv?signature={SECRET}/x")
            assert answer.status_code == HTTPStatus.ACCEPTED, answer.text
            state = await site.run.finished(answer.json()["id"])
            shown = (await site.http.get(answer.headers["location"])).json()
            log = (await site.http.get(f"{answer.headers['location']}/events")).json()["items"]

    client.removeFilter(without_query)

    assert "preis%20liste.csv" in caplog.text  # it was there to be told
    assert (state.kept.name, state.rows_read) == ("preis liste.csv", 5)
    assert shown["file"]["source"] == f"{server}/out/preis%20liste.csv"
    assert f"from {server}/out/preis%20liste.csv" in log[0]["text"]
    assert SECRET not in f"{shown}{log}{caplog.text}"


async def test_a_file_of_an_sftp_server_is_imported_with_the_login_of_the_settings(
    settings: Settings, products: Products, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "liste.csv").write_bytes(products(4).read_bytes())
    login = LoginSettings(host="localhost", user="robot", password=SecretStr(SECRET))
    known = tmp_path / "known_hosts"
    async with (
        sftp_server(tmp_path, known) as port,
        opened(settings, known_hosts=known, logins={"erp": login}) as site,
    ):
        server = f"sftp://robot@localhost:{port}/out"
        answer = await ask(site, f"{server}/liste.csv", headers={"Idempotency-Key": "k"})
        assert answer.status_code == HTTPStatus.ACCEPTED, answer.text
        assert (await site.run.finished(answer.json()["id"])).rows_read == 4
        problem(await ask(site, f"{server}/none.csv"), 422, "source.missing")
        problem(await ask(site, f"{server}/*.csv"), 422, "source.url")
        (tmp_path / "out" / "liste.csv").unlink()
        again = await ask(site, f"{server}/liste.csv", headers={"Idempotency-Key": "k"})
        other = await ask(site, f"{server}/other.csv", headers={"Idempotency-Key": "k"})
    assert again.json() == answer.json()
    problem(other, 422, "idempotency.reused")


async def test_a_file_of_a_bucket_is_imported(settings: Settings, products: Products) -> None:
    with s3_service() as service:
        bucket = service.bucket()
        login = LoginSettings(
            host=bucket.name,
            user="AKIDTEST",
            password=SecretStr("hidden-key"),
            endpoint=service.address,
            region="us-east-1",
        )
        service.fill(bucket, {"out/liste.csv": products(4).read_bytes()})
        async with opened(settings, logins={"files": login}) as site:
            answer = await ask(site, f"s3://{bucket.name}/out/liste.csv")
            assert answer.status_code == HTTPStatus.ACCEPTED, answer.text
            assert (await site.run.finished(answer.json()["id"])).rows_read == 4


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("file:///etc/passwd", "source.url"),
        ("http://example.com/a.csv", "source.url"),
        ("gopher://example.com/a.csv", "source.url"),
        ("https:///a.csv", "source.url"),
        ("https://user:secret@example.com/a.csv", "source.url"),
        ("https://example.com", "source.url"),
        ("s3://bucket/*.csv", "source.url"),
        ("https://127.0.0.1/a.csv", "source.host"),
        ("https://[::1]/a.csv", "source.host"),
        ("https://169.254.169.254/latest/meta-data", "source.host"),
        ("https://10.0.0.1/a.csv", "source.host"),
        ("https://nowhere.invalid/a.csv", "source.unreachable"),
        ("sftp://example.com/out/a.csv", "source.host_key"),
        ("https://localhost:1/a.csv", "source.unreachable"),
        ("\x00", "source.url"),
    ],
)
async def test_an_address_that_is_not_called_is_told_in_one_sentence(
    settings: Settings, authority: Path, address: str, code: str
) -> None:
    async with web_server(answering(b""), authority), opened(settings) as site:
        text = problem(await ask(site, address), 422, code)
        kept = [path for path in (settings.data_dir / "files").rglob("*") if path.is_file()]

    assert "secret" not in text
    assert "Traceback" not in text
    assert kept == []


async def test_nothing_is_told_of_the_addresses_inside_our_network(
    settings: Settings, authority: Path
) -> None:
    """Whoever may import must not learn which names there are inside."""
    async with web_server(answering(b""), authority) as server, opened(settings, source_hosts=[]) as site:
        text = problem(await ask(site, f"{server}/a.csv"), 422, "source.host")

    assert "127.0.0.1" not in text
    assert "::1" not in text


async def test_a_redirect_inside_is_not_followed_and_a_file_too_large_not_kept(
    settings: Settings, authority: Path
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/inside":
            raise web.HTTPFound("https://169.254.169.254/latest/meta-data")
        response = web.StreamResponse(headers={"ETag": '"1"'})
        await response.prepare(request)
        for _ in range(40):
            await response.write(bytes(65536))
        return response

    async with web_server(answer, authority) as server, opened(settings) as site:
        problem(await ask(site, f"{server}/inside"), 422, "source.host")
        problem(await ask(site, f"{server}/large.csv"), 413, "too_large")
        kept = [path for path in (settings.data_dir / "files").rglob("*") if path.is_file()]

    assert kept == []


async def test_a_token_of_some_shops_has_neither_the_logins_nor_the_inner_hosts_of_the_operator(
    settings: Settings, authority: Path
) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(body=b"article\n")

    async with web_server(answer, authority) as server, opened(settings) as site:
        await site.run.importer.tokens.add("erp", "imp_erp", scope=Scope.IMPORT, shops=("main",))
        own = {"Authorization": "Bearer imp_erp"}
        problem(await ask(site, f"{server}/a.csv", headers=own), 422, "source.host")
        problem(await ask(site, "sftp://localhost/out/a.csv", headers=own), 422, "source.limited")
        problem(await ask(site, "s3://bucket/a.csv", headers=own), 422, "source.limited")

    assert asked == []


async def test_a_file_that_drips_is_given_up(authority: Path) -> None:
    end = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"ETag": '"1"'})
        await response.prepare(request)
        await response.write(b"a")
        await end.wait()
        return response

    sources = ConfiguredSources(Allowed(hosts=["localhost"]))
    async with web_server(answer, authority) as server:
        found = place(f"{server}/a.csv")
        with pytest.raises(RequestError) as caught:
            async for _ in Fetching(sources, sources, most_seconds=0.3).chunks(found, limited=False):
                pass
        end.set()

    assert caught.value.code == "source.slow"


async def test_a_file_is_said_once(settings: Settings) -> None:
    async with opened(settings) as site:
        query = {"mapping": "products", "source_url": "https://example.com/a.csv", "upload": "upl_1"}
        problem(await site.http.post("/v1/imports", params=query), 422, "form.two_files")
        query.pop("upload")
        problem(await site.http.post("/v1/imports", params=query, content=b"a"), 422, "form.two_files")
