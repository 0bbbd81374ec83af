"""`importer serve`: HTTP and page, and a worker in the same process unless others do the work."""

import asyncio
from typing import Annotated

import typer
from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from importer import logs
from importer.bootstrap import Importer, open_importer
from importer.cli.work import signalled, work_until
from importer.domain.errors import ConfigurationError
from importer.duties import keep_time
from importer.settings import Settings, load_settings
from importer.web.app import create_app
from importer.worker import Worker

DRAIN_SECONDS = 5.0
LISTEN_SECONDS = 1.0
"""So long a client whom we let in just before we closed the door may take to say what it wants."""


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    no_work: Annotated[
        bool, typer.Option("--no-work", help="Leave the work to `importer work`, here or elsewhere.")
    ] = False,
) -> None:
    """Serve the HTTP API and the page, and work on imports."""
    settings = load_settings()
    logs.set_up(settings.log_format)
    chosen = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    asyncio.run(serve_until_stopped(settings.model_copy(update=chosen), at_work=not no_work))


async def serve_until_stopped(settings: Settings, *, at_work: bool = True) -> None:
    """Until SIGINT or SIGTERM; running steps and requests are given a moment."""
    stopped = signalled()
    async with open_importer(settings, at_work=True) as importer:
        app = create_app(importer)
        runner = web.AppRunner(app, access_log_class=Requests, shutdown_timeout=DRAIN_SECONDS)
        await runner.setup()
        try:
            await _listen(runner, importer)
            if at_work:
                await work_until(stopped, Worker(importer), keep_time(importer))
            else:
                await stopped.wait()
        finally:
            await _close(runner)


class Requests(AbstractAccessLogger):
    """A line for each request, at INFO, without its query: an address in it may hold a secret of its own."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        path = request.rel_url.raw_path
        words = (request.method, path, response.status, time)
        self.logger.info("action=answered method=%s path=%s status=%d seconds=%.3f", *words)


async def _close(runner: web.AppRunner) -> None:
    """Nobody is let in any more, so whoever sends requests goes elsewhere; who is in already is answered."""
    if runner.sites:
        for site in list(runner.sites):
            await site.stop()
        await asyncio.sleep(LISTEN_SECONDS)
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
