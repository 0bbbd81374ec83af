"""Tokens over HTTP, for admins: which there are, a new one (its secret is shown this once), and taking one back."""

from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web
from pydantic import AwareDatetime, Field

from importer.domain.errors import RequestError, UnknownName
from importer.domain.tokens import NewToken, Scope, Token
from importer.web.access import require_shop
from importer.web.bodies import Body, read
from importer.web.documents import TokenMade, TokensShown
from importer.web.keys import CALLER, IMPORTER
from importer.web.operations import Answer, Operations

operations = Operations()

EXAMPLE = """--json '{"name": "night", "scope": "import", "shops": ["main"]}'"""


class WantedToken(Body):
    """A token to be made."""

    name: str = Field(description="a text: whom it is for")
    scope: Scope = Field(description="read, import or admin; each holds those before it")
    shops: tuple[str, ...] | None = Field(
        default=None, description="a list of shops, or null for all of them"
    )
    expires_at: AwareDatetime | None = Field(
        default=None, description="a moment such as 2027-01-31T00:00:00Z, or null for no end"
    )


@operations.add(
    "GET",
    "/v1/tokens",
    "Tokens, oldest first; never their secrets",
    Answer(document=TokensShown),
    scope=Scope.ADMIN,
)
async def list_tokens(request: web.Request) -> web.Response:
    found = await request.app[IMPORTER].tokens.all()
    return web.json_response({"items": [shown(token) for token in found]})


@operations.add(
    "POST",
    "/v1/tokens",
    "Make a token; the answer alone shows its secret",
    Answer(status=HTTPStatus.CREATED, document=TokenMade),
    scope=Scope.ADMIN,
    body=WantedToken,
    example=EXAMPLE,
)
async def create_token(request: web.Request) -> web.Response:
    """The one command that answers with more than an id: nobody could ask for the secret later."""
    importer, wanted = request.app[IMPORTER], await read(request, WantedToken)
    for shop in wanted.shops or ():
        _require(request, shop)
    token_id, secret = await importer.tokens.create(NewToken(**dict(wanted)))
    return web.Response(
        status=HTTPStatus.CREATED,
        body=orjson.dumps({"id": token_id, "token": secret}),
        content_type="application/json",
    )


@operations.add(
    "DELETE",
    "/v1/tokens/{token}",
    "Take a token back; pages that use it log out",
    Answer(status=HTTPStatus.NO_CONTENT),
    scope=Scope.ADMIN,
)
async def remove_token(request: web.Request) -> web.Response:
    await request.app[IMPORTER].tokens.remove(request.match_info["token"])
    return web.Response(status=HTTPStatus.NO_CONTENT)


def _require(request: web.Request, shop: str) -> None:
    """Raises RequestError: a shop that is not there is a fault of the body, not of the address."""
    try:
        require_shop(request[CALLER], shop, request.app[IMPORTER].ports.shops.names())
    except UnknownName as error:
        raise RequestError(error.text, code=error.code) from None


def shown(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scope": token.scope.value,
        "shops": list(token.shops) if token.shops is not None else None,
        "created_at": token.created_at.isoformat(),
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
        "used_at": token.used_at.isoformat() if token.used_at else None,
    }
