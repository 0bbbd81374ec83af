"""`https://`: one file behind an address. Every address of every redirect passes the guard before it is called."""

import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import unquote

import httpx

from importer.domain.arrivals import Entry
from importer.domain.errors import ConfigurationError, FileDamaged, SourceMissing
from importer.domain.places import Place
from importer.sources.allowed import Allowed
from importer.sources.guard import checked_addresses

MOST_REDIRECTS = 5
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
HTTPS_PORT = 443
DENIED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@asynccontextmanager
async def opened(place: Place, allowed: Allowed) -> AsyncIterator["WebFile"]:
    """Proxies of the environment are not used: they would call addresses that nobody has checked."""
    context = httpx.create_ssl_context()
    single = httpx.Limits(
        max_keepalive_connections=0
    )  # a connection is for the host whose certificate it saw
    async with httpx.AsyncClient(verify=context, trust_env=False, timeout=TIMEOUT, limits=single) as client:
        yield WebFile(place, allowed, client)


class WebFile:
    """Its mark is the ETag, else the time of the last change; without either only its size is known, and `sure` is false."""

    def __init__(self, place: Place, allowed: Allowed, client: httpx.AsyncClient) -> None:
        self._place, self._allowed, self._client = place, allowed, client

    async def entries(self) -> list[Entry]:
        """The header of a GET that is broken off: what answers to HEAD often says other things."""
        async with self._answer() as answer:
            return [self._entry(answer)]

    async def read(self, entry: Entry) -> AsyncIterator[bytes]:
        async with self._answer() as answer:
            if self._entry(answer).mark != entry.mark:
                raise FileDamaged(
                    f"{self._place}: the file was changed meanwhile. Nothing was done with it.",
                    code="file.changed",
                )
            with self._explained():
                async for chunk in answer.aiter_raw():
                    yield chunk

    async def move(self, entry: Entry, folder: str) -> None:
        raise ConfigurationError(f"{self._place}: nothing can be moved there.", code="source.denied")

    async def delete(self, entry: Entry) -> None:
        raise ConfigurationError(f"{self._place}: nothing can be deleted there.", code="source.denied")

    @asynccontextmanager
    async def _answer(self) -> AsyncIterator[httpx.Response]:
        """The answer with the file, behind redirects. Raises SourceMissing, ConfigurationError."""
        port = f":{self._place.port}" if self._place.port else ""
        url = httpx.URL(f"https://{self._place.host}{port}{self._place.folder}/{self._place.pattern}")
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._sent(url)
            try:
                if not answer.has_redirect_location:
                    self._require_good(answer)
                    yield answer
                    return
                url = self._next(url, answer.headers["location"])
            finally:
                await answer.aclose()
        raise SourceMissing(
            f"{self._place}: more than {MOST_REDIRECTS} redirects.", code="source.unreachable"
        )

    def _next(self, url: httpx.URL, location: str) -> httpx.URL:
        try:
            return url.join(location)
        except httpx.InvalidURL:
            raise SourceMissing(
                f"{self._place} sends on to something that is no address.", code="source.unreachable"
            ) from None

    async def _sent(self, url: httpx.URL) -> httpx.Response:
        """The answer of the first address of the host that can be reached."""
        if url.scheme != "https" or not url.host:
            raise SourceMissing(
                f"{self._place} sends on to an address that is not https://; it is not followed.",
                code="source.unreachable",
            )
        host = url.raw_host.decode("ascii")
        addresses = await checked_addresses(host, url.port or HTTPS_PORT, self._allowed.hosts)
        with self._explained():
            for address in addresses[:-1]:
                with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                    return await self._client.send(self._request(url, host, address), stream=True)
            return await self._client.send(self._request(url, host, addresses[-1]), stream=True)

    def _request(self, url: httpx.URL, host: str, address: str) -> httpx.Request:
        """To the address that was checked, in the name of the host. The login goes to the host that it is for alone."""
        login = self._allowed.login(url.host) if url.host == self._place.host else None
        headers = {"Host": url.netloc.decode("ascii"), "Accept-Encoding": "identity"}
        if login is not None and login.token:
            headers["Authorization"] = f"Bearer {login.token}"
        elif login is not None and login.user:
            pair = f"{login.user}:{login.password}".encode()
            headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
        return self._client.build_request(
            "GET",
            url.copy_with(host=address, userinfo=b""),
            headers=headers,
            extensions={"sni_hostname": host},
        )

    def _require_good(self, answer: httpx.Response) -> None:
        if answer.status_code == HTTPStatus.OK:
            return
        if answer.status_code in DENIED:
            text = f"{self._place}: the server does not let us in ({answer.status_code}). Check the login in the settings."
            raise SourceMissing(text, code="source.denied")
        if answer.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            raise SourceMissing(
                f"There is no file {self._place} ({answer.status_code}).", code="source.missing"
            )
        raise SourceMissing(
            f"{self._place}: the server answers {answer.status_code}.", code="source.unreachable"
        )

    def _entry(self, answer: httpx.Response) -> Entry:
        size, etag, changed = (
            answer.headers.get(name) for name in ("content-length", "etag", "last-modified")
        )
        return Entry(
            name=unquote(self._place.pattern.partition("?")[0]),
            size=int(size) if size and size.isdigit() else None,
            changed_at=_moment(changed),
            mark=etag or f"{size} {changed}",
            sure=bool(etag or changed),
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            raise SourceMissing(
                f"{self._place} cannot be reached: {_said(error)}.", code="source.unreachable"
            ) from None


def _said(error: httpx.TransportError) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not accepted ({cause.verify_message}); a private authority is named in SSL_CERT_FILE"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.TimeoutException):
        return "it does not answer in time"
    return str(error).rstrip(".") or type(error).__name__


def _moment(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
