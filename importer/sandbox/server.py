"""Serving the shop on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from importer.sandbox.app import create_app
from importer.sandbox.shop import Shop


@asynccontextmanager
async def running(shop: Shop, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """The shop's address while it answers; port 0 takes a free one. Raises OSError when the port is taken, BrokerAway
    when there is no broker."""
    runner = web.AppRunner(create_app(shop), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
