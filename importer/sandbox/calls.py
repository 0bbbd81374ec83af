"""From a path to a call: the store, the way of calling, the route, and what becomes of the body.

Facts: contract 1.1 to 1.4 and 1.7; recordings 02, 04 and 20.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import unquote

from importer.sandbox.catalog import ADMIN
from importer.sandbox.contracts import Service
from importer.sandbox.errors import Refusal, cannot_process, no_route
from importer.sandbox.inputs import snake
from importer.sandbox.routes import Route, match
from importer.sandbox.search import is_criteria
from importer.sandbox.shapes import Shape
from importer.sandbox.shop import Shop

METHODS = ("GET", "POST", "PUT", "DELETE")
FORM = re.compile(r"(/async/bulk|/async)?(/V\d.*)")
SCHEMA = re.compile(r"(?:/async/bulk|/async)?/schema")
ME = "me"
NOT_ALLOWED = 405
ALIASES = {("POST", "/asyncProducts"): "/async/V1/products"}
"""The one route of webapi_async.xml that Magento comes with (contract 1.1)."""


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
        raise _no_method(shop, method)
    store_id, path = _store(shop, _path(raw_path))
    path = ALIASES.get((method, path), path)
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


def _no_method(shop: Shop, method: str) -> Refusal:
    if shop.version.patch_status == NOT_ALLOWED:
        return Refusal(405, "The %1 HTTP method is not supported.", [method])
    return Refusal(400, "Request method is invalid.")


def is_schema(shop: Shop, method: str, raw_path: str) -> bool:
    """Whether the shop's own description is asked for, of whichever way of calling."""
    return method == "GET" and SCHEMA.fullmatch(_store(shop, _path(raw_path))[1]) is not None


def _path(raw_path: str) -> str:
    return raw_path.partition("?")[0].removeprefix("/rest")


def _store(shop: Shop, path: str) -> tuple[int, str]:
    """`all` is the admin store, no code is the default store view; an unknown code stays in the path (contract 1.7)."""
    first, _, rest = path.lstrip("/").partition("/")
    if first == "all":
        return ADMIN, f"/{rest}"
    store = shop.catalog.store(first)
    return (store.id, f"/{rest}") if store else (shop.catalog.default_store.id, path)


def single(call: Call, body: Any, query: Mapping[str, str]) -> Any:
    """The parameters of a call that is no bulk: body, query and path; the later ones win (contract 1.4)."""
    parameters: dict[str, Any] = {**_plain(query), **call.parameters}
    if call.route.method in ("GET", "DELETE"):
        return parameters | _criteria(call.route.service, query)
    found = dict(body) if isinstance(body, dict) else {}
    if call.route.method == "PUT" and parameters:
        name, value = list(parameters.items())[-1]
        if value != ME:
            found = _overridden(found, name, value, call.route.service)
    return {**found, **parameters}


def _plain(query: Mapping[str, str]) -> dict[str, Any]:
    """`a[]=1&a[]=2` is a list; what belongs to search criteria is read elsewhere."""
    found: dict[str, Any] = {}
    for name in dict.fromkeys(query):
        if is_criteria(name):
            continue
        if name.endswith("[]"):
            found[name[:-2]] = query.getall(name) if hasattr(query, "getall") else [query[name]]
        else:
            found[name] = query[name]
    return found


def _criteria(service: Service, query: Mapping[str, str]) -> dict[str, Any]:
    """Search criteria are one parameter, spread over many names of the query."""
    given = {name: value for name, value in query.items() if is_criteria(name)}
    names = [one.name for one in service.parameters if one.kind == "search criteria"]
    return dict.fromkeys(names, given or None)


def _overridden(body: dict[str, Any], name: str, value: str, service: Service) -> dict[str, Any]:
    """A PUT's last parameter goes into the one object of the body if that has such a property, or beside it."""
    if len(body) == 1:
        [(key, inner)] = body.items()
        kinds = {one.name: one.kind for one in service.parameters} | {
            one.snake: one.kind for one in service.parameters
        }
        kind = kinds.get(key)
        if isinstance(inner, dict) and isinstance(kind, Shape) and snake(name) in kind.properties:
            place = name if name in inner else snake(name)
            return {key: {**inner, place: value}}
    return {**body, name: value}


def several(body: Any, query: Mapping[str, str], *, skips_odd_items: bool = False) -> Any:
    """The items of a bulk. Query parameters become items too, and being texts they crash; newer versions leave out
    whatever is no object (contract 1.4, S4)."""
    if skips_odd_items:
        return _objects(body)
    if not query:
        return body
    items = dict(enumerate(body)) if isinstance(body, list) else dict(body or {})
    return {**{str(key): item for key, item in items.items()}, **query}


def _objects(body: Any) -> Any:
    if isinstance(body, list):
        return [item for item in body if isinstance(item, dict | list)]
    if isinstance(body, dict):
        return {name: item for name, item in body.items() if isinstance(item, dict | list)}
    return None
