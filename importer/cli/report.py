"""`importer report [ID]`: the report as text, JSON or a page, and the rows to mend as a file."""

import asyncio
import io
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import aiofiles
import orjson
import typer
from rich.console import Console

from importer.bootstrap import open_importer
from importer.cli.imports import ImportId, latest
from importer.cli.report_text import print_report
from importer.domain.errors import ConfigurationError, RequestError
from importer.domain.rows import Outcome
from importer.services.reporting import Reporting
from importer.services.reporting.layouts import LAYOUTS
from importer.settings import load_settings
from importer.web import report_page


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"
    HTML = "html"


def report(
    import_id: ImportId = None,
    format_: Annotated[
        Format, typer.Option("--format", help="As text, JSON or one HTML page.")
    ] = Format.TEXT,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it into this file.", show_default=False)
    ] = None,
    rows: Annotated[
        Path | None,
        typer.Option(
            help="Write the rows to mend into this file, .csv, .xlsx or .jsonl; it can be imported as it is.",
            show_default=False,
        ),
    ] = None,
    outcome: Annotated[
        list[Outcome] | None,
        typer.Option(help="Only rows of this outcome; may be said several times.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    folder: Annotated[
        Path | None, typer.Option("--report", help="Folder for report.json, report.html and rows.csv.")
    ] = None,
) -> None:
    """Show the report of an import of this machine, or take home the rows that need you."""
    if rows is not None and layout_of(rows) not in LAYOUTS:
        known = ", ".join(f".{name}" for name in LAYOUTS)
        raise RequestError(f"{rows}: rows are written as {known}; name the file so.", code="rows.layout")
    if outcome and rows is None:
        raise RequestError("--outcome says which rows go into a file: add --rows FILE.", code="rows.layout")
    make_folder(folder)
    kind = Format.JSON if as_json else format_
    asyncio.run(
        _report(import_id, kind, output, folder) if rows is None else _rows(import_id, rows, outcome or [])
    )


async def _report(asked: str | None, kind: Format, output: Path | None, folder: Path | None) -> None:
    async with open_importer(load_settings()) as importer:
        import_id = await latest(importer, asked)
        listed = {"listed": report_page.LISTED_ROWS} if kind is Format.HTML else {}
        document = await importer.reporting.report(import_id, **listed)
        if output is not None:
            await write(output, _as(kind, document))
            typer.echo(f"Written: {output}")
        elif kind is Format.TEXT:
            print_report(document, Console(highlight=False))
        else:
            typer.echo(_as(kind, document))
        if folder is not None:
            await write_report(importer.reporting, document, folder)


async def _rows(asked: str | None, path: Path, outcomes: list[Outcome]) -> None:
    """What stands at `path` already is replaced when the new file is whole."""
    part = path.with_name(f"{path.name}.part")
    async with open_importer(load_settings()) as importer:
        import_id = await latest(importer, asked)
        await write(part, b"", called=path)  # what cannot be written is told before the rows are gathered
        try:
            await importer.reporting.write_rows(import_id, part, layout_of(path), outcomes)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        typer.echo(f"Written: {path}. Mend it and import it as it is.")


def _as(kind: Format, document: Mapping[str, Any]) -> bytes:
    if kind is Format.JSON:
        return orjson.dumps(document, option=orjson.OPT_INDENT_2)
    if kind is Format.HTML:
        return report_page.render(document).encode()
    text = io.StringIO()
    print_report(document, Console(file=text, highlight=False))
    return text.getvalue().encode()


def layout_of(path: Path) -> str:
    return path.suffix.lower().removeprefix(".")


def make_folder(folder: Path | None) -> None:
    """Before anything is sent: a report that cannot be written afterwards helps nobody."""
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"The report folder {folder} cannot be made: {error.strerror}.") from None


async def tell(
    reporting: Reporting, import_id: str, console: Console, folder: Path | None, *, as_json: bool = False
) -> None:
    """The report of an import that has ended: printed, and written into `folder` where there is one."""
    document = await reporting.report(import_id)
    if as_json:
        typer.echo(_as(Format.JSON, document).decode())
    else:
        print_report(document, console)
    if folder is not None:
        await write_report(reporting, document, folder)


async def write_report(reporting: Reporting, document: Mapping[str, Any], folder: Path) -> None:
    """`report.json`, `report.html`, and `rows.csv` with the rows that need a person in the file's own layout."""
    await write(folder / "report.json", _as(Format.JSON, document))
    await write(folder / "report.html", _as(Format.HTML, document))
    await reporting.write_rows(document["id"], folder / "rows.csv")


async def write(path: Path, content: bytes, *, called: Path | None = None) -> None:
    try:
        async with aiofiles.open(path, "wb") as file:
            await file.write(content)
    except OSError as error:
        raise ConfigurationError(f"{called or path} cannot be written: {error.strerror}.") from None
