"""Pages from templates: what a page shows, and what every page needs: its language, and who looks at it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import aiohttp_jinja2
from aiohttp import web

from importer.domain.tokens import Scope
from importer.web.keys import CALLER
from importer.web.tongues import PARAMETER, remember, tongue_of, tongues


def render(
    template: str, request: web.Request, words: Mapping[str, Any], *, status: int = HTTPStatus.OK
) -> web.Response:
    """A language that was chosen with the switch is remembered."""
    around = {**_around(request), **words}
    response = aiohttp_jinja2.render_template(template, request, around, status=status)
    remember(request, response)
    return response


def rendered(template: str, request: web.Request, words: Mapping[str, Any]) -> str:
    return aiohttp_jinja2.render_string(template, request, {**_around(request), **words})


def _around(request: web.Request) -> dict[str, Any]:
    caller = request.get(CALLER)
    scope = caller.scope if caller else None
    return {
        "say": tongue_of(request),
        "tongues": tongues().values(),
        "here": f"/{request.rel_url.raw_path.lstrip('/')}",
        "admin": scope is not None and scope.holds(Scope.ADMIN),
        "importing": scope is not None and scope.holds(Scope.IMPORT),
        "asked": [(name, value) for name, value in request.query.items() if name != PARAMETER],
    }
