"""Who may come in: a bearer token for programs, a signed cookie for the page. Everything else is refused.

The cookie names the token it was given for and when it ends, signed with a key of this installation. It is HttpOnly
and SameSite=Strict, and a changing request that carries it must come from our own page.
"""

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from importer.domain.errors import UnknownName, unknown_import
from importer.domain.mapping import suggestion
from importer.domain.tokens import Scope, Token
from importer.web.keys import CALLER, IMPORTER, SESSION_KEY
from importer.web.operations import RULES, Operation
from importer.web.problems import Forbidden, Unauthorized
from importer.web.rates import count

COOKIE = "importer_session"
SESSION_SECONDS = 12 * 3600
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
NOBODY = "Send a valid token: Authorization: Bearer <token>. The first start of `importer serve` prints one."
EXPIRED = "This token ended at {ended:%Y-%m-%d %H:%M} UTC. Ask for a new one."
TOO_LITTLE = "This token has the scope `{has}`; this needs `{needs}`."
OTHER_SITE = "This request comes from another site. Use the page of importer itself."

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A route that has no rule is for admins: forgotten is closed. Raises Unauthorized, Forbidden, and UnknownName for
    what the caller may not know of."""
    rule = request.app[RULES].get(request.match_info.route)
    changing = request.method not in SAFE_METHODS
    if rule is not None and (rule.scope is None or _open_metrics(request)):
        if changing and _other_site(request):
            raise Forbidden(OTHER_SITE, code="origin")
        return await handler(request)
    bearer = "Authorization" in request.headers
    token = await _bearer(request) if bearer else await _signed_in(request)
    if token is None:
        raise Unauthorized(NOBODY)
    if token.expired(request.app[IMPORTER].ports.clock.now()):
        raise Unauthorized(EXPIRED.format(ended=token.expires_at), code="token.expired")
    if changing and not bearer and not _own_page(request):
        raise Forbidden(OTHER_SITE, code="origin")
    if request.match_info.http_exception is None:
        await _see(request, token, rule)
    count(request, token.id)
    await request.app[IMPORTER].tokens.use(token)
    request[CALLER] = token
    return await handler(request)


def _open_metrics(request: web.Request) -> bool:
    return request.path == "/metrics" and request.app[IMPORTER].settings.metrics == "open"


async def _bearer(request: web.Request) -> Token | None:
    scheme, _, secret = request.headers["Authorization"].partition(" ")
    return await request.app[IMPORTER].tokens.of(secret.strip()) if scheme.lower() == "bearer" else None


async def _see(request: web.Request, token: Token, rule: Operation | None) -> None:
    """Raises Forbidden when the scope is too little, and UnknownName, in the same words, for what there is not and for
    what belongs to another shop."""
    needs, path = (rule.scope, rule.path) if rule else (None, "")
    if not token.scope.holds(needs or Scope.ADMIN):
        raise Forbidden(TOO_LITTLE.format(has=token.scope, needs=needs or Scope.ADMIN))
    ports = request.app[IMPORTER].ports
    if "/imports/{id}" in path:
        import_id = request.match_info["id"]
        readable = import_id.isascii() and import_id.isprintable()
        if not readable or not token.sees((await ports.imports.get(import_id)).shop):
            raise unknown_import(import_id)
    if "{shop}" in path:
        require_shop(token, request.match_info["shop"], ports.shops.names())


def require_shop(token: Token, shop: str, configured: Sequence[str]) -> None:
    """Raises UnknownName unless it is configured and the token's owner may know of it."""
    seen = token.seen(configured)
    if shop not in seen:
        raise UnknownName(f"There is no shop `{shop}`{suggestion(shop, seen)}")


async def sign_in(request: web.Request, secret: str) -> web.Response | None:
    """The answer that sets the cookie; None when nobody has this token, or it has ended."""
    importer = request.app[IMPORTER]
    token = await importer.tokens.of(secret.strip())
    if token is None or token.expired(importer.ports.clock.now()):
        return None
    ends = str(int(time.time()) + SESSION_SECONDS)
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/"})
    value = f"{token.id}.{ends}.{_signature(request, token.id, ends)}"
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


async def _signed_in(request: web.Request) -> Token | None:
    token_id, _, rest = request.cookies.get(COOKIE, "").partition(".")
    ends, _, signature = rest.partition(".")
    right = _signature(request, token_id, ends).encode()
    if not hmac.compare_digest(signature.encode("utf-8", "replace"), right) or int(ends) < time.time():
        return None  # what is signed was made by us: `ends` is a number
    return await request.app[IMPORTER].tokens.get(token_id)


def _signature(request: web.Request, token_id: str, ends: str) -> str:
    return hmac.new(
        request.app[SESSION_KEY], f"{token_id}.{ends}".encode("utf-8", "replace"), hashlib.sha256
    ).hexdigest()


def _own_page(request: web.Request) -> bool:
    """A browser that says where the request comes from, and it is our page."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return urlsplit(request.headers.get("Origin", "")).netloc == request.host


def _other_site(request: web.Request) -> bool:
    """A browser that says where the request comes from, and it is not our page."""
    told = "Sec-Fetch-Site" in request.headers or "Origin" in request.headers
    return told and not _own_page(request)
