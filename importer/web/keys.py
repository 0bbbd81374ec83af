"""What the application carries for its handlers."""

from aiohttp import web

from importer.bootstrap import Importer

IMPORTER: web.AppKey[Importer] = web.AppKey("importer", Importer)
SESSION_KEY: web.AppKey[bytes] = web.AppKey("session_key", bytes)
CALLER: web.RequestKey[str] = web.RequestKey("caller", str)
"""Of a request: the id of the token that it came with."""
