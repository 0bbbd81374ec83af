"""Shops that the reader may see, and whether one is ready for imports. Their secrets are never shown."""

from typing import Any

from aiohttp import web

from importer.bootstrap import open_trial
from importer.domain.tokens import Scope
from importer.domain.trials import Found
from importer.web.keys import CALLER, IMPORTER
from importer.web.operations import Operations
from importer.web.rendering import render

operations = Operations()


@operations.page("GET", "/shops", scope=Scope.READ)
async def show(request: web.Request) -> web.Response:
    return render("shops.html", request, _words(request, {}))


@operations.page("POST", "/shops/{shop}/test", scope=Scope.IMPORT)
async def test(request: web.Request) -> web.Response:
    """The part of the page about this shop for a script, the page with it else."""
    name = request.match_info["shop"]
    async with open_trial(request.app[IMPORTER].settings, name) as trial:
        checks = [check async for check in trial.checks(canary=None)]
    words = _words(request, {name: checks})
    if "HX-Request" in request.headers:
        return render("trial.html", request, {**words, "name": name, "checks": checks})
    return render("shops.html", request, words)


def _words(request: web.Request, trials: dict[str, Any]) -> dict[str, Any]:
    configured = request.app[IMPORTER].settings.shops
    seen = [(name, shop) for name, shop in sorted(configured.items()) if request[CALLER].sees(name)]
    return {"shops": seen, "trials": trials, "bad": Found.BAD}
