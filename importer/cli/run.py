"""`importer run FILE`: accept, prepare, deliver, track and report in one process; needs no server."""

import asyncio
import signal
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from importer import logs
from importer.bootstrap import Importer, open_importer
from importer.cli.exits import exit_code_after
from importer.cli.progress import follow, watch
from importer.cli.reading import reads_a_file
from importer.cli.report import make_folder, tell
from importer.domain.errors import RequestError
from importer.domain.imports import Import, ImportStatus, Reason
from importer.formats.reading import Reading
from importer.services.intake import Order
from importer.settings import Settings, load_settings
from importer.sources import files
from importer.worker import Worker

PATIENCE_SECONDS = 60.0
LATELY = timedelta(days=7)
BEGUN = (
    "Unfinished: import {id} is the import you ask for, left by a run that was stopped or worked on by one that is running. "
    "It is gone on with."
)
FINISHED = (
    "Import {id} is the import you asked for; it was finished, and no row goes in twice. "
    "To import the file once more: --again"
)
ONCE_MORE = (
    "The same file went into {state.shop} before: import {state.id}, completed {state.ended_at:%Y-%m-%d %H:%M} UTC, "
    "{state.equation}. It goes in once more."
)
INTERRUPTED = Reason(code="interrupted", text="The import was interrupted on the command line.")


@dataclass(frozen=True)
class Asked:
    """`again`: the file goes in even if an unfinished import has asked for the same."""

    order: Order
    file: Path
    again: bool = False


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
        state = await _import(importer, asked, console)
        await tell(importer.reporting, state.id, console, folder, as_json=as_json)
        if folder is not None:
            console.print(
                f"Written: {folder / 'report.json'}, {folder / 'report.html'}, {folder / 'rows.csv'}"
            )
        else:
            console.print(f"As a page: importer report {state.id} --format html --output report.html")
        return exit_code_after(state)


async def import_file(settings: Settings, order: Order, file: Path, console: Console) -> None:
    """Import `file` and print the report."""
    async with open_importer(settings, at_work=True) as importer:
        log_to_file(settings)
        state = await _import(importer, Asked(order, file), console)
        await tell(importer.reporting, state.id, console, folder=None)


async def _import(importer: Importer, asked: Asked, console: Console) -> Import:
    """The import that was asked for: a new one, or the unfinished one of a run that asked for the same."""
    order, file = asked.order, asked.file
    begun = None if order.dry_run or asked.again else await _begun(importer, asked, console)
    earlier = [] if order.dry_run else await _unfinished(importer, order.shop, begun, console)
    accepted = begun or await importer.intake.accept(order, files.chunks(file))
    state = await work(importer, accepted, console)
    for import_id in earlier:
        console.print(_became(await importer.ports.imports.get(import_id)), soft_wrap=True)
    if begun is not None:
        console.print(FINISHED.format(id=state.id), soft_wrap=True)
    return state


async def _begun(importer: Importer, asked: Asked, console: Console) -> Import | None:
    """The unfinished import that was asked for the same; of one that has lately succeeded a notice is enough."""
    same = await importer.earlier.same(asked.order, asked.file)
    for state in same:
        if not state.ended:
            console.print(BEGUN.format(id=state.id), soft_wrap=True)
            return state
    lately = importer.ports.clock.now() - LATELY
    for state in same:
        if state.status is ImportStatus.COMPLETED and state.ended_at and state.ended_at > lately:
            console.print(ONCE_MORE.format(state=state), soft_wrap=True)
            break
    return None


async def _unfinished(importer: Importer, shop: str, begun: Import | None, console: Console) -> list[str]:
    """Other imports of the shop that have not ended are worked on as well; a person should know whose rows these are."""
    others = [
        state for state in await importer.ports.imports.unfinished() if begun is None or state.id != begun.id
    ]
    found = [state for state in others if state.shop == shop and not state.dry_run]
    for state in found:
        console.print(
            f"Unfinished: import {state.id} of {escape(state.kept.name)}, left by a run that was stopped or worked on "
            "by one that is running. Its rows go first.",
            soft_wrap=True,
        )
    return [state.id for state in found]


def _became(state: Import) -> str:
    words = "went on and is" if state.ended else "still goes on, it is"
    return f"Import {state.id} of {escape(state.kept.name)} {words} {state.status}: {state.equation}"


async def work(importer: Importer, accepted: Import, console: Console) -> Import:
    """Work until the import has ended; an interrupt ends it, and every row still gets its outcome."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    only = accepted.id if accepted.dry_run else None
    worker = asyncio.create_task(Worker(importer, only=only).run())
    following = asyncio.create_task(follow(importer.ports.imports, accepted.id, console))
    stopping = asyncio.create_task(stop.wait())
    watching = asyncio.create_task(watch(importer.ports.files, console))
    await asyncio.wait({worker, following, stopping}, return_when=asyncio.FIRST_COMPLETED)
    watching.cancel()
    if worker.done():
        following.cancel()
        await worker  # a worker only ends by a defect: let it be seen
    worker.cancel()
    stopping.cancel()
    await asyncio.wait({worker})
    if not following.done():
        following.cancel()
        await importer.closing.abandon(accepted.id, ImportStatus.CANCELLED, INTERRUPTED)
    return await importer.ports.imports.get(accepted.id)


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
