"""The API. Commands answer with an id only (202), queries read projections (CQRS)."""

import re
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web
from pydantic import AwareDatetime, Field

from importer.domain.imports import ImportStatus
from importer.domain.rows import Outcome
from importer.domain.tokens import Scope, Token
from importer.ports import Which
from importer.services.reporting import row_document, summary
from importer.web import sending, uploads
from importer.web.documents import Id, ImportShown, ImportsShown, RowsShown
from importer.web.keys import CALLER, IMPORTER
from importer.web.operations import Answer, Operations
from importer.web.queries import Page, PageOfOutcomes, read, wrong

operations = Operations()

IMPORT_ID = re.compile(r"imp_[0-9a-z_]{1,60}")
RETRY_AFTER = {"Retry-After": "1"}
STATE = {"ETag": "changes with every event", "Retry-After": "seconds; until it has ended"}
SEND = "-F mapping=products -F file=@products.csv"


class ListOfImports(Page):
    status: list[ImportStatus] = Field(default=[], description=f"one or several of {', '.join(ImportStatus)}")
    shop: str | None = Field(default=None, description="the name of a shop")
    mapping: str | None = Field(default=None, description="the name of a mapping")
    since: AwareDatetime | None = Field(default=None, description="a moment such as 2026-11-25T00:00:00Z")

    def which(self, caller: Token) -> Which:
        """Of what is asked for, that which the caller may see."""
        shops = caller.shops if self.shop is None else caller.seen([self.shop])
        return Which(shops=shops, statuses=self.status, mapping=self.mapping, since=self.since)


@operations.add(
    "POST",
    "/v1/imports",
    "Import a file",
    Answer(status=HTTPStatus.ACCEPTED, document=Id, headers={"Location": "the import"}),
    scope=Scope.IMPORT,
    query=sending.Sending,
    upload=sending.BODY_TYPES,
    form=True,
    headers={"Idempotency-Key": "the same key with the same request gives the same id again"},
    problems=(409, 415),
    example=SEND,
)
async def create_import(request: web.Request) -> web.Response:
    state = await uploads.accept(request)
    headers = {"Location": f"/v1/imports/{state.id}", **RETRY_AFTER}
    return _json({"id": state.id}, status=HTTPStatus.ACCEPTED, headers=headers)


@operations.add(
    "GET",
    "/v1/imports",
    "Imports, newest first",
    Answer(document=ImportsShown),
    scope=Scope.READ,
    query=ListOfImports,
)
async def list_imports(request: web.Request) -> web.Response:
    query, caller = read(request, ListOfImports), request[CALLER]
    if query.cursor is not None and not IMPORT_ID.fullmatch(query.cursor):
        raise wrong("cursor", ListOfImports)
    found = await request.app[IMPORTER].ports.imports.latest(
        limit=query.limit, before=query.cursor, which=query.which(caller)
    )
    cursor = found[-1].id if len(found) == query.limit else None
    return _json({"items": [summary(state) for state in found], "next": cursor})


@operations.add(
    "GET",
    "/v1/imports/{id}",
    "An import",
    Answer(document=ImportShown, headers=STATE),
    Answer(status=HTTPStatus.NOT_MODIFIED, headers=STATE),
    scope=Scope.READ,
    headers={"If-None-Match": "the ETag of an earlier answer: 304 when nothing has changed"},
)
async def show_import(request: web.Request) -> web.Response:
    state = await request.app[IMPORTER].ports.imports.get(request.match_info["id"])
    headers = {"ETag": f'"{state.seq}"', **({} if state.ended else RETRY_AFTER)}
    if _is_known(request, f'"{state.seq}"'):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return _json(summary(state), headers=headers)


def _is_known(request: web.Request, etag: str) -> bool:
    """RFC 9110, 13.1.2: weakly compared, and a star fits everything."""
    known = [word.strip().removeprefix("W/") for word in request.headers.get("If-None-Match", "").split(",")]
    return etag in known or "*" in known


@operations.add(
    "GET",
    "/v1/imports/{id}/rows",
    "Rows that did not succeed, in file order",
    Answer(document=RowsShown),
    scope=Scope.READ,
    query=PageOfOutcomes,
)
async def list_rows(request: web.Request) -> web.Response:
    """`cursor` is the last record number seen."""
    ports, query = request.app[IMPORTER].ports, read(request, PageOfOutcomes)
    after = query.cursor or "0"
    if not (after.isascii() and after.isdigit() and len(after) <= sending.MOST_DIGITS):
        raise wrong("cursor", PageOfOutcomes)
    rows = await ports.rows.of(
        request.match_info["id"], outcomes=query.outcome or list(Outcome), limit=query.limit, after=int(after)
    )
    full = len({row.row for row in rows}) == query.limit
    return _json({"items": [row_document(row) for row in rows], "next": str(rows[-1].row) if full else None})


def _json(
    document: Any, *, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> web.Response:
    return web.Response(
        body=orjson.dumps(document), status=status, headers=headers, content_type="application/json"
    )
