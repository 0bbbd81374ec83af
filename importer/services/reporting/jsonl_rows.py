"""Rows for repair as JSON Lines: the documents of the file as they are, or one object for each row of a table."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from importer.domain.rows import LIST_MARK
from importer.formats.documents import Unreadable, json_of, parse
from importer.formats.frames import REPORT_COLUMNS, Header
from importer.services.reporting.repair import DOCUMENTS, Repair, ToMend


async def write(repair: Repair, path: Path) -> None:
    head = await repair.header()
    pages = repair.documents(head) if head.reading.format in DOCUMENTS else repair.rows(head)
    with path.open("wb") as file:
        async for rows in pages:
            await asyncio.to_thread(_add, file, head, rows)


def _add(file: BinaryIO, head: Header, rows: Sequence[ToMend]) -> None:
    for row in rows:
        own = _document(row.text) if row.text is not None else _object(head, row.cells)
        said = dict(zip(REPORT_COLUMNS, row.said(), strict=True))
        document = {**{name: value for name, value in own.items() if name not in REPORT_COLUMNS}, **said}
        file.write(json_of(document).encode() + b"\n")


def _document(text: str) -> dict[str, Any]:
    """Its values with every digit as written; nothing of a document that could not be read."""
    try:
        return parse(text)
    except Unreadable:
        return {}


def _object(head: Header, cells: Sequence[str | None]) -> dict[str, Any]:
    """The filled cells by column. A column of JSON text goes back to its place in the document."""
    found: dict[str, Any] = {}
    for name, cell in zip(head.own, cells, strict=False):
        if cell is None:
            continue
        if name in head.literal:
            *outer, last = name.split(".")
            place = found
            for part in outer:
                place = place.setdefault(part, {})
            place[last] = parse(f'{{"":{cell}}}')[""]
        else:
            found[name] = cell.removesuffix(LIST_MARK).split(LIST_MARK) if LIST_MARK in cell else cell
    return found
