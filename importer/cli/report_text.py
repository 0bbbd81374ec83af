"""The report of an import as text: what a person wants to know first comes first."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from importer.domain.imports import Mode
from importer.domain.rows import Outcome, plural
from importer.domain.sentences import sentences

SHOWN_ROWS = 20
SHOWN_CHARACTERS = 60
SHOWN_RANGES = 12
NO_FAULT = frozenset({Outcome.UNKNOWN, Outcome.NOT_SENT})
"""Outcomes that no correction of the row would change."""
MANY = 10
"""So many records that are no text are not to be looked at one by one: the file has another encoding."""


def print_report(document: Mapping[str, Any], console: Console) -> None:
    """What a person wants to know first comes first: does it add up, what went wrong, which rows."""
    kind = "a check" if document["mode"] == Mode.CHECK else "a dry run"
    rehearsal = f", {kind}: nothing was sent" if document["dry_run"] else ""
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
    alike: dict[tuple[str, str, str], dict[int, Mapping[str, Any]]] = {}
    rows = []
    for row in document["rows"]:
        unreadable = row["code"] == "record.encoding" and row["code"] in many
        if row["outcome"] in NO_FAULT or unreadable:
            kind = row["outcome"], row["code"], "" if unreadable else row["text"]
            alike.setdefault(kind, {}).setdefault(row["row"], row)
        else:
            rows.append(row)
    if rows or alike:
        console.print("\nRows that need you", style="bold")
    for row in rows[:SHOWN_ROWS]:
        _print_row(row, console)
    for kind in list(alike)[:SHOWN_ROWS]:
        alone = sum(other[:2] == kind[:2] for other in alike) == 1
        _print_alike(alike[kind], _rows_of(kind, document) if alone else 0, console)
    if rows or alike:
        more = max(0, len(rows) - SHOWN_ROWS) + sum(len(found) for found in list(alike.values())[SHOWN_ROWS:])
        further = f"and {plural(more, 'more row')}; " if more > 0 else ""
        console.print(
            f"  {further}all of them in the file's own layout: "
            f"importer report {document['id']} --rows FILE.csv",
            soft_wrap=True,
        )


def _rows_of(kind: tuple[str, str, str], document: Mapping[str, Any]) -> int:
    """How many rows ended so: a report does not list them all."""
    return sum(cause["rows"] for cause in document["causes"] if (cause["outcome"], cause["code"]) == kind[:2])


def _print_row(row: Mapping[str, Any], console: Console) -> None:
    cell = f"  {row['column']} = '{_short(row['value'])}'" if row["column"] else ""
    key = f"  {row['key']}" if row["key"] else ""
    console.print(escape(f"  row {row['row']}, line {row['line']}{key}{cell}"), soft_wrap=True)
    says = f"The shop says: {row['shop_says']}" if row["shop_says"] else ""
    console.print(escape(f"      {sentences(row['sentence'], says, row['fix'])}"), soft_wrap=True)


def _print_alike(listed: Mapping[int, Mapping[str, Any]], total: int, console: Console) -> None:
    """Rows with one reason: how many, which, and the reason once. `total`: all of them, as far as it is known."""
    row = next(iter(listed.values()))
    if max(total, len(listed)) == 1:
        _print_row(row, console)
        return
    more = " and further ones" if total > len(listed) else ""
    says = f"The shop says: {row['shop_says']}" if row["shop_says"] else ""
    told = sentences(row["sentence"], says, row["fix"])
    count = plural(max(total, len(listed)), "row")
    kind = row["outcome"].replace("_", " ")
    console.print(escape(f"  {count} {kind} ({ranges(sorted(listed))}{more}): {told}"), soft_wrap=True)


def ranges(numbers: Sequence[int]) -> str:
    """`rows 1-7, 9, 12-20`, of numbers that rise; the first few of many."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    told = [f"{first:,}" if first == last else f"{first:,}-{last:,}" for first, last in runs[:SHOWN_RANGES]]
    return f"{'row' if len(numbers) == 1 else 'rows'} {', '.join(told)}{', …' if len(runs) > SHOWN_RANGES else ''}"


def _short(value: str | None) -> str:
    return (
        ""
        if value is None
        else value
        if len(value) <= SHOWN_CHARACTERS
        else f"{value[: SHOWN_CHARACTERS - 1]}…"
    )
