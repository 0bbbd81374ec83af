"""Who may come in: a bearer token for programs, a signed cookie for the page. Everything else is refused.

The cookie names the token it was given for and when it ends, signed with a key of this installation. It is HttpOnly
and SameSite=Strict, and a changing request that carries it must come from our own page.
"""

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from importer.store.tokens import digest
from importer.web.keys import CALLER, IMPORTER, SESSION_KEY
from importer.web.problems import FOR_PROGRAMS, refuse

COOKIE = "importer_session"
SESSION_SECONDS = 12 * 3600
OPEN_PATHS = ("/login", "/livez", "/readyz")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    if _is_open(request):
        return await handler(request)
    tokens = request.app[IMPORTER].tokens
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        found = await tokens.of(digest(token.strip())) if scheme.lower() == "bearer" else None
        if found is not None:
            request[CALLER] = found
            return await handler(request)
        return _unauthorized(request)
    token_id = _signed_in(request)
    if token_id is None or not await tokens.known(token_id):
        return _unauthorized(request)
    if request.method not in SAFE_METHODS and not _own_page(request):
        text = "This request comes from another site. Use the page of importer itself."
        return refuse(request, HTTPStatus.FORBIDDEN, "origin", text)
    request[CALLER] = token_id
    return await handler(request)


def _is_open(request: web.Request) -> bool:
    if request.path == "/metrics":
        return request.app[IMPORTER].settings.metrics == "open"
    return request.path in OPEN_PATHS or request.path.startswith("/static/")


async def sign_in(request: web.Request, token: str) -> web.Response | None:
    """The answer that sets the cookie; None when nobody has this token."""
    token_id = await request.app[IMPORTER].tokens.of(digest(token.strip()))
    if token_id is None:
        return None
    ends = str(int(time.time()) + SESSION_SECONDS)
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/"})
    value = f"{token_id}.{ends}.{_signature(request, token_id, ends)}"
    response.set_cookie(
        COOKIE,
        value,
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="Strict",
        secure=request.secure,
        path="/",
    )
    return response


def sign_out() -> web.Response:
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/login"})
    response.del_cookie(COOKIE, path="/")
    return response


def session_key(folder: Path) -> bytes:
    """The key of this installation, made on first use, readable by its owner only."""
    path = folder / "session.key"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # the state may lie elsewhere
        part = path.with_name(f"session.key.{secrets.token_hex(4)}")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
        part.replace(path)
    return path.read_bytes()


def _signed_in(request: web.Request) -> str | None:
    token_id, _, rest = request.cookies.get(COOKIE, "").partition(".")
    ends, _, signature = rest.partition(".")
    if not ends.isdigit() or int(ends) < time.time():
        return None
    good = hmac.compare_digest(signature, _signature(request, token_id, ends))
    return token_id if good else None


def _signature(request: web.Request, token_id: str, ends: str) -> str:
    return hmac.new(request.app[SESSION_KEY], f"{token_id}.{ends}".encode(), hashlib.sha256).hexdigest()


def _own_page(request: web.Request) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return urlsplit(request.headers.get("Origin", "")).netloc == request.host


def _unauthorized(request: web.Request) -> web.StreamResponse:
    if not request.path.startswith(FOR_PROGRAMS):
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/login"})
    response = refuse(
        request,
        HTTPStatus.UNAUTHORIZED,
        "unauthorized",
        "Send a valid token: Authorization: Bearer <token>. The first start of `importer serve` prints one.",
    )
    response.headers["WWW-Authenticate"] = "Bearer"
    return response
