"""HTTP to one shop. The only module that knows httpx; every way a call can go wrong becomes one of our errors.

Writing is a class of its own: a dry run holds a `ReadingClient`, which has no method that could write.
"""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from importer.domain.errors import AnswerLost, BackendDenied, BackendError, BackendRefused, BackendUnavailable

PAGE_SIZE = 300
"""Magento's own limit for a page when input limits are on (contract section 10)."""

NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""Transport faults before the first byte of a request has left."""

BULK_PERMISSION = "System > Action Log > Bulk Actions"
SCHEDULING_FAILED = "Something went wrong while processing the request."


@dataclass(frozen=True, kw_only=True)
class Access:
    """Where the shop is and what it wants to see. Times in seconds."""

    base_url: str
    token: str
    scope: str = "all"
    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    submit_seconds: float = 120.0


class ReadingClient:
    """GET only."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._http = httpx.AsyncClient(
            base_url=f"{access.base_url.rstrip('/')}/rest/{access.scope}",
            headers={"Authorization": f"Bearer {access.token}", "Accept": "application/json"},
            timeout=httpx.Timeout(access.read_seconds, connect=access.connect_seconds),
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """The answer's JSON; None for 404. Raises BackendUnavailable, BackendDenied, BackendRefused."""
        try:
            response = await self._http.get(path, params=dict(params or {}))
        except httpx.UnsupportedProtocol as error:
            raise self._wrong_address(error) from error
        except httpx.TransportError as error:
            raise BackendUnavailable(
                f"The shop {self._access.base_url} does not answer: {_words(error)}. {CHECK_SHOP}"
            ) from error
        if response.status_code == httpx.codes.NOT_FOUND and _is_json(response):
            return None
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise BackendUnavailable(
                self._says(response), code="shop.error", retry_after=_retry_after(response)
            )
        return self._json(response)

    async def pages(
        self, path: str, criteria: Mapping[str, str] | None = None, *, size: int = PAGE_SIZE
    ) -> AsyncIterator[Mapping[str, Any]]:
        """All items of a search, page by page; a page past the end repeats the last one, so the total ends it."""
        seen, page = 0, 1
        while True:
            bounds = {"searchCriteria[pageSize]": str(size), "searchCriteria[currentPage]": str(page)}
            answer = await self.get(path, {**(criteria or {}), **bounds})
            items = answer.get("items") or [] if answer else []
            for item in items:
                yield item
            seen += len(items)
            if not items or seen >= answer["total_count"]:
                return
            page += 1

    def _json(self, response: httpx.Response) -> Any:
        """The body of a good answer; the error that stands for a bad one."""
        status = response.status_code
        if status < httpx.codes.MULTIPLE_CHOICES:
            try:
                return orjson.loads(response.content)
            except orjson.JSONDecodeError:
                raise AnswerLost(f"The shop answered {status} with something that is not JSON.") from None
        raise self._refusal(response)

    def _refusal(self, response: httpx.Response) -> BackendError:
        status, says = response.status_code, self._says(response)
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            return BackendDenied(
                f"{says} Check the shop's token, and in the shop its permissions (System > Integrations > API) "
                f"including {BULK_PERMISSION}, and that integration tokens may be used as bearer tokens "
                "(Stores > Configuration > Services > OAuth > Consumer Settings).",
                code="shop.token",
            )
        if status in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED) or response.is_redirect:
            return BackendDenied(
                f"{says} Is {self._access.base_url} the shop's address?", code="shop.address"
            )
        if status == httpx.codes.TOO_MANY_REQUESTS:
            return BackendUnavailable(says, code="shop.busy", retry_after=_retry_after(response))
        if SCHEDULING_FAILED in says:  # its queue is unreachable (contract S25)
            return BackendUnavailable(f"{says} Its message queue may be down.", code="shop.queue")
        if "Operation allowed only in HTTPS" in says:
            return BackendDenied(f"{says} Use an https:// address.", code="shop.address")
        return BackendRefused(says)

    def _says(self, response: httpx.Response) -> str:
        where = response.headers.get("location")
        to = f" (to {where})" if where else ""
        return f"The shop answered {response.status_code}{to}: {message(response)}"

    def _wrong_address(self, error: Exception) -> BackendDenied:
        return BackendDenied(f"{self._access.base_url} is no web address: {error}.", code="shop.address")


class WritingClient(ReadingClient):
    """GET and the calls that change something."""

    async def send(self, method: str, path: str, body: bytes) -> Any:
        """The answer's JSON. Raises BackendRefused, BackendUnavailable (nothing was taken), BackendDenied, AnswerLost.

        A 5xx does not tell whether the request was taken: a proxy in front of the shop answers 502, 503 or 504 when
        the shop was too slow, and Magento answers 500 after having done its work.
        """
        timeout = httpx.Timeout(self._access.submit_seconds, connect=self._access.connect_seconds)
        try:
            response = await self._http.request(
                method,
                path,
                content=body,
                headers={"Content-Type": "application/json"},
                timeout=timeout,
            )
        except NOT_CONNECTED as error:
            raise BackendUnavailable(
                f"The shop {self._access.base_url} does not answer: {_words(error)}. {CHECK_SHOP}"
            ) from error
        except httpx.UnsupportedProtocol as error:
            raise self._wrong_address(error) from error
        except httpx.TransportError as error:
            raise AnswerLost(f"The shop's answer was lost: {_words(error)}.") from error
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise AnswerLost(
                self._says(response),
                code="shop.error",
                retry_after=_retry_after(response),
                settled=response.status_code == httpx.codes.INTERNAL_SERVER_ERROR,
            )
        return self._json(response)


CHECK_SHOP = "Is it running, and is this its address (base_url)?"


def message(response: httpx.Response) -> str:
    """Magento's sentence with its placeholders filled in: `%name` from an object, `%1` from a list."""
    try:
        answer = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return " ".join(re.sub(r"<[^>]*>", " ", response.text).split())[:200] or response.reason_phrase
    if not isinstance(answer, dict):
        return str(answer)[:200]
    parts = [answer, *(answer.get("errors") or [])]
    return " ".join(_filled(part) for part in parts if isinstance(part, dict) and part.get("message"))


def _filled(part: Mapping[str, Any]) -> str:
    text, parameters = str(part["message"]), part.get("parameters") or {}
    named = (
        parameters
        if isinstance(parameters, dict)
        else {str(n): value for n, value in enumerate(parameters, 1)}
    )
    for name in sorted(named, key=len, reverse=True):
        text = text.replace(f"%{name}", str(named[name]))
    return text


def _is_json(response: httpx.Response) -> bool:
    """Magento says 404 in JSON for an entity that is not there; a wrong address says it in HTML."""
    return "json" in response.headers.get("content-type", "") and "match any route" not in response.text


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isdigit() else None


def _words(error: Exception) -> str:
    """The system's words without its numbers: `[Errno -2] Name or service not known`."""
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__
