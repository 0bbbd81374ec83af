"""HTTP to one shop: every way a call can go wrong becomes one of our errors.

Writing is a class of its own: a dry run holds a `ReadingClient`, which has no method that could write.
"""

import re
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from importer.backends.magento.access import Access
from importer.backends.magento.answers import date, error_of, message, says
from importer.backends.magento.auth import LOGINS, authorization
from importer.domain.errors import (
    AnswerLost,
    BackendDenied,
    BackendError,
    BackendRefused,
    BackendUnavailable,
)
from importer.domain.sentences import sentences

PAGE_SIZE = 300
"""Magento's own limit for a page when input limits are on (contract section 10)."""

PAGE_LIMIT = re.compile(r"pageSize is (\d+)")
"""A shop may have set a lower one, and names it when it refuses."""

NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""Transport faults before the first byte of a request has left."""

BULKS = "/V1/bulk"
FORGOTTEN = re.compile(r"\bnot exist|no such entity|doesn't exist", re.IGNORECASE)
"""What Magento says, with a 404, of a bulk that it does not know (contract 5.1, S20). Other words do not mean that."""

CHECK_SHOP = "Is it running, and is this its address (base_url)?"


class ReadingClient:
    """GET only. Paths are those of the REST API; `scope` is a store view's code or `all`."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._http = httpx.AsyncClient(
            base_url=f"{access.root}/rest",
            auth=authorization(access),
            headers={"Accept": "application/json"},
            timeout=self._timeout(access.read_seconds),
            follow_redirects=False,
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def get(
        self, path: str, params: Mapping[str, str] | None = None, *, scope: str = "all", seconds: float = 0.0
    ) -> Any:
        """The answer's JSON; None for 404, of bulks only where it says so. Raises BackendUnavailable, BackendDenied,
        BackendRefused.

        `seconds` is the time-out where it is not that of a look-up."""
        try:
            response = await self._http.get(
                f"/{scope}{path}",
                params=dict(params or {}),
                timeout=self._timeout(seconds or self.access.read_seconds),
            )
        except httpx.TransportError as error:
            raise self._not_reached(error) from error
        if response.status_code == httpx.codes.NOT_FOUND and is_entity_missing(response):
            if path.startswith(BULKS) and not FORGOTTEN.search(message(response)):
                raise BackendUnavailable(
                    sentences(says(response), f"It was asked for {path}."), code="shop.answer"
                )
            return None
        if not response.is_success:
            raise error_of(response, self.access, writing=False)
        try:
            answer = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            raise BackendUnavailable(
                f"The shop answered {response.status_code} with something that is not JSON: {message(response)} "
                f"Is {self.access.base_url} the shop's address?",
                code="shop.answer",
            ) from None
        if answer is None:  # not to be mistaken for a 404
            raise other_shape(path)
        return answer

    async def pages(
        self, path: str, criteria: Mapping[str, str] | None = None, *, size: int = PAGE_SIZE
    ) -> AsyncIterator[Mapping[str, Any]]:
        """All items of a search, page by page; a page past the end repeats the last one, so the total ends it."""
        seen, page = 0, 1
        while True:
            bounds = {"searchCriteria[pageSize]": str(size), "searchCriteria[currentPage]": str(page)}
            try:
                answer = await self.get(path, {**(criteria or {}), **bounds})
            except BackendRefused as error:
                limit = PAGE_LIMIT.search(error.text)
                if page > 1 or limit is None or not 0 < int(limit[1]) < size:
                    raise
                size = int(limit[1])
                continue
            if answer is None:
                return
            items, total = page_of(answer, path)
            for item in items:
                yield item
            seen += len(items)
            if not items or seen >= total:
                return
            page += 1

    def _timeout(self, seconds: float) -> httpx.Timeout:
        return httpx.Timeout(seconds, connect=self.access.connect_seconds)

    def _not_reached(self, error: httpx.TransportError) -> BackendError:
        """No answer, and nothing was taken."""
        where = self.access.base_url
        if isinstance(error, httpx.UnsupportedProtocol):
            return BackendDenied(f"{where} is no web address: {error}.", code="shop.address")
        if trouble := tls_trouble(error):
            return BackendDenied(f"{where} is not trusted: {trouble}", code="shop.tls")
        return BackendUnavailable(f"The shop {where} does not answer: {_words(error)}. {CHECK_SHOP}")


class WritingClient(ReadingClient):
    """GET and the calls that change something."""

    async def send(self, method: str, path: str, body: bytes, *, scope: str = "all") -> Any:
        """The answer's JSON. Raises BackendRefused, BackendUnavailable (nothing was taken), BackendDenied, AnswerLost.

        A 5xx does not tell whether the request was taken: a proxy in front of the shop answers 502, 503 or 504 when
        the shop was too slow, and Magento answers 500 after having done its work.
        """
        return self._json(await self._write(method, path, body, scope))

    async def call(self, method: str, path: str, body: bytes, *, scope: str = "all") -> tuple[int, Any]:
        """Status and JSON of a synchronous call; what the service refuses is an answer, too. Raises as `send`."""
        response = await self._write(method, path, body, scope)
        refused = response.status_code == httpx.codes.NOT_FOUND and is_entity_missing(response)
        if not refused and not response.is_success:
            error = error_of(response, self.access, writing=True)
            if not isinstance(error, BackendRefused):
                raise error
            refused = True
        return response.status_code, message(response) if refused else self._json(response)

    async def _write(self, method: str, path: str, body: bytes, scope: str) -> httpx.Response:
        try:
            return await self._http.request(
                method,
                f"/{scope}{path}",
                content=body,
                headers={"Content-Type": "application/json"},
                timeout=self._timeout(self.access.submit_seconds),
            )
        except httpx.TransportError as error:
            if isinstance(error, (*NOT_CONNECTED, httpx.UnsupportedProtocol)) or _of_login(error):
                raise self._not_reached(error) from error
            raise AnswerLost(f"The shop's answer was lost: {_words(error)}.") from error

    def _json(self, response: httpx.Response) -> Any:
        if not response.is_success:
            raise error_of(response, self.access, writing=True)
        try:
            return orjson.loads(response.content)
        except orjson.JSONDecodeError:
            raise AnswerLost(
                f"The shop answered {response.status_code} with something that is not JSON: {message(response)}"
            ) from None


def is_entity_missing(response: httpx.Response) -> bool:
    """Magento says 404 in JSON for an entity that is not there; a wrong address says it in HTML."""
    return "json" in response.headers.get("content-type", "") and "match any route" not in response.text


def page_of(answer: Any, path: str) -> tuple[list[Mapping[str, Any]], int]:
    """Items and total of a search. Raises BackendUnavailable when the answer is something else."""
    if isinstance(answer, dict) and isinstance(answer.get("total_count"), int):
        items = answer.get("items") or []
        if isinstance(items, list) and all(isinstance(item, dict) for item in items):
            return items, answer["total_count"]
    raise other_shape(path)


def other_shape(path: str) -> BackendUnavailable:
    return BackendUnavailable(
        f"The shop's answer to {path} is JSON of another shape than Magento's. Is something between us and the shop?",
        code="shop.answer",
    )


def tls_trouble(error: BaseException) -> str | None:
    """In words, when the connection failed over the certificate or because nobody speaks TLS there."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"its TLS certificate is not accepted ({cause.verify_message}). The shop needs a valid one; a private "
                "authority's certificate can be named in the environment variable SSL_CERT_FILE."
            )
        if isinstance(cause, ssl.SSLError) and cause.reason in (
            "WRONG_VERSION_NUMBER",
            "RECORD_LAYER_FAILURE",
        ):
            return "what answers there does not speak TLS. Is it an http:// address?"
        cause = cause.__cause__ or cause.__context__
    return None


def _of_login(error: httpx.TransportError) -> bool:
    """Was it the login before the request that failed? Then the request itself never left."""
    try:
        return error.request.url.path.endswith(LOGINS)
    except RuntimeError:  # raised by the library when an error belongs to no request
        return False


def _words(error: Exception) -> str:
    """The system's words without its numbers: `[Errno -2] Name or service not known`."""
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error)).rstrip(". ") or type(error).__name__


@dataclass(frozen=True, kw_only=True)
class Knock:
    """What a stranger's call was answered with."""

    status: int
    says: str
    is_magento: bool
    date: datetime | None
    certificate_ends: datetime | None


class TryingClient(WritingClient):
    """For the trial of a shop: calls whose answer is looked at as it is."""

    async def knock(self, path: str) -> Knock:
        """GET without saying who we are. Raises BackendUnavailable, BackendDenied for what an import would stumble
        over, too."""
        response = await self._plain("GET", f"/all{path}")
        is_magento = "json" in response.headers.get("content-type", "") and _says_unauthorized(response)
        if not is_magento and response.status_code not in (httpx.codes.UNAUTHORIZED, httpx.codes.OK):
            raise error_of(response, self.access, writing=False)
        stream = response.extensions.get("network_stream")
        secure = stream.get_extra_info("ssl_object") if stream else None
        ends = secure.getpeercert().get("notAfter") if secure else None
        return Knock(
            status=response.status_code,
            says=message(response),
            is_magento=is_magento,
            date=date(response.headers.get("date", "")),
            certificate_ends=datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if ends else None,
        )

    async def version_page(self) -> str:
        """`Magento/2.4 (Community)`, empty when the shop does not tell."""
        response = await self._plain("GET", httpx.URL(f"{self.access.root}/magento_version"))
        found = re.match(r"\w+/\d[\d.]* \(\w+\)$", response.text.strip())
        return found[0] if found and response.is_success else ""

    async def patch_status(self) -> int:
        return (await self._plain("PATCH", "/all/V1/products")).status_code

    async def _plain(self, method: str, url: str | httpx.URL) -> httpx.Response:
        try:
            return await self._http.request(method, url, auth=None)
        except httpx.TransportError as error:
            raise self._not_reached(error) from error


def _says_unauthorized(response: httpx.Response) -> bool:
    return response.status_code == httpx.codes.UNAUTHORIZED and "authorized" in message(response)
