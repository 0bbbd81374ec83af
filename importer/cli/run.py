"""`importer run FILE`: accept, prepare, deliver, track and report in one process; needs no server."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from importer import logs
from importer.bootstrap import Importer, open_importer
from importer.cli.exits import OK
from importer.cli.reading import reads_a_file
from importer.cli.report import make_folder, tell
from importer.cli.stint import Stint, work
from importer.domain.errors import RequestError
from importer.domain.imports import Import, ImportStatus
from importer.formats.reading import Reading
from importer.services.intake import Order
from importer.settings import Settings, load_settings
from importer.sources import files

PATIENCE_SECONDS = 60.0
LATELY = timedelta(days=7)
BEGUN = (
    "Unfinished: import {id} is the import you ask for, left by a run that was stopped or worked on by one that is running. "
    "It is gone on with."
)
FINISHED_HERE = (
    "This run went on with import {state.id}, which an earlier run had begun, and brought it to its end; no row went in "
    "twice. To import the file once more: --again"
)
FINISHED_ELSEWHERE = (
    "Another run brought import {state.id}, the import you asked for, to its end while this one was at work; no row went "
    "in twice. To import the file once more: --again"
)
ONCE_MORE = (
    "The same file went into {state.shop} before: import {state.id}, completed {state.ended_at:%Y-%m-%d %H:%M} UTC, "
    "{state.equation}. It goes in once more."
)
ANNOUNCED = "Import {id}. From another terminal: importer events {id} --follow, importer cancel {id}"
GOES_ON = "The same command goes on with it."
GOES_ON_WITHOUT_AGAIN = "The same command without --again goes on with it."


@dataclass(frozen=True)
class Asked:
    """`again`: the file goes in even if an unfinished import has asked for the same. `announced`: its id is said at once."""

    order: Order
    file: Path
    again: bool = False
    announced: bool = True


@reads_a_file
def run(
    file: Annotated[
        Path,
        typer.Argument(
            help="The file to import: CSV, JSON Lines, JSON, XLSX; packed or not.", show_default=False
        ),
    ],
    mapping: Annotated[
        str, typer.Option(help="Name of the mapping, or its file (.yaml).", show_default=False)
    ],
    shop: Annotated[
        str | None, typer.Option(help="Name of the shop; may be left out when there is one.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but send.")] = False,
    check_first: Annotated[
        bool, typer.Option("--check-first", help="Send nothing until the whole file was checked.")
    ] = False,
    max_errors: Annotated[
        int | None,
        typer.Option(min=0, help="Send nothing when more rows than this are wrong.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Folder for report.json, report.html and rows.csv.")
    ] = None,
    again: Annotated[
        bool,
        typer.Option("--again", help="Import the file once more, even if an unfinished run had begun it."),
    ] = False,
    *,
    reading: Reading,
) -> None:
    """Import FILE into a shop and report on every row."""
    settings = load_settings()
    if Path(mapping).suffix in (".yaml", ".yml"):
        settings, mapping = with_document(settings, Path(mapping))
    files.require(file)
    make_folder(report)
    patience = PATIENCE_SECONDS if settings.patience_seconds is None else settings.patience_seconds
    order = Order(
        name=file.name,
        mapping=mapping,
        shop=shop or only_shop(settings),
        dry_run=dry_run,
        patience=patience,
        check_first=check_first,
        max_errors=max_errors,
        reading=reading,
    )
    console = Console(stderr=as_json, highlight=False)
    asked = Asked(order, file, again=again)
    raise typer.Exit(asyncio.run(_run(settings, asked, report, console, as_json=as_json)))


def log_to_file(settings: Settings) -> None:
    """What an operator wants to know is kept beside the state; the terminal is for the one who imports."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    logs.set_up(settings.log_format, file=settings.data_dir / "importer.log")


async def _run(
    settings: Settings, asked: Asked, folder: Path | None, console: Console, *, as_json: bool
) -> int:
    async with open_importer(settings, at_work=True) as importer:
        log_to_file(settings)
        stint = await _import(importer, asked, console)
        id_ = stint.state.id
        if as_json or not stint.left:
            await tell(importer.reporting, id_, console, None if stint.left else folder, as_json=as_json)
        stint.told(GOES_ON_WITHOUT_AGAIN if asked.again else GOES_ON, console)
        if stint.left:
            return stint.exit_code
        if folder is not None:
            console.print(
                f"Written: {folder / 'report.json'}, {folder / 'report.html'}, {folder / 'rows.csv'}"
            )
        else:
            console.print(f"As a page: importer report {id_} --format html --output report.html")
        return stint.exit_code


async def import_file(settings: Settings, order: Order, file: Path, console: Console) -> int:
    """Import `file` into a state that nobody else sees and print the report; 0, or the exit code after a signal."""
    async with open_importer(settings, at_work=True) as importer:
        log_to_file(settings)
        stint = await _import(importer, Asked(order, file, announced=False), console)
        await tell(importer.reporting, stint.state.id, console, folder=None)
        return stint.exit_code if stint.came else OK


async def _import(importer: Importer, asked: Asked, console: Console) -> Stint:
    """Work on what was asked for: a new import, or the unfinished one of a run that asked for the same."""
    order, file = asked.order, asked.file
    notices: list[str] = []
    begun = None if order.dry_run or asked.again else await _begun(importer, asked, notices)
    earlier = [] if order.dry_run else await _unfinished(importer, order.shop, begun, notices)
    accepted = begun or await importer.intake.accept(order, files.chunks(file))
    if asked.announced:
        typer.echo(ANNOUNCED.format(id=accepted.id), err=True)
    for notice in notices:
        console.print(notice, soft_wrap=True)
    stint = await work(importer, accepted, console, own=begun is None)
    for import_id in earlier:
        console.print(_became(await importer.ports.imports.get(import_id)), soft_wrap=True)
    if begun is not None and not stint.left:
        sentence = FINISHED_HERE if stint.finished else FINISHED_ELSEWHERE
        console.print(sentence.format(state=stint.state), soft_wrap=True)
    return stint


async def _begun(importer: Importer, asked: Asked, notices: list[str]) -> Import | None:
    """The unfinished import that was asked for the same; of one that has lately succeeded a notice is enough."""
    same = await importer.earlier.same(asked.order, asked.file)
    for state in same:
        if not state.ended:
            notices.append(BEGUN.format(id=state.id))
            return state
    lately = importer.ports.clock.now() - LATELY
    for state in same:
        if state.status is ImportStatus.COMPLETED and state.ended_at and state.ended_at > lately:
            notices.append(ONCE_MORE.format(state=state))
            break
    return None


async def _unfinished(importer: Importer, shop: str, begun: Import | None, notices: list[str]) -> list[str]:
    """Other imports of the shop that have not ended are worked on as well; a person should know whose rows these are."""
    others = [
        state for state in await importer.ports.imports.unfinished() if begun is None or state.id != begun.id
    ]
    found = [state for state in others if state.shop == shop and not state.dry_run]
    notices += [
        f"Unfinished: import {state.id} of {escape(state.kept.name)}, left by a run that was stopped or worked on "
        "by one that is running. Its rows go first."
        for state in found
    ]
    return [state.id for state in found]


def _became(state: Import) -> str:
    words = "went on and is" if state.ended else "still goes on, it is"
    return f"Import {state.id} of {escape(state.kept.name)} {words} {state.status}: {state.equation}"


def with_document(settings: Settings, path: Path) -> tuple[Settings, str]:
    """A mapping given as a file: its folder comes first, its name is the file's."""
    files.require(path)
    return settings.model_copy(update={"mappings": [path.parent, *settings.mappings]}), path.stem


def only_shop(settings: Settings) -> str:
    """The shop, when there is no choice. No shop at all is found out, with a sentence, by whoever asks for it."""
    names = sorted(settings.shops)
    if len(names) > 1:
        raise RequestError(
            f"There are several shops ({', '.join(names)}): choose one with --shop.", code="shop.which"
        )
    return names[0] if names else "main"
