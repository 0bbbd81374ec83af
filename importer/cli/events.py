"""`importer events [ID]` and `importer rebuild ID`: the log of an import, and what it alone says of it."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import orjson
import typer

from importer.bootstrap import open_importer
from importer.cli.exits import DEFECT
from importer.cli.imports import ImportId, latest
from importer.domain.errors import RequestError
from importer.domain.history import Event
from importer.ports import Imports
from importer.services.reporting.sentences import Teller
from importer.settings import load_settings

LOOK_SECONDS = 0.5


def events(
    import_id: ImportId = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until the import has ended.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Tell what happened to an import, event by event."""
    asyncio.run(_events(import_id, follow=follow, as_json=as_json))


def rebuild(
    import_id: ImportId = None,
    check: Annotated[bool, typer.Option("--check", help="Only compare; change nothing.")] = False,
) -> None:
    """Work an import's state out from its log alone. Exit code 70 when --check finds a difference."""
    if import_id is None and not check:
        raise RequestError(
            "Which import? Without --check its state is replaced: name its id.", code="import.which"
        )
    raise typer.Exit(asyncio.run(_rebuild(import_id, check=check)))


async def _events(asked: str | None, *, follow: bool, as_json: bool) -> None:
    async with open_importer(load_settings()) as importer:
        import_id = await latest(importer, asked)
        imports = importer.ports.imports
        seen, teller = 0, Teller()
        while True:
            state = await imports.get(import_id)  # first: an event that comes now is told in the next round
            seen = await _tell(imports, import_id, teller, after=seen, as_json=as_json)
            if state.ended or not follow:
                return
            await asyncio.sleep(LOOK_SECONDS)


async def _tell(imports: Imports, import_id: str, teller: Teller, *, after: int, as_json: bool) -> int:
    for event in await imports.events(import_id, after=after):
        typer.echo(orjson.dumps(asdict(event)).decode() if as_json else line(event, teller))
        after = event.seq
    return after


def line(event: Event, teller: Teller) -> str:
    """`12  2026-11-25 01:00:02  sent  The shop took batch 3 with 100 rows; ...`."""
    return f"{event.seq:>6}  {event.at:%Y-%m-%d %H:%M:%S}  {event.kind:<14} {teller.tell(event)}"


async def _rebuild(asked: str | None, *, check: bool) -> int:
    async with open_importer(load_settings()) as importer:
        import_id = await latest(importer, asked)
        before, after = await importer.ports.imports.rebuild(import_id, check=check)
        if before == after:
            typer.echo(f"{import_id}: the state is what its {after.seq} events say: {after.equation}")
            return 0
        different = [name for name, value in asdict(after).items() if asdict(before)[name] != value]
        verb = "differs from" if check else "was replaced by"
        typer.echo(f"{import_id}: the state {verb} what its events say, in {', '.join(different)}.")
        return DEFECT if check else 0
