"""`importer sandbox`: the practice shop on this machine."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from importer.domain.errors import ConfigurationError
from importer.sandbox.catalog import CatalogError, load_catalog
from importer.sandbox.server import running
from importer.sandbox.shop import Shop


def sandbox(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 8710,
    catalog: Annotated[
        Path | None, typer.Option(help="Catalogue file (YAML); left out: a small built-in one.")
    ] = None,
    token: Annotated[
        str | None, typer.Option(help="The token callers must show; left out: a new one.")
    ] = None,
    pace: Annotated[
        float, typer.Option(min=0, help="Operations per second of the consumer; 0: no limit.")
    ] = 0.0,
    log: Annotated[
        Path | None, typer.Option(help="Append every request and write to this file (JSON lines).")
    ] = None,
) -> None:
    """Serve a practice shop: Magento's bulk API on loopback, to try everything without a shop."""
    try:
        shop = Shop(catalog=load_catalog(catalog), token=token, pace=pace, log_path=log)
    except CatalogError as error:
        raise ConfigurationError(str(error)) from None
    asyncio.run(_serve(shop, port))


async def _serve(shop: Shop, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        async with running(shop, port=port) as base_url:
            typer.echo(
                f"The practice shop answers at {base_url}. Its settings for importer.toml:\n\n"
                f'[shops.practice]\nbase_url = "{base_url}"\ntoken = "{shop.token}"\n',
            )
            await stop.wait()
    except OSError as error:
        raise ConfigurationError(
            f"Port {port} cannot be used: {error.strerror}. Choose another with --port."
        ) from None
