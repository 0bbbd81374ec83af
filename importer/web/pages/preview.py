"""A file is looked at before it is imported: what it was recognised as and why, which mapping fits, what is not used."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

import polars as pl
from aiohttp import web

from importer import formats
from importer.domain.errors import FileDamaged
from importer.domain.mapping import Mapping
from importer.domain.rows import LIST_MARK
from importer.domain.tokens import Scope
from importer.transform import suggestions
from importer.transform.suggestions import Suggestion
from importer.web.mappings import keep_sample, parsed
from importer.web.operations import Operations
from importer.web.rendering import render

operations = Operations()

SHOWN_MAPPINGS = 5
SAMPLES = 3
SAMPLE_CHARACTERS = 40


@operations.page("POST", "/look", scope=Scope.IMPORT)
async def look(request: web.Request) -> web.Response:
    """A part of the page about the body: a file called `name`, or its beginning where the query says `cut`. Nothing is kept.

    Raises RequestError.
    """
    good = parsed(request)
    name = PurePath(request.query.get("name", "").replace("\\", "/")).name or "sample.csv"
    with tempfile.TemporaryDirectory(prefix="importer-look-") as folder:
        path = Path(folder) / "sample"
        await keep_sample(request, path)
        seen = await asyncio.to_thread(_look, path, name, good)
    words = {**seen, "name": name, "cut": "cut" in request.query}
    return render("look.html", request, words)


def _look(path: Path, name: str, mappings: Sequence[Mapping]) -> dict[str, Any]:
    if path.stat().st_size == 0:
        raise FileDamaged(f"{name}: the file is empty.", code="file.empty")
    header = formats.header(path, name)
    first: pl.DataFrame | None = None
    rows = 0
    for frame in formats.frames(path, name, header):
        first = frame.cells if first is None else first
        rows += frame.rows
    if first is None:
        raise FileDamaged(f"{name} has no rows: there is nothing to compare.", code="file.no_rows")
    found = suggestions.suggest(mappings, header.own, header.literal, first)
    return {
        "evidence": header.evidence,
        "doubts": header.doubts,
        "rows": rows,
        "columns": len(header.own),
        "samples": {column: _samples(first, column) for column in header.own},
        "found": [_told(one) for one in found[:SHOWN_MAPPINGS]],
    }


def _told(one: Suggestion) -> dict[str, Any]:
    return {
        "mapping": one.mapping,
        "title": one.title,
        "ready": one.ready,
        "missing": one.missing,
        "known": sum(match.sure for match in one.matches),
        "used": [match for match in one.matches if match.column],
        "unused": [match for match in one.matches if not match.column],
    }


def _samples(cells: pl.DataFrame, column: str) -> list[str]:
    """The first different values."""
    values = cells.get_column(column).head(suggestions.SAMPLE_ROWS).drop_nulls().cast(pl.String)
    shown = values.filter(values != "").unique(maintain_order=True).head(SAMPLES)
    return [_short(value.replace(LIST_MARK, ", ")) for value in shown]


def _short(text: str) -> str:
    return text if len(text) <= SAMPLE_CHARACTERS else f"{text[: SAMPLE_CHARACTERS - 1]}…"
