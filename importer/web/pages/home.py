"""The first page: a file to import, and the imports there were."""

from http import HTTPStatus
from typing import Any

from aiohttp import web

from importer.domain.errors import ImporterError, MappingInvalid
from importer.domain.imports import Import, ImportStatus
from importer.domain.tokens import Scope
from importer.ports import Which
from importer.web import uploads
from importer.web.keys import CALLER, IMPORTER
from importer.web.operations import Operations
from importer.web.problems import status_of
from importer.web.rendering import render
from importer.web.tongues import tongue_of

operations = Operations()

LISTED = 20
FILTERS = ("status", "shop", "mapping")


@operations.page("GET", "/", scope=Scope.READ)
async def home(request: web.Request) -> web.Response:
    return await _home(request)


@operations.page("POST", "/imports", scope=Scope.IMPORT)
async def upload(request: web.Request) -> web.Response:
    """The form of the page; a refusal is shown above the form."""
    try:
        state = await uploads.accept(request)
    except ImporterError as error:
        return await _home(request, error=error)
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/imports/{state.id}"})


async def _home(request: web.Request, *, error: ImporterError | None = None) -> web.Response:
    ports, caller = request.app[IMPORTER].ports, request[CALLER]
    shops, mappings = caller.seen(ports.shops.names()), ports.mappings.names()
    known = {"status": [status.value for status in ImportStatus], "shop": shops, "mapping": mappings}
    chosen = {name: request.query.get(name, "") for name in FILTERS}
    which = {name: value if value in known[name] else "" for name, value in chosen.items()}
    latest = await ports.imports.latest(
        limit=LISTED + 1, before=_before(request), which=_which(which, caller.shops)
    )
    words = {
        "error": error.text if error else None,
        "mappings": [_titled(request, name) for name in mappings],
        "shops": shops,
        "known": known,
        "chosen": which,
        "strange": [value for name, value in chosen.items() if value and not which[name]],
        "filtered": any(chosen.values()) or "before" in request.query,
        "imports": [_listed(request, state) for state in latest[:LISTED]],
        "older": latest[LISTED - 1].id if len(latest) > LISTED else None,
        "may_import": caller.scope.holds(Scope.IMPORT),
    }
    status = status_of(error) if error else HTTPStatus.OK
    return render("home.html", request, words, status=status)


def _before(request: web.Request) -> str | None:
    """The id that the page goes on after; what cannot be one is as if nothing was said."""
    text = request.query.get("before", "")
    return text if text.isascii() and text.isprintable() and text else None


def _which(chosen: dict[str, str], shops: tuple[str, ...] | None) -> Which:
    return Which(
        shops=[chosen["shop"]] if chosen["shop"] else shops,
        statuses=[ImportStatus(chosen["status"])] if chosen["status"] else (),
        mapping=chosen["mapping"] or None,
    )


def _listed(request: web.Request, state: Import) -> dict[str, Any]:
    return {
        "id": state.id,
        "name": state.kept.name,
        "shop": state.shop,
        "status": state.status.value,
        "dry_run": state.dry_run,
        "equation": tongue_of(request).equation(state.rows_read, state.counts),
        "accepted_at": state.accepted_at.isoformat(),
    }


def _titled(request: web.Request, name: str) -> tuple[str, str]:
    mappings = request.app[IMPORTER].ports.mappings
    try:
        return name, mappings.parse(name, mappings.text(name)).title or name
    except MappingInvalid:
        return name, tongue_of(request)("{name} (has faults)", name=name)
