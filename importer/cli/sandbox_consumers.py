"""`importer sandbox consumers`: the consumers of the practice shop, with the commands that Magento has for them."""

import asyncio
import signal
from typing import Annotated

import typer

from importer.domain.errors import ConfigurationError
from importer.sandbox.consumer import Consumer, Killed
from importer.sandbox.locks import ProcessLocks, Running
from importer.sandbox.messages import BrokerAway
from importer.sandbox.shop import Shop

consumers = typer.Typer(help="List, start and restart consumers of the practice shop's queues.")


@consumers.command("list")
def list_names(context: typer.Context) -> None:
    """List the consumers that are configured, one a line; not those that run."""
    shop: Shop = context.obj
    for name in shop.queue_config.consumers:
        typer.echo(name)


@consumers.command("start")
def start(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the consumer.")],
    max_messages: Annotated[int, typer.Option(min=0, help="End after so many messages; 0: never.")] = 0,
    single_thread: Annotated[bool, typer.Option("--single-thread", help="Refuse to run twice.")] = False,
    multi_process: Annotated[
        int | None, typer.Option(min=0, help="Number of this process among several.")
    ] = None,
) -> None:
    """Start a consumer in this process; needs --state or --amqp before the command, or it has nothing to do."""
    shop: Shop = context.obj
    if name not in shop.queue_config.consumers:
        raise ConfigurationError(
            f'Specified consumer "{name}" is not declared. There are {", ".join(shop.queue_config.consumers)}.'
        )
    if not shop.state.shared:
        raise ConfigurationError(
            "A consumer in a process of its own shares a state file with its shop: importer sandbox --state FILE "
            "consumers start ..."
        )
    number = multi_process if multi_process is not None else (0 if single_thread else None)
    try:
        with ProcessLocks(shop.state).held(name, number):
            served = asyncio.run(_run(shop, name, max_messages))
    except Running:
        typer.echo(f"Consumer with the same name is running: {name}.", err=True)
        raise typer.Exit(1) from None
    except BrokerAway as error:
        raise ConfigurationError(str(error)) from None
    except Killed:
        typer.echo("PHP Fatal error: the consumer died in the middle of an operation.", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{served} messages.")


@consumers.command("restart")
def restart(context: typer.Context) -> None:
    """Tell every consumer with a limit of messages to end before its next one."""
    shop: Shop = context.obj
    shop.restart_consumers()
    typer.echo("Consumers with a limit of messages end before their next one; those without do not look.")


async def _run(shop: Shop, name: str, limit: int) -> int:
    """Until the limit, a signal, or the consumer's own end."""
    config = shop.queue_config.consumers[name]
    consumer = Consumer(shop, config, limit=min((n for n in (limit, config.max_messages) if n), default=0))
    task = asyncio.create_task(consumer.run())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return consumer.served
    finally:
        await shop.close()
