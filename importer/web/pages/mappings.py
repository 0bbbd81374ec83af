"""Mappings: which there are, and in words what one does with each column."""

from aiohttp import web

from importer.domain.tokens import Scope
from importer.transform import wording
from importer.web.keys import IMPORTER
from importer.web.mappings import listed
from importer.web.operations import Operations
from importer.web.rendering import render

operations = Operations()


@operations.page("GET", "/mappings", scope=Scope.READ)
async def show_all(request: web.Request) -> web.Response:
    names = request.app[IMPORTER].ports.mappings.names()
    words = {"mappings": [listed(request, name) for name in names]}
    return render("mappings.html", request, words)


@operations.page("GET", "/mappings/{mapping}", scope=Scope.READ)
async def show(request: web.Request) -> web.Response:
    name, mappings = request.match_info["mapping"], request.app[IMPORTER].ports.mappings
    text, told = mappings.text(name), listed(request, name)
    columns = [] if told["faults"] else wording.told(mappings.parse(name, text))
    words = {"mapping": told, "text": text, "columns": columns}
    return render("mapping.html", request, words)
