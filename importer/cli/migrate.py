"""`importer migrate`: the schema of a database server, and the way from one place to another for state and files."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from importer.bootstrap import open_files
from importer.domain.errors import RequestError, SourceMissing
from importer.settings import Settings, load_settings
from importer.sources.files import chunks
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
    files_from: Annotated[
        Path | None,
        typer.Option(
            help="Folder with kept files to copy to where the settings keep them: `files` of the old data_dir.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Bring the database of the settings to the schema of this version; with --from and --to, move a whole state.

    Stop every importer that uses the database first. Kept files are no part of it: --files-from copies them.
    """
    if (source is None) != (target is None):
        raise RequestError("--from and --to belong together: from which database to which?")
    if source is not None and target is not None:
        asyncio.run(_move(source, target))
    elif files_from is None:
        asyncio.run(_migrate(load_settings().database_address))
        typer.echo(f"The database has the schema of this version ({HEAD}).")
    if files_from is not None:
        number = asyncio.run(_copy(files_from, load_settings()))
        typer.echo(f"{number:,} files have arrived. Those in {files_from} stay as they are.")


async def _migrate(address: str) -> None:
    async with connected(address) as database:
        await database.migrate()


async def _move(source: str, target: str) -> None:
    await _migrate(target)
    async with connected(source) as old, connected(target) as new:
        await old.require_schema()
        await move(old, new, lambda table, rows: typer.echo(f"{table}: {rows:,} rows"))
    typer.echo("Everything has arrived. Write the new address into the settings as `database`.")


async def _copy(folder: Path, settings: Settings) -> int:
    """Every file under `folder`, under its name; repeated, it writes the same again."""
    if not await asyncio.to_thread(folder.is_dir):
        raise SourceMissing(f"There is no folder {folder}.")
    found = await asyncio.to_thread(lambda: sorted(path for path in folder.rglob("*") if path.is_file()))
    whole = [path for path in found if path.suffix != ".part"]
    async with open_files(settings) as files:
        for path in whole:
            size = (await asyncio.to_thread(path.stat)).st_size
            await files.keep(path.relative_to(folder).as_posix(), chunks(path), limit=size)
    return len(whole)
