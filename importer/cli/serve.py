"""`importer serve`: HTTP, page and worker in one process."""

import asyncio
import logging
import os
import signal
from typing import Annotated

import typer
from aiohttp import web

from importer.bootstrap import Importer, open_importer
from importer.domain.errors import ConfigurationError
from importer.settings import Settings, load_settings
from importer.web.app import create_app
from importer.worker import Worker

DRAIN_SECONDS = 5.0


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
) -> None:
    """Serve the HTTP API and the page, and work on imports."""
    logging.basicConfig(
        level=os.environ.get("IMPORTER_LOG", "WARNING"), format="%(asctime)s %(levelname)s %(message)s"
    )
    settings = load_settings()
    chosen = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    asyncio.run(serve_until_stopped(settings.model_copy(update=chosen)))


async def serve_until_stopped(settings: Settings) -> None:
    """Until SIGINT or SIGTERM; running requests are given a moment."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_importer(settings) as importer:
        runner = web.AppRunner(create_app(importer), shutdown_timeout=DRAIN_SECONDS)
        await runner.setup()
        try:
            await _listen(runner, importer)
            worker = asyncio.create_task(Worker(importer, keeps_time=True).run())
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({worker, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if worker.done():
                await worker
            worker.cancel()
            await asyncio.wait({worker})
        finally:
            await runner.cleanup()


async def _listen(runner: web.AppRunner, importer: Importer) -> None:
    host, port = importer.settings.host, importer.settings.port
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
    except OSError as error:
        text = f"Cannot listen on {host}:{port}: {error.strerror or error}. Choose another port with --port."
        raise ConfigurationError(text) from None
    address = f"http://{host}:{runner.addresses[0][1]}/"
    token = await importer.tokens.first()
    typer.echo(f"importer serves {address}")
    if token:
        typer.echo(f"Your token (shown once, needed to log in): {token}")
    if not importer.settings.shops:
        typer.echo("No shop is configured yet; see the README for importer.toml.")
