"""`importer check FILE`: what importer makes of a file, and what is wrong in it, by cause. It never sends anything."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape

from importer.bootstrap import open_importer
from importer.cli.exits import OK, ROWS_FAILED
from importer.cli.reading import reads_a_file
from importer.cli.run import with_document
from importer.domain.rows import RowError
from importer.domain.sentences import sentences
from importer.formats.frames import CellWarning
from importer.formats.reading import Reading
from importer.ports import Tables
from importer.services.checking import Cause, Checked, check as check_file
from importer.services.reporting import row_document
from importer.settings import Settings, load_settings
from importer.sources import files
from importer.sources.mappings import MappingFolders

SHOWN_CHARACTERS = 60


@reads_a_file
def check(
    file: Annotated[Path, typer.Argument(help="The file to check.", show_default=False)],
    mapping: Annotated[
        str, typer.Option(help="Name of the mapping, or its file (.yaml).", show_default=False)
    ],
    shop: Annotated[
        str | None, typer.Option(help="Look names up in this shop; without it they are not checked.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything, every row, as JSON.")] = False,
    max_errors: Annotated[
        int | None, typer.Option(min=0, help="Stop once more rows than this are wrong.", show_default=False)
    ] = None,
    *,
    reading: Reading,
) -> None:
    """Tell what is wrong in FILE, largest cause first; nothing is sent."""
    settings = load_settings()
    if Path(mapping).suffix in (".yaml", ".yml"):
        settings, mapping = with_document(settings, Path(mapping))
    files.require(file)
    folders = MappingFolders(settings.mapping_folders)
    document = folders.parse(mapping, folders.text(mapping))
    tables = asyncio.run(_tables(settings, shop)) if shop is not None else None
    rows = _Rows() if as_json else None
    found = check_file(
        file,
        file.name,
        document,
        tables,
        reading=reading,
        max_errors=max_errors,
        told=rows.add if rows else _nothing,
    )
    if rows is not None:
        rows.end(_document(found, file.name, mapping, shop))
    else:
        _print(found, file.name, mapping, Console(highlight=False, soft_wrap=True))
    raise typer.Exit(ROWS_FAILED if found.wrong else OK)


async def _tables(settings: Settings, shop: str) -> Tables:
    async with open_importer(settings) as importer:
        return await importer.ports.shops.reader(shop).look_ups()


def _nothing(_error: RowError) -> None:
    """Causes are enough."""


class _Rows:
    """One JSON document, written while the file is read: rows first, as many as there are."""

    def __init__(self) -> None:
        self._before = '{"rows":[\n'

    def add(self, error: RowError) -> None:
        typer.echo(self._before + orjson.dumps(row_document(error)).decode(), nl=False)
        self._before = ",\n"

    def end(self, rest: dict[str, Any]) -> None:
        opened = self._before if self._before.startswith("{") else ""
        typer.echo(f"{opened}\n],{orjson.dumps(rest).decode()[1:]}")


def _document(found: Checked, name: str, mapping: str, shop: str | None) -> dict[str, Any]:
    return {
        "file": name,
        "mapping": mapping,
        "shop": shop,
        "recognised": found.recognised,
        "doubts": found.doubts,
        "columns": found.columns,
        "unchecked": found.unchecked,
        "rows_total": found.total,
        "rows_checked": found.rows,
        "rows_good": found.sendable,
        "counts": {outcome.value: number for outcome, number in found.counts.items()},
        "stopped": found.stopped,
        "causes": [
            {
                "outcome": cause.outcome.value if cause.outcome else "warning",
                "code": cause.code,
                "column": cause.column,
                "rows": cause.rows,
                "text": cause.text,
                "fix": cause.fix,
                "examples": [asdict(one) for one in cause.examples],
            }
            for cause in found.causes
        ],
    }


def _print(found: Checked, name: str, mapping: str, console: Console) -> None:
    counts = ", ".join(f"{number:,} {outcome.value}" for outcome, number in found.counts.items())
    rest = f", {counts}" if counts else ""
    noun = "row" if found.rows == 1 else "rows"
    console.print(
        escape(
            f"{name} with the mapping {mapping}: {found.rows:,} {noun} checked, {found.sendable:,} good{rest}"
        ),
        style="bold",
    )
    for line in found.recognised:
        console.print(escape(f"  {line}"))
    for doubt in found.doubts:
        console.print(escape(f"  {doubt}"), style="bold")
    if found.columns["unknown"]:
        console.print(escape(f"  columns that mean nothing here: {', '.join(found.columns['unknown'])}"))
    if found.unchecked:
        names = ", ".join(found.unchecked)
        console.print(escape(f"  not looked up, because no --shop was given: {names}"))
    for cause in found.causes:
        _print_cause(cause, console)
    if found.stopped:
        left = found.total - found.rows
        console.print(f"\nStopped at {found.wrong:,} wrong rows; {left:,} further rows were not checked.")


def _print_cause(cause: Cause, console: Console) -> None:
    noun = "row" if cause.rows == 1 else "rows"
    kind = "" if cause.outcome is None or cause.outcome.value == "invalid" else f" {cause.outcome.value}"
    told = sentences(cause.text, cause.fix)
    console.print(escape(f"\n{cause.rows:,} {noun}{kind}: {told}  ({cause.code})"))
    for one in cause.examples:
        console.print(escape(f"    {_place(one)}"))


def _place(one: RowError | CellWarning) -> str:
    key = f", {one.key}" if isinstance(one, RowError) and one.key else ""
    cell = f", cell {one.address}" if isinstance(one, CellWarning) and one.address else ""
    value = f": {one.column} = '{_short(one.value or '')}'" if one.column else f": {_short(one.value or '')}"
    return f"record {one.row}, line {one.line}{key}{cell}{value}"


def _short(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[: SHOWN_CHARACTERS - 1]}…"
