"""`importer sandbox`: the practice shop on this machine."""

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import orjson
import typer

from importer.cli.sandbox_consumers import consumers as consumers_commands
from importer.domain.errors import ConfigurationError
from importer.sandbox import bugs, versions
from importer.sandbox.amqp import Address, address
from importer.sandbox.catalog import CatalogError, load_catalog
from importer.sandbox.doctor import findings
from importer.sandbox.environment import EnvironmentFileError
from importer.sandbox.latency import SECONDS
from importer.sandbox.messages import BrokerAway
from importer.sandbox.queue_files import QueueFileError
from importer.sandbox.server import running
from importer.sandbox.setup import Setup
from importer.sandbox.shop import Shop
from importer.sandbox.state import StateError

UNUSABLE = (
    CatalogError,
    EnvironmentFileError,
    QueueFileError,
    StateError,
    versions.UnknownVersion,
    bugs.UnknownBug,
)

sandbox = typer.Typer(invoke_without_command=True, no_args_is_help=False)
sandbox.add_typer(consumers_commands, name="consumers")


@sandbox.callback()
def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 8710,
    host: Annotated[str, typer.Option(help="Address to listen on; in a container 0.0.0.0.")] = "127.0.0.1",
    catalog: Annotated[
        Path | None, typer.Option(help="Catalogue file (YAML); left out: a small built-in one.")
    ] = None,
    token: Annotated[
        str | None, typer.Option(help="The token callers must show; left out: a new one.")
    ] = None,
    pace: Annotated[
        float, typer.Option(min=0, help="Operations per second of the consumers together; 0: as a real shop.")
    ] = 0.0,
    log: Annotated[
        Path | None, typer.Option(help="Append every request and write to this file (JSON lines).")
    ] = None,
    consumers: Annotated[
        int, typer.Option(min=0, help="Processes of async.operations.all inside the shop; 0: none.")
    ] = 1,
    magento: Annotated[str, typer.Option(help="2.4.4, 2.4.6 or latest.")] = versions.DEFAULT,
    bug: Annotated[
        list[str] | None,
        typer.Option(help="NAME or NAME=VALUE, again for another; see `importer sandbox bugs`."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of all dice: the same seed, the same accidents.")] = 0,
    state: Annotated[
        Path | None,
        typer.Option(help="File that keeps everything, for other processes too; left out: memory."),
    ] = None,
    config: Annotated[
        list[Path] | None, typer.Option(help="Folder with queue XML files or env.yaml, again for another.")
    ] = None,
    amqp: Annotated[
        str | None,
        typer.Option(help="A RabbitMQ: amqp://user:password@host:5672/vhost; left out: the shop plays one."),
    ] = None,
    amqp_prefix: Annotated[
        str, typer.Option(help="Put before the names of queues and exchanges there.")
    ] = "",
    cron_seconds: Annotated[
        float, typer.Option(min=0, help="How long a consumer that ended is away; a shop's cron needs 60.")
    ] = 0.0,
    instant: Annotated[bool, typer.Option("--instant", help="Nothing takes time.")] = False,
) -> None:
    """Serve a practice shop: Magento's bulk API on loopback, to try everything without a shop."""
    try:
        setup = Setup(
            magento=magento,
            bugs=dict(bugs.parsed(text) for text in bug or ()),
            seed=seed,
            state=state,
            config=tuple(config or ()),
            amqp=_address(amqp, amqp_prefix),
            latency={} if instant else SECONDS,
            cron_seconds=cron_seconds,
        )
        shop = Shop(
            catalog=load_catalog(catalog),
            token=token,
            pace=pace,
            log_path=log,
            consumers=consumers,
            setup=setup,
        )
    except UNUSABLE as error:
        raise ConfigurationError(str(error)) from None
    context.obj = shop
    if not context.invoked_subcommand:
        asyncio.run(_serve(shop, host, port))


@sandbox.command("doctor")
def doctor(context: typer.Context) -> None:
    """Say what is wrong with the queue's configuration: operations done twice, messages that vanish or pile up."""
    found = findings(context.obj)
    for sentence in found:
        typer.echo(sentence)
    if not found:
        typer.echo("All is well: every message reaches one queue with a consumer.")
    raise typer.Exit(1 if found else 0)


@sandbox.command("reset")
def reset(context: typer.Context) -> None:
    """Make the shop of a state file as it was before the first call; its token stays."""
    shop: Shop = context.obj
    shop.reset()
    typer.echo("The shop is as it was before the first call.")


@sandbox.command("dump")
def dump(context: typer.Context) -> None:
    """Print everything the shop of a state file keeps, products and all, as JSON."""
    shop: Shop = context.obj
    typer.echo(orjson.dumps(shop.entities.records.dump(), option=orjson.OPT_INDENT_2))


@sandbox.command("bugs")
def list_bugs() -> None:
    """List the bugs that --bug knows."""
    for name, bug in bugs.BUGS.items():
        typer.echo(f"{name:20}{bug.kind:9}{bug.does}")


def _address(url: str | None, prefix: str) -> Address | None:
    if url is None:
        return None
    try:
        return replace(address(url), prefix=prefix)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None


async def _serve(shop: Shop, host: str, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        async with running(shop, host=host, port=port) as base_url:
            typer.echo(
                f"The practice shop answers at {base_url}. Its settings for importer.toml:\n\n"
                f'[shops.practice]\nbase_url = "{base_url}"\ntoken = "{shop.token}"\n',
            )
            await stop.wait()
    except BrokerAway as error:
        raise ConfigurationError(str(error)) from None
    except OSError as error:
        raise ConfigurationError(
            f"Port {port} cannot be used: {os.strerror(error.errno or 0)}. Choose another with --port."
        ) from None
