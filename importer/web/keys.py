"""What the application carries for its handlers."""

from aiohttp import web

from importer.bootstrap import Importer

IMPORTER: web.AppKey[Importer] = web.AppKey("importer", Importer)
SESSION_KEY: web.AppKey[bytes] = web.AppKey("session_key", bytes)
