"""`https://` sources against a real server: redirects, certificates, logins, and answers that are no file."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from importer.domain.errors import ConfigurationError, SourceMissing
from importer.domain.places import place
from importer.ports import Source
from importer.sources.allowed import Allowed, Login
from importer.sources.kinds import ConfiguredSources
from tests.contracts.sources import SECRET, serving

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Opened = Callable[..., object]


@pytest.fixture(autouse=True)
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "ca.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


@asynccontextmanager
async def source_of(
    handler: Handler, ca_file: Path, *, host: str = "localhost", **allowed: object
) -> AsyncIterator[Source]:
    app = web.Application()
    app.router.add_get("/{tail:.*}", handler)
    words = {"hosts": ["localhost"], **allowed}
    async with serving(app, ca_file) as port:
        address = place(f"https://{host}:{port}/list.csv?of=today")
        async with ConfiguredSources(Allowed(**words)).at(address) as source:  # type: ignore[arg-type]
            yield source


async def refused(source: Source) -> ConfigurationError | SourceMissing:
    with pytest.raises((ConfigurationError, SourceMissing)) as caught:
        await source.entries()
    assert SECRET not in caught.value.text
    return caught.value


def answering(status: int, **headers: str) -> Handler:
    async def handle(_request: web.Request) -> web.StreamResponse:
        return web.Response(
            status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    return handle


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "source.missing"), (401, "source.denied"), (403, "source.denied"), (503, "source.unreachable"),
     (304, "source.unreachable")],
)  # fmt: skip
async def test_an_answer_that_is_no_file_is_told(authority: Path, status: int, code: str) -> None:
    async with source_of(answering(status), authority) as source:
        assert (await refused(source)).code == code


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("https://127.0.0.1:1/secret", "source.host"),
        ("https://169.254.169.254/latest/meta-data", "source.host"),
        ("https://[::1]/", "source.host"),
        ("http://localhost/plain", "source.unreachable"),
        ("file:///etc/passwd", "source.unreachable"),
        ("https://", "source.unreachable"),
        ("/list.csv", "source.unreachable"),
    ],
)
async def test_a_redirect_leads_nowhere_that_is_not_allowed_and_not_in_circles(
    authority: Path, location: str, code: str
) -> None:
    async with source_of(answering(302, location=location), authority) as source:
        assert (await refused(source)).code == code


async def test_a_host_of_an_inner_network_is_not_called(authority: Path) -> None:
    called = False

    async def handle(_request: web.Request) -> web.StreamResponse:
        nonlocal called
        called = True
        return web.Response()

    async with source_of(handle, authority, hosts=[]) as source:
        error = await refused(source)
    assert (error.code, called) == ("source.host", False)
    assert "source_hosts" in error.text


async def test_a_certificate_of_another_host_is_told(authority: Path) -> None:
    async with source_of(answering(200), authority, host="127.0.0.1", hosts=["127.0.0.1"]) as source:
        error = await refused(source)
    assert error.code == "source.unreachable"
    assert "certificate is not accepted" in error.text


@pytest.mark.parametrize(
    ("login", "header"),
    [
        (Login(host="localhost", token=SECRET), f"Bearer {SECRET}"),
        (Login(host="localhost", user="robot", password=SECRET), "Basic cm9ib3Q6cHJhY3RpY2Utc2VjcmV0"),
        (Login(host="other.example", token=SECRET), None),
    ],
)
async def test_a_login_is_sent_to_its_host_alone(authority: Path, login: Login, header: str | None) -> None:
    heard: list[str | None] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        heard.append(request.headers.get("Authorization"))
        return web.Response(body=b"a,b\n", headers={"ETag": '"1"'})

    async with source_of(handle, authority, logins=[login]) as source:
        [entry] = await source.entries()
    assert (heard, entry.name, entry.mark) == ([header], "list.csv", '"1"')


async def test_a_file_without_etag_and_time_is_never_taken_for_known(authority: Path) -> None:
    async with source_of(answering(200), authority) as source:
        [entry] = await source.entries()

    assert not entry.sure
