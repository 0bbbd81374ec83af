"""What `importer mappings explain` and `suggest` show on a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from importer.domain.mapping import Mapping
from importer.transform.shapes import shown
from importer.transform.suggestions import Match, Suggestion
from importer.transform.wording import Told, condition, phases

SHOWN_SUGGESTIONS = 5
STYLES = {"similar": "yellow", "values": "yellow", "unknown": "dim", "attribute": "dim", "left out": "dim"}


def print_explained(mapping: Mapping, columns: Sequence[Told], console: Console) -> None:
    console.print(f"[bold]{escape(mapping.name)}[/bold]  {escape(mapping.title)}")
    repeated = "refused" if mapping.repeated_keys == "error" else f"the {mapping.repeated_keys} row wins"
    console.print(
        escape(f"{mapping.request.method} {mapping.request.path}; key {mapping.key}, repeated: {repeated}")
    )
    table = _table("column of the file", "goes to", "rules, in order")
    for column in columns:
        names = escape(column.column) + "".join(f"\n[dim]or {escape(name)}[/dim]" for name in column.synonyms)
        rules = [escape(rule) for rule in column.rules]
        notes = [f"[dim]{escape(note)}[/dim]" for note in column.notes]
        place = escape(column.to) if column.to else "[dim]only read[/dim]"
        table.add_row(names, place, "\n".join([*rules, *notes]))
    console.print(table)
    for path, value in mapping.constants.items():
        console.print(escape(f"always: {path} is {value}"))
    for skip in mapping.skip:
        console.print(escape(f"left out: rows where {condition(skip.when)} ({skip.code})"))
    for number, what in enumerate(phases(mapping), 1):
        console.print(escape(f"phase {number}, {what}"))
    if mapping.reading:
        words = ", ".join(f"{name} {shown(word)}" for name, word in mapping.reading.items())
        console.print(escape(f"read with, where nobody says otherwise: {words}"))
    if mapping.ignore:
        console.print(escape(f"known and left out: {', '.join(mapping.ignore)}"), style="dim")


def print_suggestions(file: str, found: Sequence[Suggestion], console: Console) -> None:
    ranking = _table("mapping", "knows of the columns", "lacks")
    for one in found[:SHOWN_SUGGESTIONS]:
        lacks = escape(", ".join(one.missing)) or "[green]nothing[/green]"
        known = sum(match.sure for match in one.matches)
        likely = sum(match.column is not None and not match.sure for match in one.matches)
        told = f"{known} of {len(one.matches)}" + (f", {likely} more likely" if likely else "")
        ranking.add_row(f"{escape(one.mapping)}\n[dim]{escape(one.title)}[/dim]", told, lacks)
    console.print(ranking)
    best = found[0]
    if not best.ready and not best.score:
        console.print(
            "None of them knows the file's columns. Write a mapping for it: docs/howto/write-a-mapping.md"
        )
        return
    console.print(f"\nThe best: [bold]{escape(best.mapping)}[/bold]")
    columns = _table("column of the file", "is", "goes to", "because")
    for match in best.matches:
        cells = (match.file, match.column or match.how, match.to or "", match.reason)
        columns.add_row(*map(escape, cells), style=STYLES.get(match.how))
    console.print(columns)
    _print_next(file, best, console)


def _print_next(file: str, best: Suggestion, console: Console) -> None:
    likely = [match for match in best.matches if match.column and not match.sure]
    if likely:
        console.print("\nIf the yellow lines are right, add them to a copy of the mapping:")
        console.print("\n".join(f"  {escape(_synonym(match))}" for match in likely))
    if best.ready:
        command = f"importer run {file} --mapping {best.mapping} --dry-run"
        console.print(f"\nTry it, nothing is sent:\n  {escape(command)}", soft_wrap=True)


def _synonym(match: Match) -> str:
    return f"{match.column}: synonyms: [{match.file}]"


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
