"""The page: choose a file and a mapping, watch it, see the report, take the failed rows home."""

from http import HTTPStatus
from typing import Any

import aiohttp_jinja2
from aiohttp import web

from importer.domain.commands import RETRIABLE, fitting
from importer.domain.errors import ImporterError, MappingInvalid
from importer.domain.imports import Import
from importer.domain.rows import Outcome
from importer.domain.tokens import Scope
from importer.ports import Which
from importer.services.reporting import summary
from importer.web import uploads
from importer.web.access import sign_in, sign_out
from importer.web.keys import CALLER, IMPORTER
from importer.web.operations import Operations
from importer.web.problems import status_of

operations = Operations()

LISTED_IMPORTS = 20
LISTED_ROWS = 100


@operations.page("GET", "/login", scope=None)
async def login(request: web.Request) -> web.Response:
    return aiohttp_jinja2.render_template("login.html", request, {"wrong": False})


@operations.page("POST", "/login", scope=None)
async def log_in(request: web.Request) -> web.Response:
    form = await request.post()
    response = await sign_in(request, str(form.get("token", "")))
    if response is not None:
        return response
    words = {"wrong": True}
    return aiohttp_jinja2.render_template("login.html", request, words, status=HTTPStatus.UNAUTHORIZED)


@operations.page("POST", "/logout", scope=Scope.READ)
async def log_out(_request: web.Request) -> web.Response:
    return sign_out()


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
    ports = request.app[IMPORTER].ports
    caller = request[CALLER]
    latest = await ports.imports.latest(limit=LISTED_IMPORTS, which=Which(shops=caller.shops))
    words = {
        "error": error.text if error else None,
        "mappings": [_titled(request, name) for name in ports.mappings.names()],
        "shops": caller.seen(ports.shops.names()),
        "imports": [summary(state) for state in latest],
        "may_import": caller.scope.holds(Scope.IMPORT),
    }
    status = status_of(error) if error else HTTPStatus.OK
    return aiohttp_jinja2.render_template("home.html", request, words, status=status)


def _titled(request: web.Request, name: str) -> tuple[str, str]:
    mappings = request.app[IMPORTER].ports.mappings
    try:
        return name, mappings.parse(name, mappings.text(name)).title or name
    except MappingInvalid:
        return name, f"{name} (has faults)"


@operations.page("GET", "/imports/{id}", scope=Scope.READ)
async def show(request: web.Request) -> web.Response:
    words = {**await _words(request), "swapped": False}
    return aiohttp_jinja2.render_template("import.html", request, words)


@operations.page("GET", "/imports/{id}/live", scope=Scope.READ)
async def live(request: web.Request) -> web.Response:
    """The part of the page that renews itself until the import has ended.

    The buttons come along when others fit now than the page shows: one that is being pressed stays where it is.
    """
    words = await _words(request)
    shown = request.query.get("commands")
    swapped = shown is not None and shown != words["verbs"]
    return aiohttp_jinja2.render_template("live.html", request, {**words, "swapped": swapped})


async def _words(request: web.Request) -> dict[str, Any]:
    importer = request.app[IMPORTER]
    state = await importer.ports.imports.get(request.match_info["id"])
    report = await importer.reporting.account(state.id, listed=LISTED_ROWS) if state.ended else None
    verbs = fitting(state) if request[CALLER].scope.holds(Scope.IMPORT) else []
    return {
        "import_": summary(state),
        "verbs": ",".join(verbs),
        "commands": [(verb, _label(verb, state)) for verb in verbs],
        "ended": state.ended,
        "sendable": _sendable(state),
        "answered": state.confirmed + state.counts.get(Outcome.FAILED, 0),
        "report": report,
    }


def _label(verb: str, state: Import) -> str:
    """What stands on the button."""
    if verb != "retry":
        return verb.capitalize()
    rows = sum(state.counts.get(outcome, 0) for outcome in RETRIABLE)
    return f"Retry {rows:,} {'row' if rows == 1 else 'rows'}" if rows else "Retry"


def _sendable(state: Import) -> int:
    never = state.counts.get(Outcome.INVALID, 0) + state.counts.get(Outcome.SKIPPED, 0)
    return state.rows_read - never
