"""`importer work`: consumers of steps without HTTP; as many processes as there is work for."""

import asyncio
import signal
from collections.abc import Coroutine, Sequence
from typing import Annotated, Any

import typer

from importer import logs
from importer.bootstrap import open_importer
from importer.domain.consumers import Consumer
from importer.domain.errors import UnknownName
from importer.duties import keep_time
from importer.settings import Settings, load_settings
from importer.web.probes import probing
from importer.worker import Worker


def work(
    consumer: Annotated[
        list[str] | None,
        typer.Option(help="Only this consumer's steps; as often as you like.", show_default=False),
    ] = None,
) -> None:
    """Work on imports that were handed in elsewhere, until stopped."""
    settings = load_settings()
    logs.set_up(settings.log_format)
    consumers = [named(settings, name) for name in consumer] if consumer else settings.all_consumers
    asyncio.run(_work(settings, consumers))


async def _work(settings: Settings, consumers: Sequence[Consumer]) -> None:
    stopped = signalled()
    async with open_importer(settings, at_work=True) as importer, probing(importer):
        typer.echo(f"importer works on {', '.join(consumer.name for consumer in consumers)}")
        await work_until(stopped, Worker(importer, consumers=consumers), keep_time(importer))


async def work_until(
    stopped: asyncio.Event, worker: Worker, beside: Coroutine[Any, Any, None] | None = None
) -> None:
    """Until it is stopped, or the work or what is done `beside` it ends by itself: then why is raised."""
    working = asyncio.create_task(worker.run())
    stopping = asyncio.create_task(stopped.wait())
    others = {asyncio.create_task(beside)} if beside else set()
    await asyncio.wait({working, stopping, *others}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    for other in others:
        other.cancel()
    worker.stop()
    await working
    for error in await asyncio.gather(*others, return_exceptions=True):
        if isinstance(error, Exception):
            raise error


def named(settings: Settings, name: str) -> Consumer:
    """Raises UnknownName."""
    consumers = {consumer.name: consumer for consumer in settings.all_consumers}
    if name not in consumers:
        raise UnknownName(
            f"There is no consumer {name}. There are: {', '.join(consumers)} (see [consumers] in the settings)."
        )
    return consumers[name]


def signalled() -> asyncio.Event:
    """Set by SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped
