"""`importer migrate`: the schema of a database server, and the way from one database to another."""

import asyncio
from typing import Annotated

import typer

from importer.domain.errors import RequestError
from importer.settings import load_settings
from importer.store.database import HEAD, connected
from importer.store.moving import move


def migrate(
    source: Annotated[
        str | None,
        typer.Option(
            "--from", help="Database to move from: sqlite:///PATH or postgresql://...", show_default=False
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--to", help="Database to move to; it must be empty.", show_default=False)
    ] = None,
) -> None:
    """Bring the database of the settings to the schema of this version; with --from and --to, move a whole state.

    Stop every importer that uses the database first. Kept files are no part of it: they stay where they are.
    """
    if (source is None) != (target is None):
        raise RequestError("--from and --to belong together: from which database to which?")
    if source is not None and target is not None:
        asyncio.run(_move(source, target))
    else:
        asyncio.run(_migrate(load_settings().database_address))
        typer.echo(f"The database has the schema of this version ({HEAD}).")


async def _migrate(address: str) -> None:
    async with connected(address) as database:
        await database.migrate()


async def _move(source: str, target: str) -> None:
    await _migrate(target)
    async with connected(source) as old, connected(target) as new:
        await old.require_schema()
        await move(old, new, lambda table, rows: typer.echo(f"{table}: {rows:,} rows"))
    typer.echo("Everything has arrived. Write the new address into the settings as `database`.")
