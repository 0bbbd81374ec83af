"""A small POST to an address that somebody named (port `Post`): each try passes the guard, and nothing is followed."""

import asyncio
import ssl
from collections.abc import Collection, Mapping
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version

import httpx

from importer.domain.deliveries import Sent
from importer.domain.errors import ImporterError
from importer.sources.guard import checked_addresses

SECONDS = 15.0
"""For one try, from the look-up of the name to the head of the answer."""
AGENT = f"importer/{version('importer')}"
PORTS = {"https": 443, "http": 80}


class GuardedPost:
    """`inner_hosts`: hosts that may be called although they are not public. Proxies of the environment are not used."""

    def __init__(self, inner_hosts: Collection[str], *, seconds: float = SECONDS) -> None:
        self._inner_hosts = inner_hosts
        self._seconds = seconds

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """Made when it is needed first: a command that sends nothing does not wait for it."""
        return httpx.create_ssl_context()

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Sent:
        try:
            async with asyncio.timeout(self._seconds):
                status = await self._status(httpx.URL(url), body, headers)
        except TimeoutError:
            return Sent(error=f"It did not answer within {self._seconds:g} seconds.")
        except ImporterError as error:
            return Sent(error=error.text)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Sent(error=f"It cannot be reached: {str(error).rstrip('.') or type(error).__name__}.")
        return Sent(status=status, error=_error(status))

    async def _status(self, url: httpx.URL, body: bytes, headers: Mapping[str, str]) -> int:
        host = url.raw_host.decode("ascii")
        port = url.port or PORTS[url.scheme]
        addresses = await checked_addresses(host, port, self._inner_hosts, setting="webhook_hosts")
        async with httpx.AsyncClient(verify=self._context, trust_env=False, timeout=self._seconds) as client:
            for address in addresses[:-1]:  # where none can be connected to, nothing was sent
                with suppress(httpx.ConnectError):
                    return await _answered(client, _request(client, url, address, body, headers))
            return await _answered(client, _request(client, url, addresses[-1], body, headers))


def _request(
    client: httpx.AsyncClient, url: httpx.URL, address: str, body: bytes, headers: Mapping[str, str]
) -> httpx.Request:
    """To the address that was checked, in the name of the host."""
    own = {
        "Host": url.netloc.decode("ascii"),
        "Content-Type": "application/json",
        "User-Agent": AGENT,
    }
    extensions = {"sni_hostname": url.raw_host.decode("ascii")}
    to = url.copy_with(host=address, userinfo=b"")
    return client.build_request("POST", to, content=body, headers={**own, **headers}, extensions=extensions)


async def _answered(client: httpx.AsyncClient, request: httpx.Request) -> int:
    """The status; the body of the answer is not read, however large it is."""
    answer = await client.send(request, stream=True, follow_redirects=False)
    await answer.aclose()
    return answer.status_code


def _error(status: int) -> str:
    if httpx.codes.is_success(status):
        return ""
    if httpx.codes.is_redirect(status):
        return f"It answered {status}, a redirect; none is followed. Change the address of the webhook."
    return f"It answered {status}."
