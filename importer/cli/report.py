"""`importer report ID`, and the report as text."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import aiofiles
import orjson
import typer
from rich.console import Console
from rich.markup import escape

from importer.bootstrap import open_importer
from importer.domain.errors import ConfigurationError
from importer.domain.rows import Outcome
from importer.domain.sentences import sentences
from importer.services.reporting import Reporting
from importer.settings import load_settings

SHOWN_ROWS = 20
SHOWN_CHARACTERS = 60
MANY = 10
"""So many records that are no text are not to be looked at one by one: the file has another encoding."""


def report(
    import_id: Annotated[str, typer.Argument(help="Id of an import.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    folder: Annotated[
        Path | None, typer.Option("--report", help="Folder for report.json and rows.csv.")
    ] = None,
) -> None:
    """Show the report of an import of this machine."""
    make_folder(folder)
    asyncio.run(_report(import_id, folder, as_json=as_json))


async def _report(import_id: str, folder: Path | None, *, as_json: bool) -> None:
    async with open_importer(load_settings()) as importer:
        document = await importer.reporting.report(import_id)
        if as_json:
            typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        else:
            print_report(document, Console(highlight=False))
        if folder is not None:
            await write_report(importer.reporting, document, folder)


def make_folder(folder: Path | None) -> None:
    """Before anything is sent: a report that cannot be written afterwards helps nobody."""
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"The report folder {folder} cannot be made: {error.strerror}.") from None


async def write_report(reporting: Reporting, document: Mapping[str, Any], folder: Path) -> None:
    """`report.json`, and `rows.csv` with the rows that need a person in the file's own layout."""
    async with aiofiles.open(folder / "report.json", "wb") as file:
        await file.write(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    async with aiofiles.open(folder / "rows.csv", "wb") as file:
        async for line in reporting.rows_csv(document["id"]):
            await file.write(line)


def print_report(document: Mapping[str, Any], console: Console) -> None:
    """What a person wants to know first comes first: does it add up, what went wrong, which rows."""
    rehearsal = ", a dry run: nothing was sent" if document["dry_run"] else ""
    name = escape(document["file"]["name"])
    console.print(
        f"\nImport {document['id']} of {name} into {document['shop']}: {document['status']}{rehearsal}",
        soft_wrap=True,
    )
    console.print(document["equation"], style="bold", soft_wrap=True)
    if document["failure"]:
        console.print(escape(document["failure"]["text"]), style="red", soft_wrap=True)
    if document["rows_total"] and document["rows_read"] < document["rows_total"]:
        console.print(f"{document['rows_total'] - document['rows_read']:,} further rows were not read.")
    _print_causes(document, console)
    _print_rows(document, console)
    if document["columns"].get("recognised"):
        said = [line.partition(": ")[0] for line in document["columns"]["recognised"]]
        console.print(f"Read as: {escape(', '.join(said))}", soft_wrap=True)
    _print_warnings(document["columns"].get("warnings", []), console)
    if document["columns"].get("unknown"):
        unknown = ", ".join(document["columns"]["unknown"])
        console.print(f"\nColumns that mean nothing here: {escape(unknown)}", soft_wrap=True)


def _print_warnings(warnings: list[str], console: Console) -> None:
    """Cells that were imported as they are, and look as if the program that wrote the file had changed them."""
    if warnings:
        console.print("\nLook at this", style="bold")
    for warning in warnings[:SHOWN_ROWS]:
        console.print(escape(f"  {warning}"), soft_wrap=True)


def _print_causes(document: Mapping[str, Any], console: Console) -> None:
    if document["causes"]:
        console.print("\nCauses", style="bold")
    for cause in document["causes"]:
        line = (
            f"  {cause['rows']:>6,} {cause['outcome']:<9} {cause['code']:<18} for example: {cause['example']}"
        )
        console.print(escape(line), soft_wrap=True)


def _print_rows(document: Mapping[str, Any], console: Console) -> None:
    """Rows with nothing of their own to correct are one line for each reason: they would hide the others."""
    many = {cause["code"] for cause in document["causes"] if cause["rows"] >= MANY}
    alike: dict[str, Mapping[str, Any]] = {}
    rows = []
    for row in document["rows"]:
        if row["outcome"] == Outcome.NOT_SENT or (row["code"] == "record.encoding" and row["code"] in many):
            alike.setdefault(row["code"], row)
        else:
            rows.append(row)
    if rows or alike:
        console.print("\nRows that need you", style="bold")
    for row in rows[:SHOWN_ROWS]:
        cell = f"  {row['column']} = '{_short(row['value'])}'" if row["column"] else ""
        key = f"  {row['key']}" if row["key"] else ""
        console.print(escape(f"  row {row['row']}, line {row['line']}{key}{cell}"), soft_wrap=True)
        console.print(escape(f"      {sentences(row['text'], row['fix'])}"), soft_wrap=True)
    if len(rows) > SHOWN_ROWS:
        console.print(f"  and {len(rows) - SHOWN_ROWS:,} more; --report DIR writes all of them")
    for cause in document["causes"]:
        if cause["code"] in alike and cause["outcome"] == alike[cause["code"]]["outcome"]:
            row, noun = alike[cause["code"]], "row" if cause["rows"] == 1 else "rows"
            kind, told = row["outcome"].replace("_", " "), sentences(row["text"], row["fix"])
            console.print(
                escape(f"  {cause['rows']:,} {noun} {kind}, from row {row['row']} on: {told}"), soft_wrap=True
            )


def _short(value: str | None) -> str:
    return (
        ""
        if value is None
        else value
        if len(value) <= SHOWN_CHARACTERS
        else f"{value[: SHOWN_CHARACTERS - 1]}…"
    )
