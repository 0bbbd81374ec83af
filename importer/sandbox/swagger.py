"""The shop's description of itself, as Swagger 2.0, made from the route table (contract 1.1)."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from importer.sandbox.inputs import Parameter
from importer.sandbox.routes import ROUTES, Route
from importer.sandbox.shapes import Shape

SCALARS: Mapping[str, dict[str, str]] = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
}
ATTRIBUTE_VALUE = "framework-attribute-interface"
ERROR = "error-response"
CRITERIA: tuple[tuple[str, str], ...] = (
    ("searchCriteria[filterGroups][0][filters][0][field]", "string"),
    ("searchCriteria[filterGroups][0][filters][0][value]", "string"),
    ("searchCriteria[filterGroups][0][filters][0][conditionType]", "string"),
    ("searchCriteria[sortOrders][0][field]", "string"),
    ("searchCriteria[sortOrders][0][direction]", "string"),
    ("searchCriteria[pageSize]", "integer"),
    ("searchCriteria[currentPage]", "integer"),
)


def document(raw_path: str, services: str | None, host: str) -> dict[str, Any]:
    """`services`: `all`, or names such as `catalogProductRepositoryV1`, parted by commas. Raises nothing: names that are
    not known add no path."""
    base, _, way = raw_path.partition("/schema")[0].partition("/async")
    wanted = None if services in (None, "", "all") else {name.strip() for name in str(services).split(",")}
    routes = [route for route in ROUTES if wanted is None or service_name(route) in wanted]
    if f"{base}/async" in raw_path:
        routes = [route for route in routes if route.method != "GET"]
    ways = f"/async{way}" if f"{base}/async" in raw_path else ""
    return {
        "swagger": "2.0",
        "info": {"version": "2.4", "title": "Magento Open Source"},
        "host": host,
        "basePath": base or "/rest",
        "schemes": ["http"],
        "tags": [{"name": name} for name in dict.fromkeys(service_name(route) for route in routes)],
        "paths": _paths(routes, ways),
        "definitions": _definitions(routes),
        "securityDefinitions": {"api_key": {"type": "apiKey", "in": "header", "name": "Authorization"}},
        "security": [{"api_key": []}],
    }


def service_name(route: Route) -> str:
    r"""`Magento\Catalog\Api\ProductRepositoryInterface` of V1 is `catalogProductRepositoryV1`."""
    module, _, name = route.interface.removeprefix("Magento\\").partition("\\Api\\")
    version = route.url.split("/")[1]
    return f"{module[:1].lower()}{module[1:]}{name.removesuffix('Interface')}{version}".replace("\\", "")


def _paths(routes: Iterable[Route], ways: str) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for route in routes:
        bulk = ways == "/async/bulk"
        url = route.bulk_url if bulk else re.sub(r":(\w+)", r"{\1}", route.url)
        paths.setdefault(f"{ways}{url}", {})[route.method.lower()] = _operation(route, ways)
    return paths


def _operation(route: Route, ways: str) -> dict[str, Any]:
    answer = {"type": "object"} if ways else _kind(route.service.returns, search=_is_search(route))
    return {
        "tags": [service_name(route)],
        "operationId": _operation_id(route, ways),
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "parameters": _parameters(route, ways),
        "responses": {
            "202" if ways else "200": {"description": "Accepted" if ways else "OK", "schema": answer},
            **{status: _refused(text) for status, text in REFUSALS.items()},
            "default": _refused("Unexpected error"),
        },
    }


REFUSALS = {"400": "Bad request", "401": "Unauthorized", "404": "Not found", "500": "Internal server error"}


def _refused(text: str) -> dict[str, Any]:
    return {"description": text, "schema": {"$ref": f"#/definitions/{ERROR}"}}


def _operation_id(route: Route, ways: str) -> str:
    words = re.findall(r"\w+", f"{ways} {route.method} {route.url}")
    return "".join(word[:1].upper() + word[1:].lower() for word in words)


def _is_search(route: Route) -> bool:
    return any(one.kind == "search criteria" for one in route.service.parameters)


def _parameters(route: Route, ways: str) -> list[dict[str, Any]]:
    if ways == "/async/bulk":
        schema = {"type": "array", "items": _body(route, ())}
        return [{"name": "body", "in": "body", "schema": schema}]
    in_path = re.findall(r":(\w+)", route.url)
    kinds = {one.name: one.kind for one in route.service.parameters}
    found: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            **SCALARS.get(kinds.get(name, "string"), SCALARS["string"]),
        }
        for name in in_path
    ]
    if route.method in ("GET", "DELETE"):
        return found + [entry for one in _beside(route, in_path) for entry in _query(one)]
    return [*found, {"name": "body", "in": "body", "schema": _body(route, in_path)}]


def _beside(route: Route, in_path: Iterable[str]) -> list[Parameter]:
    """What the URL does not hold."""
    return [one for one in route.service.parameters if one.name not in in_path]


def _query(one: Parameter) -> list[dict[str, Any]]:
    if one.kind == "search criteria":
        return [{"name": name, "in": "query", "required": False, "type": kind} for name, kind in CRITERIA]
    if isinstance(one.kind, list):
        items = SCALARS[one.kind[0]]
        return [
            {
                "name": f"{one.name}[]",
                "in": "query",
                "type": "array",
                "items": items,
                "collectionFormat": "multi",
            }
        ]
    return [{"name": one.name, "in": "query", "required": one.required, **SCALARS[one.kind]}]


def _body(route: Route, in_path: Iterable[str]) -> dict[str, Any]:
    beside = _beside(route, in_path)
    needed = [one.name for one in beside if one.required]
    properties = {one.name: _kind(one.kind) for one in beside}
    return {"type": "object", "properties": properties, **({"required": needed} if needed else {})}


def _kind(kind: Any, *, search: bool = False) -> dict[str, Any]:
    if search:
        items = {"type": "array", "items": _kind(kind[0]) if isinstance(kind, list) else {"type": "object"}}
        count = {"type": "integer"}
        return {
            "type": "object",
            "properties": {"items": items, "search_criteria": {"type": "object"}, "total_count": count},
        }
    if isinstance(kind, list):
        return {"type": "array", "items": _kind(kind[0])}
    if isinstance(kind, Shape):
        return {"$ref": f"#/definitions/{kind.name}"}
    if kind in ("custom attributes", "plain attributes"):
        return {"type": "array", "items": {"$ref": f"#/definitions/{ATTRIBUTE_VALUE}"}}
    return dict(SCALARS.get(kind, {}))


def _definitions(routes: Iterable[Route]) -> dict[str, Any]:
    found: dict[str, Any] = {
        ERROR: {
            "type": "object",
            "required": ["message"],
            "properties": {
                "message": {"type": "string"}, "errors": {"type": "array", "items": {"type": "object"}},
                "code": {"type": "integer"}, "parameters": {}, "trace": {"type": "string"},
            },
        },
        ATTRIBUTE_VALUE: {
            "type": "object",
            "required": ["attribute_code", "value"],
            "properties": {"attribute_code": {"type": "string"}, "value": {}},
        },
    }  # fmt: skip
    for route in routes:
        for kind in (*(one.kind for one in route.service.parameters), route.service.returns):
            _define(kind, found)
    return found


def _define(kind: Any, found: dict[str, Any]) -> None:
    if isinstance(kind, list):
        _define(kind[0], found)
    elif isinstance(kind, Shape) and kind.name not in found:
        found[kind.name] = {"type": "object"}
        for inner in kind.properties.values():
            _define(inner, found)
        found[kind.name] = {
            "type": "object",
            "properties": {name: _kind(inner) for name, inner in kind.properties.items()},
        }
