"""What the application carries for its handlers."""

from collections.abc import Mapping

from aiohttp import web

from importer.bootstrap import Importer
from importer.domain.tokens import Token
from importer.web.operations import Operation

IMPORTER: web.AppKey[Importer] = web.AppKey("importer", Importer)
SESSION_KEY: web.AppKey[bytes] = web.AppKey("session_key", bytes)
RULES: web.AppKey[Mapping[web.AbstractRoute, Operation]] = web.AppKey("rules")
"""Route -> what is known of it."""
CALLER: web.RequestKey[Token] = web.RequestKey("caller", Token)
"""Of a request: the token that it came with."""
