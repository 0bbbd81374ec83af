"""Saying who we are, as flows of httpx: a token, OAuth 1.0a signatures, an administrator's token with renewal."""

import asyncio
import logging
import time
from base64 import urlsafe_b64decode
from collections.abc import AsyncGenerator, Callable, Generator
from datetime import UTC, datetime

import httpx
import orjson
import pyotp
from oauthlib import oauth1

from importer.backends.magento.access import Access, Admin, Bearer, Credentials, OAuth1
from importer.backends.magento.answers import says
from importer.domain.errors import BackendDenied, BackendError, BackendUnavailable
from importer.domain.sentences import sentences

logging.getLogger("oauthlib").setLevel(logging.WARNING)  # below that it writes keys and signatures

LOGIN = "/rest/V1/integration/admin/token"
LOGIN_WITH_OTP = "/rest/V1/tfa/provider/google/authenticate"
LOGINS = (LOGIN, LOGIN_WITH_OTP)

OPAQUE_LIFETIME = 3600.0
"""Seconds that a token without a date is taken to live: Magento's default is four hours, recording 01 has one."""

RENEW_BEFORE = 60.0
"""Seconds before its end at which a token is renewed."""

REST_AFTER_REFUSAL = 300.0
"""Seconds in which a refused login is not tried again: Magento locks accounts after a few."""


class BearerToken(httpx.Auth):
    def __init__(self, credentials: Bearer) -> None:
        self._header = f"Bearer {credentials.token}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._header
        yield request


class Signature(httpx.Auth):
    """Magento 2.4.4 and later want HMAC-SHA256. Each sending is signed anew: a nonce counts once."""

    def __init__(self, credentials: OAuth1) -> None:
        self._signer = oauth1.Client(
            credentials.consumer_key,
            client_secret=credentials.consumer_secret,
            resource_owner_key=credentials.access_token,
            resource_owner_secret=credentials.access_token_secret,
            signature_method=oauth1.SIGNATURE_HMAC_SHA256,
        )

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        _, headers, _ = self._signer.sign(str(request.url), request.method)  # type: ignore[arg-type] # any method
        request.headers["Authorization"] = headers["Authorization"]
        yield request


class AdminToken(httpx.Auth):
    """Logs in before the first request and shortly before the token ends; a 401 renews it once and repeats the request
    (a request that is not authorized was not taken). A refused login rests, so that the account is not locked.

    `clock` gives seconds of this machine: the token's own dates are the shop's, so only their distance is used.
    """

    def __init__(self, root: str, admin: Admin, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._root, self._admin, self._clock = root, admin, clock
        self._one_at_a_time = asyncio.Lock()
        self._token, self._ends = "", 0.0
        self._refusal: BackendError | None = None
        self._rests_until = 0.0

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        used = ""
        for renewed in (False, True):
            async with self._one_at_a_time:
                if self._token in ("", used) or self._clock() >= self._ends:
                    self._not_again_too_soon()
                    answer = yield self._login()
                    await answer.aread()
                    self._take(answer)
                used = self._token
            request.headers["Authorization"] = f"Bearer {used}"
            response = yield request
            if renewed or response.status_code != httpx.codes.UNAUTHORIZED:
                return

    def _not_again_too_soon(self) -> None:
        if self._refusal is not None and self._clock() < self._rests_until:
            raise BackendDenied(
                self._refusal.text, code="shop.token", retry_after=self._rests_until - self._clock()
            )

    def _login(self) -> httpx.Request:
        words = {"username": self._admin.user, "password": self._admin.password}
        if self._admin.totp_secret:
            words["otp"] = one_time_password(self._admin.totp_secret, datetime.now(UTC))
        path = LOGIN_WITH_OTP if self._admin.totp_secret else LOGIN
        return httpx.Request(
            "POST", f"{self._root}{path}", json=words, headers={"Accept": "application/json"}
        )

    def _take(self, answer: httpx.Response) -> None:
        token = _token_in(answer)
        if token:
            self._token, self._ends = token, self._clock() + lifetime(token) - RENEW_BEFORE
            self._refusal = None
            return
        self._token = ""
        text = sentences(says(answer), f"That was the login of the administrator {self._admin.user}.")
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or answer.is_success:
            raise BackendUnavailable(text, code="shop.error")
        self._refusal = BackendDenied(sentences(text, _advice(text, self._admin)), code="shop.token")
        self._rests_until = self._clock() + REST_AFTER_REFUSAL
        raise self._refusal


def authorization(access: Access) -> httpx.Auth:
    credentials: Credentials = access.credentials
    if isinstance(credentials, Bearer):
        return BearerToken(credentials)
    if isinstance(credentials, OAuth1):
        return Signature(credentials)
    return AdminToken(access.root, credentials)


def one_time_password(secret: str, now: datetime) -> str:
    """Six digits of RFC 6238. Raises BackendDenied for a secret that is none."""
    try:
        return pyotp.TOTP(secret.replace(" ", "")).at(now)
    except ValueError:
        raise BackendDenied(
            "The second factor's secret (totp_secret) is not base32 text of at least 23 characters.",
            code="shop.token",
        ) from None


def lifetime(token: str) -> float:
    """Seconds from its issue to its end, from the token's own dates when it has some (a JWT since 2.4.4)."""
    parts = token.split(".")
    if len(parts) != 3:  # head, claims, signature
        return OPAQUE_LIFETIME
    try:
        claims = orjson.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return float(claims["exp"]) - float(claims["iat"])
    except (ValueError, KeyError, TypeError):
        return OPAQUE_LIFETIME


def _token_in(answer: httpx.Response) -> str:
    """The answer is a JSON text; anything else is no token."""
    if not answer.is_success:
        return ""
    try:
        token = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return ""
    return token if isinstance(token, str) else ""


def _advice(text: str, admin: Admin) -> str:
    if not admin.totp_secret and ("2fa" in text.lower() or "two-factor" in text.lower()):
        return "This shop asks for a second factor: set totp_secret, or better use an integration (auth = oauth1)."
    second = ", totp_secret and the clock of this machine" if admin.totp_secret else ""
    return (
        f"Check user and password{second}, and in the shop System > Permissions > All Users: active, not locked, "
        "its password not expired. It is tried again in five minutes."
    )
