"""`importer schedules`: which there are and how they fare, whether they are right, what they would do, and one run now."""

import asyncio
import logging
from datetime import datetime
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from importer.bootstrap import Importer, open_importer
from importer.cli.exits import BAD_REQUEST, CONFIGURATION, OK, ROWS_FAILED, SOURCE_MISSING, exit_code_after
from importer.cli.report import tell
from importer.cli.run import log_to_file
from importer.cli.stint import Stint, work
from importer.domain.fires import Due, Fire, FireStatus
from importer.domain.imports import Import
from importer.domain.schedules import Schedule
from importer.services.planning import Plan
from importer.settings import Settings, load_settings

schedules = typer.Typer(help="Schedules: files that come by themselves.", no_args_is_help=True)

JSON = typer.Option("--json", help="Print it as JSON.")
NAME = typer.Argument(help="Name of the schedule.", show_default=False)
LONGEST_PAUSE = 5.0
AGAIN_SECONDS = 0.2


@schedules.command("list")
def list_schedules(as_json: Annotated[bool, JSON] = False) -> None:
    """Name every schedule, when it is due, its last success and its alarm. Exit code 5 when a file is missing, 1 after
    another alarm."""
    raise typer.Exit(asyncio.run(_list(load_settings(), as_json=as_json)))


async def _list(settings: Settings, *, as_json: bool) -> int:
    async with open_importer(settings) as importer:
        known = {due.name: due for due in await importer.nights.dues.all()}
        rows = [_row(importer, one, known.get(one.name)) for one in importer.nights.schedules.all()]
    if as_json:
        _print(rows)
    for row in [] if as_json else rows:
        due = " and ".join(when for when in (row["next_at"], row["after"]) if when)
        typer.echo(f"{row['name']:24} next {due}  last success {row['succeeded_at'] or 'none'}")
        if row["held_by"]:
            typer.echo(f"{'':24} held for a person by {', or '.join(row['held_by'])}")
        if row["alarm"]:
            typer.echo(f"{'':24} ALARM since {row['alarm']['since']}: {row['alarm']['text']}")
    alarms = [row["alarm"]["code"] for row in rows if row["alarm"]]
    if any(code.startswith("source.") for code in alarms):
        return SOURCE_MISSING
    return ROWS_FAILED if alarms else OK


def _row(importer: Importer, schedule: Schedule, due: Due | None) -> dict[str, Any]:
    alarm = due.alarm if due else None
    runs = importer.planning.runs(schedule)
    return {
        "name": schedule.name,
        "cron": schedule.cron,
        "time_zone": schedule.time_zone,
        "source": str(schedule.source),
        "next_at": _moment(runs[0].at) if runs else None,
        **_chained(schedule),
        "fired_at": _moment(due.fired_at if due else None),
        "succeeded_at": _moment(due.succeeded_at if due else None),
        "import": due.import_id if due else None,
        "alarm": {"code": alarm.code, "text": alarm.text, "since": _moment(due.alarm_at if due else None)}
        if alarm
        else None,
    }


def _chained(schedule: Schedule) -> dict[str, Any]:
    """What it follows, and what holds its imports; empty when nothing does."""
    return {"after": schedule.chain, "held_by": schedule.limits.words}


@schedules.command()
def check() -> None:
    """Tell every fault of every schedule. Exit code 4 when there is one."""
    raise typer.Exit(asyncio.run(_check(load_settings())))


async def _check(settings: Settings) -> int:
    faulty = False
    async with open_importer(settings) as importer:
        for schedule in importer.nights.schedules.all():
            faults = importer.planning.faults(schedule)
            faulty = faulty or bool(faults)
            for fault in faults or ["no faults"]:
                typer.echo(f"{schedule.name}: {fault}")
        if not importer.nights.schedules.all():
            typer.echo("There are no schedules; docs/howto/schedule-nights.md tells how to write one.")
    return CONFIGURATION if faulty else OK


@schedules.command()
def plan(name: Annotated[str, NAME], as_json: Annotated[bool, JSON] = False) -> None:
    """Tell which files it would take now, and the next five due times. Exit code 5 when there is no file."""
    raise typer.Exit(asyncio.run(_plan(load_settings(), name, as_json=as_json)))


async def _plan(settings: Settings, name: str, *, as_json: bool) -> int:
    async with open_importer(settings) as importer:
        found = await importer.planning.plan(name)
    if as_json:
        _print(_planned(found))
    else:
        _print_plan(found, Console(highlight=False))
    return SOURCE_MISSING if found.missing else OK


def _print_plan(found: Plan, console: Console) -> None:
    def say(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    say(f"{found.schedule.name}: {found.schedule.source}")
    if found.missing:
        say(f"Would take nothing: {found.missing.text}")
    for entry in found.takes:
        size = f"{entry.size:,} bytes" if entry.size is not None else "size unknown"
        changed = f", changed {entry.changed_at:%Y-%m-%d %H:%M} UTC" if entry.changed_at else ""
        say(f"Would take {entry.name} ({size}{changed})")
    for file, why in found.leaves.items():
        say(f"Leaves {file}: {why}")
    if found.schedule.limits.given:
        say(f"Held for a person by {', or '.join(found.schedule.limits.words)}")
    if found.schedule.chain:
        say(f"Due {found.schedule.chain}")
    say("Next runs:" if found.runs else "It has no due times of its own.")
    for run in found.runs:
        say(f"  {run.at:%a %Y-%m-%d %H:%M %Z}{f'  ! {run.note}' if run.note else ''}")


def _planned(found: Plan) -> dict[str, Any]:
    return {
        "schedule": found.schedule.name,
        **_chained(found.schedule),
        "takes": [
            {"name": one.name, "size": one.size, "changed_at": _moment(one.changed_at)} for one in found.takes
        ],
        "leaves": dict(found.leaves),
        "missing": {"code": found.missing.code, "text": found.missing.text} if found.missing else None,
        "runs": [{"at": _moment(run.at), "note": run.note} for run in found.runs],
    }


@schedules.command()
def run(name: Annotated[str, NAME], as_json: Annotated[bool, JSON] = False) -> None:
    """Run it now, whatever the time: take what is new, import it and report. Exit code 5 when there is nothing new."""
    console = Console(stderr=as_json, highlight=False)
    raise typer.Exit(asyncio.run(_run(load_settings(), name, console, as_json=as_json)))


async def _run(settings: Settings, name: str, console: Console, *, as_json: bool) -> int:
    async with open_importer(settings) as importer:
        log_to_file(settings)
        logging.getLogger("importer.schedules").setLevel(logging.ERROR)  # the terminal says it
        fire = await _until_taken(importer, await importer.scheduling.begin(name), console)
        states = []
        for one in await _imports(importer, fire):
            stint = await _imported(importer, one, console, as_json=as_json)
            states.append(stint.state)
            if stint.left:
                stint.told("importer serve and importer work go on with it.", console)
                return stint.exit_code
        while fire.is_open:
            await asyncio.sleep(AGAIN_SECONDS)
            fire = await importer.scheduling.go_on(fire)
    console.print(f"{name}: {fire.status}. {fire.text}", markup=False, soft_wrap=True)
    if as_json:
        _print({"schedule": name, "fire_at": _moment(fire.fire_at), "status": fire.status, "text": fire.text,
                "imports": [state.id for state in states]})  # fmt: skip
    return _exit_code(fire, states)


async def _until_taken(importer: Importer, fire: Fire, console: Console) -> Fire:
    """Looks again at files that are not whole yet, until they are; it says why it waits."""
    said = ""
    while (fire := await importer.scheduling.go_on(fire)).status is FireStatus.LOOKING:
        if fire.text not in ("", said):
            said = fire.text
            console.print(f"Waits: {said}", markup=False, soft_wrap=True)
        until = (fire.look_at - importer.ports.clock.now()).total_seconds()
        await asyncio.sleep(min(max(until, AGAIN_SECONDS), LONGEST_PAUSE))
    return fire


async def _imports(importer: Importer, fire: Fire) -> list[Import]:
    schedule = importer.nights.schedules.get(fire.schedule)
    taken = await importer.nights.taken_files.taken(schedule.ledger, fire_at=fire.fire_at)
    return [await importer.ports.imports.get(one.import_id) for one in taken]


async def _imported(importer: Importer, state: Import, console: Console, *, as_json: bool) -> Stint:
    stint = await work(importer, state, console, own=True)
    if not as_json and not stint.left:
        await tell(importer.reporting, state.id, console, folder=None)
    return stint


def _exit_code(fire: Fire, states: list[Import]) -> int:
    if fire.status is FireStatus.MISSING:
        return SOURCE_MISSING
    codes = [code for code in map(exit_code_after, states) if code != OK]
    return codes[0] if codes else (OK if fire.status is FireStatus.DONE else BAD_REQUEST)


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _print(document: Any) -> None:
    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
