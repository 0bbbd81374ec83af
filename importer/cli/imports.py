"""`importer imports`: which imports there are; and the latest one, for commands that read and are given no id."""

import asyncio
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape

from importer.bootstrap import Importer, open_importer
from importer.domain.errors import RequestError, UnknownName
from importer.domain.imports import Import, ImportStatus
from importer.domain.mapping import suggestion
from importer.ports import Which
from importer.services.reporting import summary
from importer.services.reporting.account import equation_in_words
from importer.settings import load_settings

SHOWN = 20

ImportId = Annotated[str | None, typer.Argument(help="Id of an import; the latest one.", show_default=False)]
"""For commands that only read."""


def imports(
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = SHOWN,
    shop: Annotated[str | None, typer.Option(help="Only into this shop.", show_default=False)] = None,
    status: Annotated[
        list[ImportStatus] | None,
        typer.Option(help="Only with this status; as often as you like.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """List the imports of this machine, the newest first, and how each stands."""
    found = asyncio.run(_latest(limit, shop, status or []))
    if as_json:
        rows = [{**summary(state), "equation_in_words": equation_in_words(state)} for state in found]
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return
    console = Console(highlight=False)
    if not found:
        console.print("There is no such import." if shop or status else "There is no import yet.")
    for state in found:
        _print(state, console)


async def latest(importer: Importer, import_id: str | None) -> str:
    """The id that was given, or that of the newest import: then it says so on standard error. Raises RequestError."""
    if import_id is not None:
        return import_id
    found = await importer.ports.imports.latest(limit=1)
    if not found:
        raise RequestError("There is no import yet: importer run FILE makes one.", code="import.none")
    [state] = found
    typer.echo(f"The latest import, {state.id} of {state.kept.name} into {state.shop}:", err=True)
    return state.id


async def _latest(limit: int, shop: str | None, statuses: list[ImportStatus]) -> list[Import]:
    """A shop that is no longer configured may have imports. Raises UnknownName for one that has neither."""
    which = Which(shops=[shop] if shop else None, statuses=statuses)
    async with open_importer(load_settings()) as importer:
        found = await importer.ports.imports.latest(limit=limit, which=which)
        names = importer.ports.shops.names()
    if not found and shop is not None and shop not in names:
        raise UnknownName(f"There is no shop `{shop}`{suggestion(shop, names)}")
    return found


def _print(state: Import, console: Console) -> None:
    kind = "a check" if state.check_only else "a dry run"
    rehearsal = f", {kind}" if state.dry_run else ""
    line = (
        f"{state.id}  {state.accepted_at:%Y-%m-%d %H:%M}  {state.status.value}{rehearsal}: {state.kept.name} "
        f"with {state.mapping} into {state.shop}"
    )
    console.print(escape(line), style="bold", soft_wrap=True)
    console.print(f"    {equation_in_words(state)}", soft_wrap=True)
