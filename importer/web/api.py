"""The API. Commands answer with an id only (202), queries read projections (CQRS)."""

from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

from importer.domain.errors import RequestError
from importer.domain.rows import Outcome
from importer.domain.tokens import Scope
from importer.services.reporting import row_document, summary
from importer.web import uploads
from importer.web.keys import CALLER, IMPORTER
from importer.web.operations import Operations
from importer.web.reports import outcomes

operations = Operations()

DEFAULT_LIMIT, MOST = 50, 500
RETRY_AFTER = {"Retry-After": "1"}
CURSOR = "`cursor` is the `next` of an earlier answer."


@operations.page("GET", "/livez", scope=None)
async def livez(_request: web.Request) -> web.Response:
    return web.Response(text="alive\n")


@operations.add("POST", "/v1/imports", "Import a file", scope=Scope.IMPORT)
async def create_import(request: web.Request) -> web.Response:
    state = await uploads.accept(request)
    headers = {"Location": f"/v1/imports/{state.id}", **RETRY_AFTER}
    return _json({"id": state.id}, status=HTTPStatus.ACCEPTED, headers=headers)


@operations.add("GET", "/v1/imports", "Imports, newest first", scope=Scope.READ, query=("limit", "cursor"))
async def list_imports(request: web.Request) -> web.Response:
    limit = _limit(request)
    before = request.query.get("cursor")
    if before is not None and not before.startswith("imp_"):
        raise RequestError(CURSOR, code="query.cursor")
    found = await request.app[IMPORTER].ports.imports.latest(
        limit=limit, before=before, shops=request[CALLER].shops
    )
    cursor = found[-1].id if len(found) == limit else None
    return _json({"items": [summary(state) for state in found], "next": cursor})


@operations.add("GET", "/v1/imports/{id}", "An import", scope=Scope.READ)
async def show_import(request: web.Request) -> web.Response:
    state = await request.app[IMPORTER].ports.imports.get(request.match_info["id"])
    return _json(summary(state), headers={} if state.ended else RETRY_AFTER)


@operations.add(
    "GET",
    "/v1/imports/{id}/rows",
    "Rows that did not succeed",
    scope=Scope.READ,
    query=("outcome", "limit", "cursor"),
)
async def list_rows(request: web.Request) -> web.Response:
    """Rows that did not succeed, in file order; `cursor` is the last record number seen."""
    ports = request.app[IMPORTER].ports
    state = await ports.imports.get(request.match_info["id"])
    limit, after = _limit(request), request.query.get("cursor", "0")
    if not after.isdigit():
        raise RequestError(CURSOR, code="query.cursor")
    rows = await ports.rows.of(
        state.id, outcomes=outcomes(request) or list(Outcome), limit=limit, after=int(after)
    )
    full = len({row.row for row in rows}) == limit
    return _json({"items": [row_document(row) for row in rows], "next": str(rows[-1].row) if full else None})


@operations.add("GET", "/v1/mappings", "Mappings", scope=Scope.READ)
async def list_mappings(request: web.Request) -> web.Response:
    return _json({"items": [{"name": name} for name in request.app[IMPORTER].ports.mappings.names()]})


@operations.add("GET", "/v1/shops", "Shops", scope=Scope.READ)
async def list_shops(request: web.Request) -> web.Response:
    return _json(
        {
            "items": [
                {"name": name} for name in request[CALLER].seen(request.app[IMPORTER].ports.shops.names())
            ]
        }
    )


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", str(DEFAULT_LIMIT))
    if not text.isdigit() or not 1 <= int(text) <= MOST:
        raise RequestError(f"`limit` is a number from 1 to {MOST}, not '{text}'.", code="query.limit")
    return int(text)


def _json(
    document: Any, *, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> web.Response:
    return web.Response(
        body=orjson.dumps(document), status=status, headers=headers, content_type="application/json"
    )
