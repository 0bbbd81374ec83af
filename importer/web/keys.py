"""What the application carries for its handlers."""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from importer.bootstrap import Importer
from importer.domain.tokens import Token


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """Of a stream, in seconds: how often it looks for events, and after how long without one it sends a comment, so
    that nobody in between takes it for dead."""

    look: float = 1.0
    heartbeat: float = 15.0


IMPORTER: web.AppKey[Importer] = web.AppKey("importer", Importer)
SESSION_KEY: web.AppKey[bytes] = web.AppKey("session_key", bytes)
CALLER: web.RequestKey[Token] = web.RequestKey("caller", Token)
"""Of a request: the token that it came with."""
RUNNING: web.AppKey[set[str]] = web.AppKey("running", set)
"""Idempotency keys whose request is being taken in."""
RHYTHM: web.AppKey[Rhythm] = web.AppKey("rhythm")
STOPPING: web.AppKey[asyncio.Event] = web.AppKey("stopping", asyncio.Event)
"""The service ends: streams end with it."""
