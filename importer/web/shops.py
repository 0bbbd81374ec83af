"""Shops over HTTP: which there are, and whether one is ready for imports. Their secrets are never shown."""

import orjson
from aiohttp import web

from importer.bootstrap import open_trial
from importer.domain.tokens import Scope
from importer.domain.trials import Found
from importer.web.documents import ShopsShown, TrialShown
from importer.web.keys import CALLER, IMPORTER
from importer.web.operations import Answer, Operations

operations = Operations()


@operations.add(
    "GET", "/v1/shops", "Shops that the token may see", Answer(document=ShopsShown), scope=Scope.READ
)
async def list_shops(request: web.Request) -> web.Response:
    configured = request.app[IMPORTER].settings.shops
    items = [
        {"name": name, "base_url": shop.base_url, "auth": shop.auth, "mode": shop.mode}
        for name, shop in sorted(configured.items())
        if request[CALLER].sees(name)
    ]
    return web.Response(body=orjson.dumps({"items": items}), content_type="application/json")


@operations.add(
    "POST",
    "/v1/shops/{shop}/test",
    "Look at everything that an import needs from the shop; nothing is changed there",
    Answer(document=TrialShown),
    scope=Scope.IMPORT,
)
async def test_shop(request: web.Request) -> web.Response:
    """It takes as long as the shop takes to answer some fifteen requests."""
    name = request.match_info["shop"]
    async with open_trial(request.app[IMPORTER].settings, name) as trial:
        checks = [check async for check in trial.checks(canary=None)]
    told = [{"name": one.name, "found": one.found, "text": one.text, "code": one.code} for one in checks]
    ready = not any(one.found is Found.BAD for one in checks)
    return web.Response(
        body=orjson.dumps({"shop": name, "ready": ready, "checks": told}), content_type="application/json"
    )
