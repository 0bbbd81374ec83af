"""`importer mappings`: which there are, and whether a document is right."""

from pathlib import Path
from typing import Annotated

import typer

from importer.domain.errors import MappingInvalid
from importer.settings import load_settings
from importer.sources.files import require
from importer.sources.mappings import MappingFolders, read

mappings = typer.Typer(help="Mapping documents: how a file's columns become payloads.", no_args_is_help=True)


@mappings.command("list")
def list_mappings() -> None:
    """Name every mapping and what it is for."""
    folders = MappingFolders(load_settings().mapping_folders)
    for name in folders.names():
        try:
            typer.echo(f"{name:24} {folders.parse(name, folders.text(name)).title}")
        except MappingInvalid as error:
            typer.echo(f"{name:24} has {len(error.faults)} faults; see: importer mappings check {name}.yaml")


@mappings.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Mapping documents (.yaml).", show_default=False)],
) -> None:
    """Tell every fault of the documents, with line and path. Exit code 2 when there is one."""
    faults = 0
    for path in files:
        try:
            MappingFolders([]).parse(path.stem, read(require(path)))
            typer.echo(f"{path}: no faults")
        except MappingInvalid as error:
            faults += len(error.faults)
            for fault in error.faults:
                typer.echo(f"{path}: {fault}")
    if faults:
        typer.echo(f"{faults} {'fault' if faults == 1 else 'faults'}.")
    raise typer.Exit(2 if faults else 0)
