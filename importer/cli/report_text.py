"""The report of an import as text: what a person wants to know first comes first."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape

from importer.domain.rows import Outcome, plural
from importer.domain.sentences import sentences

SHOWN_ROWS = 20
SHOWN_CHARACTERS = 60
MANY = 10
"""So many records that are no text are not to be looked at one by one: the file has another encoding."""


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
    """Those that need a person first."""
    for needs, title in ((True, "Causes that need you"), (False, "Causes that need nobody")):
        causes = [cause for cause in document["causes"] if cause["needs_person"] is needs]
        if causes:
            console.print(f"\n{title}", style="bold")
        for cause in causes:
            column = f"{cause['column']}: " if cause["column"] else ""
            line = f"  {cause['rows']:>6,} {cause['outcome']:<9} {cause['code']:<18} {column}for example: {cause['example']}"
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
        _print_row(row, console)
    _print_alike(document, alike, console)
    if rows or alike:
        more = len(rows) - SHOWN_ROWS
        further = f"and {plural(more, 'more row')}; " if more > 0 else ""
        console.print(
            f"  {further}all of them in the file's own layout: "
            f"importer report {document['id']} --rows FILE.csv",
            soft_wrap=True,
        )


def _print_row(row: Mapping[str, Any], console: Console) -> None:
    cell = f"  {row['column']} = '{_short(row['value'])}'" if row["column"] else ""
    key = f"  {row['key']}" if row["key"] else ""
    console.print(escape(f"  row {row['row']}, line {row['line']}{key}{cell}"), soft_wrap=True)
    says = f"The shop says: {row['shop_says']}" if row["shop_says"] else ""
    console.print(escape(f"      {sentences(row['sentence'], says, row['fix'])}"), soft_wrap=True)


def _print_alike(
    document: Mapping[str, Any], alike: Mapping[str, Mapping[str, Any]], console: Console
) -> None:
    for cause in document["causes"]:
        if cause["code"] in alike and cause["outcome"] == alike[cause["code"]]["outcome"]:
            row = alike[cause["code"]]
            kind, told = row["outcome"].replace("_", " "), sentences(row["text"], row["fix"])
            line = f"  {plural(cause['rows'], 'row')} {kind}, from row {row['row']} on: {told}"
            console.print(escape(line), soft_wrap=True)


def _short(value: str | None) -> str:
    return (
        ""
        if value is None
        else value
        if len(value) <= SHOWN_CHARACTERS
        else f"{value[: SHOWN_CHARACTERS - 1]}…"
    )
