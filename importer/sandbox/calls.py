"""From a path to a call: the store, the way of calling, the route, the token, and what becomes of the body.

Facts: contract 1.1 to 1.4, 1.7 and 4; recordings 02, 04 and 20.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import unquote

from importer.sandbox.catalog import ADMIN
from importer.sandbox.errors import Refusal, cannot_process, no_route, unauthorized
from importer.sandbox.routes import Route, match
from importer.sandbox.shop import Shop

METHODS = ("GET", "POST", "PUT", "DELETE")
FORM = re.compile(r"(/async/bulk|/async)?(/V.*)")


class Way(StrEnum):
    SYNC = ""
    ASYNC = "/async"
    BULK = "/async/bulk"


@dataclass(frozen=True, kw_only=True)
class Call:
    """`parameters` are the values of the path, decoded; a bulk route has none."""

    way: Way
    route: Route
    parameters: Mapping[str, str]
    store_id: int


def resolve(shop: Shop, method: str, raw_path: str) -> Call:
    """What a request calls; the path is still encoded, so that a SKU may hold a slash. Raises Refusal."""
    if method not in METHODS:
        raise Refusal(400, "Request method is invalid.")
    store_id, path = _store(shop, raw_path.removeprefix("/rest"))
    form = FORM.fullmatch(path)
    way = Way(form[1] or "") if form else Way.SYNC
    if not form or (way and method == "GET"):
        raise cannot_process()
    hit = match(method, form[2], bulk=way is Way.BULK)
    if hit is None:
        raise no_route()
    route, parameters = hit
    decoded = {name: unquote(value) for name, value in parameters.items()}
    return Call(way=way, route=route, parameters=decoded, store_id=store_id)


def _store(shop: Shop, path: str) -> tuple[int, str]:
    """`all` is the admin store, no code is the default store view; an unknown code stays in the path (contract 1.7)."""
    first, _, rest = path.lstrip("/").partition("/")
    if first == "all":
        return ADMIN, f"/{rest}"
    store = shop.catalog.store(first)
    return (store.id, f"/{rest}") if store else (shop.catalog.default_store.id, path)


def authorize(shop: Shop, header: str, resource: str) -> None:
    """401 whatever is missing, never 403 (contract S32). Raises Refusal."""
    scheme, _, token = header.partition(" ")
    known = hmac.compare_digest(token.strip().encode(), shop.token.encode())
    if scheme.lower() != "bearer" or not known:
        raise unauthorized(resource)


def single(call: Call, body: Any, query: Mapping[str, str]) -> Any:
    """The parameters of a call that is no bulk: body, query and path; the later ones win (contract 1.4)."""
    parameters = {**query, **call.parameters}
    if call.route.method == "DELETE":
        return parameters
    found = dict(body) if isinstance(body, dict) else {}
    if call.route.method == "PUT" and parameters:
        name, value = list(parameters.items())[-1]
        found = _overridden(found, name, value)
    return {**found, **parameters}


def _overridden(body: dict[str, Any], name: str, value: str) -> dict[str, Any]:
    """A PUT's last parameter goes into the one object of the body, or beside the others when there are several."""
    if len(body) == 1:
        [(key, inner)] = body.items()
        if isinstance(inner, dict):
            return {key: {**inner, name: value}}
    return {**body, name: value}


def several(body: Any, query: Mapping[str, str]) -> Any:
    """The items of a bulk. Query parameters become items too, and being texts they crash (contract S4)."""
    if not query:
        return body
    items = dict(enumerate(body)) if isinstance(body, list) else dict(body or {})
    return {**{str(key): item for key, item in items.items()}, **query}
