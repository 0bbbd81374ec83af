"""Tokens for admins: which there are, a new one, and taking one back."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web

from importer.domain.errors import ImporterError, RequestError
from importer.domain.tokens import NewToken, Scope
from importer.web.access import require_shop
from importer.web.keys import CALLER, IMPORTER
from importer.web.operations import Operations
from importer.web.problems import status_of
from importer.web.rendering import render

operations = Operations()

EMPTY: dict[str, Any] = {"name": "", "scope": Scope.IMPORT.value, "shops": [], "expires": ""}


@operations.page("GET", "/tokens", scope=Scope.ADMIN)
async def show(request: web.Request) -> web.Response:
    return await _page(request, {"typed": EMPTY})


@operations.page("POST", "/tokens", scope=Scope.ADMIN)
async def create(request: web.Request) -> web.Response:
    """The page with the secret, which is shown this once; a refusal stands above the form, and what was typed in it."""
    form = await request.post()
    typed = {
        "name": str(form.get("name", "")),
        "scope": str(form.get("scope", "")),
        "shops": [str(shop) for shop in form.getall("shop", [])],
        "expires": str(form.get("expires", "")),
    }
    importer = request.app[IMPORTER]
    try:
        for shop in typed["shops"]:
            require_shop(request[CALLER], shop, importer.ports.shops.names())
        _, secret = await importer.tokens.create(_wanted(typed))
    except ImporterError as error:
        return await _page(request, {"typed": typed, "error": error})
    return await _page(request, {"typed": EMPTY, "secret": secret, "made": typed["name"]})


@operations.page("POST", "/tokens/{token}/remove", scope=Scope.ADMIN)
async def remove(request: web.Request) -> web.Response:
    await request.app[IMPORTER].tokens.remove(request.match_info["token"])
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/tokens"})


def _wanted(typed: dict[str, Any]) -> NewToken:
    """Raises RequestError."""
    if typed["scope"] not in list(Scope):
        raise RequestError(f"The scope is one of {', '.join(Scope)}.", code="token.scope")
    return NewToken(
        name=typed["name"],
        scope=Scope(typed["scope"]),
        shops=tuple(typed["shops"]) or None,
        expires_at=_end_of(typed["expires"]),
    )


def _end_of(day: str) -> datetime | None:
    """The end of the day, in UTC. Raises RequestError."""
    try:
        return datetime.fromisoformat(f"{day}T23:59:59").replace(tzinfo=UTC) if day else None
    except ValueError:
        raise RequestError(
            "The last day is a date such as 2027-01-31, or empty.", code="token.expires"
        ) from None


async def _page(request: web.Request, told: dict[str, Any]) -> web.Response:
    importer, error = request.app[IMPORTER], told.get("error")
    words = {
        "error": error.text if error else None,
        "secret": told.get("secret"),
        "made": told.get("made"),
        "typed": told["typed"],
        "scopes": list(Scope),
        "shops": importer.ports.shops.names(),
        "tokens": await importer.tokens.all(),
        "mine": request[CALLER].id,
    }
    status = status_of(error) if error else HTTPStatus.OK
    return render("tokens.html", request, words, status=status)
