"""The options that say how a file is read: declared once, the same for every command that reads one."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from importer.formats.reading import Reading, in_words

PANEL = "How the file is read (what is not said is recognised)"


def _said(name: str, text: str) -> Any:
    return typer.Option(name, help=text, show_default=False, rich_help_panel=PANEL)


OPTIONS: dict[str, Any] = {
    "format": Annotated[str | None, _said("--format", "csv, jsonl, json or xlsx; by the file's name.")],
    "encoding": Annotated[str | None, _said("--encoding", "Such as utf-8 or cp1252.")],
    "delimiter": Annotated[str | None, _said("--delimiter", "One character, or tab.")],
    "quote": Annotated[str | None, _said("--quote", "One character, or none.")],
    "header": Annotated[
        bool | None, _said("--header/--no-header", "The first record names the columns, or is data.")
    ],
    "sheet": Annotated[str | None, _said("--sheet", "Of a workbook; the first one.")],
    "path": Annotated[str | None, _said("--path", "To the list in a JSON document: data.products.")],
    "member": Annotated[str | None, _said("--member", "The file inside a zip archive.")],
}
"""Parameter -> its option."""


def reads_a_file(command: Callable[..., None]) -> Callable[..., None]:
    """The command with these options; its own parameter `reading` gets what they say. Raises RequestError."""
    own = inspect.signature(command).parameters.values()
    kind = inspect.Parameter.KEYWORD_ONLY
    added = [inspect.Parameter(name, kind, default=None, annotation=one) for name, one in OPTIONS.items()]

    @functools.wraps(command)
    def with_options(**words: Any) -> None:
        said = {name: words.pop(name) for name in OPTIONS}
        command(**words, reading=_reading(said))

    shown = [parameter for parameter in own if parameter.name != "reading"]
    with_options.__signature__ = inspect.Signature([*shown, *added])  # type: ignore[attr-defined]
    return with_options


def _reading(said: dict[str, Any]) -> Reading:
    header = {True: "yes", False: "no", None: ""}[said["header"]]
    return in_words({name: word or "" for name, word in said.items()} | {"header": header})
