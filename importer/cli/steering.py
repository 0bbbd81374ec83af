"""`importer pause | resume | release | cancel | retry ID`: commands to an import of this machine, whoever works on it."""

import asyncio
import getpass
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from importer.bootstrap import Importer, open_importer
from importer.cli.exits import INTERRUPTED, OK
from importer.cli.report import make_folder, tell
from importer.cli.run import log_to_file
from importer.cli.stint import work
from importer.domain.commands import VERBS, Command, Retry, checked_note, outcomes_of
from importer.domain.history import EventKind
from importer.domain.imports import Import
from importer.services.dispatch import closing_step
from importer.services.reporting import summary
from importer.settings import load_settings

ImportId = Annotated[str, typer.Argument(help="Id of an import.", show_default=False)]
Note = Annotated[str, typer.Option(help="Why; it is kept in the log.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]
Wait = Annotated[bool, typer.Option("--wait", help="Work on it here until it has ended.")]

FIGURES = "{done:,} rows done, {in_flight:,} in flight, {not_sent:,} not sent"
SAID = {
    "pause": "Import {id} is paused: {figures}. What is in flight is followed to its end.",
    "resume": "Import {id} goes on: {figures}.",
    "release": "Import {id} is released, and goes on: {figures}.",
    "cancel": "Import {id} is cancelled: {figures}. What is in flight cannot be recalled; its outcome is found out.",
}
ELSEWHERE = "importer serve, or importer run, works on it; --wait does it here."


def pause(import_id: ImportId, note: Note = "", as_json: AsJson = False) -> None:
    """Send nothing more of an import until it is resumed."""
    raise typer.Exit(asyncio.run(_steer("pause", import_id, note, as_json=as_json, wait=False)))


def resume(import_id: ImportId, note: Note = "", as_json: AsJson = False, wait: Wait = False) -> None:
    """Let a paused import go on exactly where it was."""
    raise typer.Exit(asyncio.run(_steer("resume", import_id, note, as_json=as_json, wait=wait)))


def release(import_id: ImportId, note: Note = "", as_json: AsJson = False, wait: Wait = False) -> None:
    """Let an import go on that a safety limit holds."""
    raise typer.Exit(asyncio.run(_steer("release", import_id, note, as_json=as_json, wait=wait)))


def cancel(import_id: ImportId, note: Note = "", as_json: AsJson = False, wait: Wait = False) -> None:
    """End an import: nothing more is sent, and what is in flight still gets its true outcome."""
    raise typer.Exit(asyncio.run(_steer("cancel", import_id, note, as_json=as_json, wait=wait)))


def retry(
    import_id: ImportId,
    outcome: Annotated[
        list[str] | None,
        typer.Option(
            help="failed, blocked, unknown or not_sent, as often as you like; all of them.",
            show_default=False,
        ),
    ] = None,
    note: Note = "",
    even_unsafe: Annotated[
        bool,
        typer.Option("--even-unsafe", help="Unknown rows too, though their request is not safe to repeat."),
    ] = False,
    attempt: Annotated[
        int | None,
        typer.Option(help="Number of the attempt; repeated, it is the same one.", show_default=False),
    ] = None,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Only order it; importer serve works on it.")
    ] = False,
    as_json: AsJson = False,
    report: Annotated[Path | None, typer.Option(help="Folder for report.json and rows.csv.")] = None,
) -> None:
    """Send rows of an ended import again, as a further attempt of it, and report on every row."""
    wanted = Retry(outcomes=outcomes_of(outcome or []), even_unsafe=even_unsafe, attempt=attempt)
    make_folder(report)
    raise typer.Exit(asyncio.run(_retry(import_id, wanted, note, report, wait=not no_wait, as_json=as_json)))


async def _steer(verb: str, import_id: str, note: str, *, as_json: bool, wait: bool) -> int:
    console = Console(stderr=as_json, highlight=False)
    async with open_importer(load_settings()) as importer:
        state = await importer.steering.obey(verb, import_id, _command(note))
        if state.cancelling:  # what was not sent is told so at once, though nobody may be at work
            await importer.closing.finish(closing_step(state))
        console.print(await _said(importer, verb, state), soft_wrap=True)
        if wait and not state.ended:
            return await _worked(importer, state, console, None, own=False, as_json=as_json)
        state = await importer.ports.imports.get(import_id)
        if as_json:
            typer.echo(orjson.dumps(summary(state), option=orjson.OPT_INDENT_2).decode())
        elif verb != "pause" and not state.ended:
            console.print(ELSEWHERE)
        return OK


async def _retry(
    import_id: str, retry: Retry, note: str, folder: Path | None, *, wait: bool, as_json: bool
) -> int:
    console = Console(stderr=as_json, highlight=False)
    async with open_importer(load_settings()) as importer:
        own = (await importer.ports.imports.get(import_id)).ended  # else somebody's retry is under way
        state = await importer.retrying.retry(import_id, retry, _command(note))
        console.print(f"Import {state.id}, attempt {state.attempt}: {state.equation}", soft_wrap=True)
        if wait:
            return await _worked(importer, state, console, folder, own=own, as_json=as_json)
        if as_json:
            typer.echo(orjson.dumps(summary(state), option=orjson.OPT_INDENT_2).decode())
        return OK


async def _worked(
    importer: Importer, state: Import, console: Console, folder: Path | None, *, own: bool, as_json: bool
) -> int:
    """Work on it until it has ended, and report. `own`: Ctrl-C cancels it."""
    log_to_file(importer.settings)
    wanted = state.cancelling
    stint = await work(importer, state, console, own=own)
    if as_json or not stint.left:
        await tell(importer.reporting, state.id, console, None if stint.left else folder, as_json=as_json)
    verb = "cancel" if wanted else "resume"
    stint.told(f"importer {verb} {state.id} --wait goes on with it.", console)
    return OK if wanted and stint.exit_code == INTERRUPTED and not stint.left else stint.exit_code


async def _said(importer: Importer, verb: str, state: Import) -> str:
    """How far it was when the command was recorded, as the log has it."""
    if state.held:
        return f"Import {state.id} is held. {state.held.text}"
    kind: EventKind = VERBS[verb].kind
    events = [event for event in await importer.ports.imports.events(state.id) if event.kind is kind]
    if not events:
        return f"Import {state.id} is {state.status}: {state.equation}"
    figures = FIGURES.format(**events[-1].data)
    unread = events[-1].data["not_read"]
    if verb == "cancel" and unread is None:
        figures += "; its file was not read"
    elif verb == "cancel" and unread:
        figures += f"; {unread:,} rows of the file are still to be read, and will not be sent"
    return SAID[verb].format(id=state.id, figures=figures)


def _command(note: str) -> Command:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        user = "somebody"
    return Command(by=f"{user} (command line)", note=checked_note(note))
