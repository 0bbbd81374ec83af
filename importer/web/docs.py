"""The description of the API: the OpenAPI document for programs, and the same as a page for people."""

from functools import lru_cache
from typing import Any

import orjson
from aiohttp import web

from importer.web.openapi import document, resolved
from importer.web.operations import RULES, Answer, Operations
from importer.web.rendering import render

operations = Operations()


@lru_cache(maxsize=4)
def described(app: web.Application) -> dict[str, Any]:
    """Of all routes that the application has; worked out once."""
    return document(dict.fromkeys(app[RULES].values()))


@operations.add("GET", "/v1/openapi.json", "This document", Answer(media=("application/json",)), scope=None)
async def openapi(request: web.Request) -> web.Response:
    return web.Response(body=orjson.dumps(described(request.app)), content_type="application/json")


@operations.page("GET", "/docs", scope=None)
async def read_docs(request: web.Request) -> web.Response:
    told = described(request.app)
    words = {"it": told, "bodies": resolved(told)}
    return render("docs.html", request, words)
