"""`importer mappings`: which there are, what they do, which one fits a file, and whether a document is right."""

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from importer import formats
from importer.cli.exits import BAD_REQUEST, OK
from importer.cli.mapping_tables import print_explained, print_suggestions
from importer.cli.reading import reads_a_file
from importer.domain.errors import ConfigurationError, FileDamaged, MappingInvalid
from importer.domain.mapping import Mapping
from importer.formats.reading import Reading
from importer.settings import load_settings
from importer.sources.files import require
from importer.sources.mappings import MappingFolders, read
from importer.transform import gaps, suggestions, wording
from importer.transform.language import published

mappings = typer.Typer(help="Mapping documents: how a file's columns become payloads.", no_args_is_help=True)


@mappings.command("list")
def list_mappings() -> None:
    """Name every mapping and what it is for."""
    folders = MappingFolders(load_settings().mapping_folders)
    for name in folders.names():
        try:
            typer.echo(f"{name:24} {folders.parse(name, folders.text(name)).title}")
        except MappingInvalid as error:
            noun = "fault" if len(error.faults) == 1 else "faults"
            typer.echo(
                f"{name:24} has {len(error.faults)} {noun}; see: importer mappings check {folders.path(name)}"
            )


@mappings.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Mapping documents (.yaml).", show_default=False)],
) -> None:
    """Tell every fault of the documents, with line and path. Exit code 2 when there is one."""
    faults = 0
    for path in files:
        try:
            mapping = MappingFolders([]).parse(path.stem, read(require(path)))
            typer.echo(f"{path}: no faults")
            for place in gaps.unfilled(mapping):
                typer.echo(f"{path}: the schema requires `{place}`, and no column or constant fills it")
        except MappingInvalid as error:
            faults += len(error.faults)
            for fault in error.faults:
                typer.echo(f"{path}: {fault}")
    if faults:
        typer.echo(f"{faults} {'fault' if faults == 1 else 'faults'}.")
    raise typer.Exit(2 if faults else 0)


@mappings.command()
def explain(
    name: Annotated[str, typer.Argument(help="Name of a mapping.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Tell column by column where a value goes, and its rules in words."""
    folders = MappingFolders(load_settings().mapping_folders)
    mapping = folders.parse(name, folders.text(name))
    columns = wording.told(mapping)
    if as_json:
        typer.echo(
            orjson.dumps(
                {"mapping": name, "reading": mapping.reading, "columns": columns}, option=orjson.OPT_INDENT_2
            ).decode()
        )
    else:
        print_explained(mapping, columns, Console(highlight=False))


@mappings.command()
@reads_a_file
def suggest(
    file: Annotated[Path, typer.Argument(help="A file that you want to import.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    *,
    reading: Reading,
) -> None:
    """Tell which mapping fits a file, column by column, with reasons. Exit code 2 when none does."""
    header = formats.header(require(file), file.name, reading)
    frame = next(formats.frames(file, file.name, header), None)
    if frame is None:
        raise FileDamaged(f"{file.name} has no rows: there is nothing to compare.", code="file.no_rows")
    found = suggestions.suggest(_parsed(), header.own, header.literal, frame.cells)
    if as_json:
        document = [{"score": round(one.score, 3), **asdict(one)} for one in found]
        typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
    else:
        print_suggestions(str(file), found, Console(highlight=False))
    raise typer.Exit(OK if found[0].ready else BAD_REQUEST)


def _parsed() -> list[Mapping]:
    """Every mapping without faults."""
    folders = MappingFolders(load_settings().mapping_folders)
    good = []
    for name in folders.names():
        with suppress(MappingInvalid):
            good.append(folders.parse(name, folders.text(name)))
    if not good:
        raise ConfigurationError("There is no mapping without faults; see: importer mappings list")
    return good


@mappings.command()
def schema() -> None:
    """Print the JSON Schema of the mapping language, with which an editor completes documents."""
    typer.echo(orjson.dumps(published(), option=orjson.OPT_INDENT_2).decode())
