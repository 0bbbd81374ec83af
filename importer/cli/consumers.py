"""`importer consumers`: who works on which steps, and the steps that are dead; the shape that Magento people know."""

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from typing import Annotated, Any

import orjson
import typer

from importer import logs
from importer.bootstrap import open_importer
from importer.cli.work import named, signalled, work_until
from importer.domain.consumers import Consumer
from importer.domain.errors import StateUnavailable, Untimely
from importer.domain.steps import DeadStep, Load
from importer.ports import Duties
from importer.settings import Settings, load_settings
from importer.worker import Worker

HOLD_SECONDS = 10.0
"""So long a consumer that ran alone and was killed keeps another one from starting."""

consumers = typer.Typer(help="List and start consumers; give dead steps back.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


@consumers.command("list")
def list_consumers(as_json: AsJson = False) -> None:
    """Each consumer with its queue, the steps that wait and run, and since when the oldest of them has been due."""
    settings = load_settings()
    found = [_line(settings, *one) for one in asyncio.run(_loads(settings))]
    if as_json:
        _print(found)
        return
    typer.echo(f"{'name':16} {'queue':32} {'waiting':>8} {'running':>8} {'oldest':>8}")
    for one in found:
        oldest = "-" if one["oldest"] is None else f"{one['oldest']:.0f} s"
        typer.echo(f"{one['name']:16} {one['queue']:32} {one['waiting']:8} {one['running']:8} {oldest:>8}")


@consumers.command("start")
def start(
    name: Annotated[str, typer.Argument(help="Name of the consumer, as listed.", show_default=False)],
    max_messages: Annotated[int, typer.Option(min=0, help="End after so many steps; 0: never.")] = 0,
    single: Annotated[bool, typer.Option("--single", help="Refuse to run twice.")] = False,
) -> None:
    """Work on the steps of one consumer; cron may start it again and again."""
    settings = load_settings()
    logs.set_up(settings.log_format)
    asyncio.run(_start(settings, named(settings, name), max_messages or None, single=single))


@consumers.command("dead")
def dead(
    requeue: Annotated[bool, typer.Option("--requeue", help="Give them back: they are tried anew.")] = False,
    as_json: AsJson = False,
) -> None:
    """The steps that failed again and again and are set aside, each with its reason."""
    found = asyncio.run(_dead(load_settings(), requeue=requeue))
    if as_json:
        _print([_grave(one) for one in found])
        return
    for one in found:
        typer.echo(f"{one.since:%Y-%m-%d %H:%M} UTC  {one.step.kind} {one.step.target}  {one.reason}")
    if requeue:
        typer.echo(f"{len(found)} given back.")
    else:
        typer.echo(f"{len(found)} dead. With --requeue they are tried anew." if found else "No step is dead.")


async def _loads(settings: Settings) -> list[tuple[Consumer, Load]]:
    async with open_importer(settings) as importer:
        return [(one, await importer.ports.ledger.load(one)) for one in settings.all_consumers]


async def _dead(settings: Settings, *, requeue: bool) -> Sequence[DeadStep]:
    async with open_importer(settings) as importer:
        found = await importer.ports.ledger.dead()
        if requeue:
            await importer.ports.ledger.requeue([one.step for one in found])
        return found


async def _start(settings: Settings, consumer: Consumer, most: int | None, *, single: bool) -> None:
    stopped = signalled()
    async with open_importer(settings, at_work=True) as importer:
        worker = Worker(importer, consumers=[consumer], most=most)
        async with Alone(importer.ports.duties, consumer, stopped) if single else nullcontext():
            typer.echo(f"importer works on {consumer.name}")
            await work_until(stopped, worker)


class Alone:
    """While inside, no other process is. One that loses its place (it stood still for long) is told to stop."""

    def __init__(self, duties: Duties, consumer: Consumer, lost: asyncio.Event) -> None:
        self._duties, self._lost = duties, lost
        self._name = f"consumer {consumer.name}"[:64]
        self._until: float | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        """Raises Untimely when another one is."""
        self._until = await self._duties.take(self._name, seconds=HOLD_SECONDS)
        if self._until is None:
            text = (
                f"The {self._name} runs already, started with --single. One that was killed frees its place after "
                f"{HOLD_SECONDS:.0f} seconds."
            )
            raise Untimely(text, code="consumer.running")
        self._keeping = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while self._until is not None:
            await asyncio.sleep(HOLD_SECONDS / 4)
            with suppress(StateUnavailable):
                self._until = await self._duties.keep(self._name, self._until, seconds=HOLD_SECONDS)
        self._lost.set()

    async def __aexit__(self, *_why: object) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait({self._keeping})
        if self._until is not None:
            await self._duties.release(self._name, self._until)


def _line(settings: Settings, consumer: Consumer, load: Load) -> dict[str, Any]:
    queue = f"{settings.broker_exchange}.steps.{consumer.name}" if settings.broker else "embedded"
    oldest = None if load.oldest is None else round(load.oldest, 1)
    return {
        "name": consumer.name,
        "queue": queue,
        "waiting": load.waiting,
        "running": load.running,
        "oldest": oldest,
        "bindings": list(consumer.bindings),
    }


def _grave(dead: DeadStep) -> dict[str, Any]:
    return {
        "kind": dead.step.kind,
        "target": dead.step.target,
        "import": dead.import_id,
        "shop": dead.step.shop,
        "entity": dead.step.entity,
        "reason": dead.reason,
        "since": dead.since.isoformat(timespec="seconds"),
    }


def _print(rows: Sequence[dict[str, Any]]) -> None:
    typer.echo(orjson.dumps(list(rows), option=orjson.OPT_INDENT_2).decode())
