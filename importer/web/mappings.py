"""Mappings over HTTP: which there are, what they do, whether a document is right, and which one fits a file."""

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import Any

import aiofiles
import orjson
from aiohttp import web
from pydantic import Field

from importer import formats
from importer.domain.errors import ConfigurationError, Fault, FileDamaged, MappingInvalid, TooLarge
from importer.domain.mapping import Mapping
from importer.domain.tokens import Scope
from importer.formats.reading import Reading, in_words
from importer.sources.mappings import MappingFolders
from importer.transform import suggestions, wording
from importer.web.documents import FaultsShown, MappingShown, MappingsShown, SuggestionsShown
from importer.web.keys import IMPORTER
from importer.web.operations import Answer, Operations
from importer.web.queries import read
from importer.web.sending import BODY_TYPES, CHUNK_BYTES, ReadingWords

operations = Operations()

YAML_TYPES = ("application/yaml", "text/yaml", "text/plain")
SAMPLE_BYTES = 16 << 20


class Sample(ReadingWords):
    """How the sample is read; what is not said is recognised."""

    name: str = Field(default="sample.csv", description="the name of the file; its end tells the format")


@operations.add("GET", "/v1/mappings", "Mappings", Answer(document=MappingsShown), scope=Scope.READ)
async def list_mappings(request: web.Request) -> web.Response:
    return _json({"items": [listed(request, name) for name in request.app[IMPORTER].ports.mappings.names()]})


@operations.add(
    "GET",
    "/v1/mappings/{mapping}",
    "A mapping: its document, and in words what it does with each column",
    Answer(document=MappingShown),
    scope=Scope.READ,
)
async def show_mapping(request: web.Request) -> web.Response:
    name, mappings = request.match_info["mapping"], request.app[IMPORTER].ports.mappings
    text, told = mappings.text(name), listed(request, name)
    columns: list[Any] = []
    if not told["faults"]:
        columns = [asdict(one) for one in wording.told(mappings.parse(name, text))]
    return _json({**told, "text": text, "columns": columns})


@operations.add(
    "POST",
    "/v1/mappings/check",
    "Every fault of a mapping document, with its line; nothing is kept",
    Answer(document=FaultsShown),
    scope=Scope.READ,
    upload=YAML_TYPES,
    problems=(415,),
    example="-H 'Content-Type: application/yaml' --data-binary @mapping.yaml",
)
async def check_mapping(request: web.Request) -> web.Response:
    """A document that comes over HTTP is not the operator's: an expression in it is a fault."""
    _require(request, YAML_TYPES)
    text = (await request.read()).decode("utf-8", "replace")
    faults = await asyncio.to_thread(_faults, text)
    return _json({"faults": [_fault(fault) for fault in faults]})


@operations.add(
    "POST",
    "/v1/mappings/suggest",
    "Which mapping fits a file, column by column, with reasons; nothing is kept",
    Answer(document=SuggestionsShown),
    scope=Scope.READ,
    query=Sample,
    upload=BODY_TYPES,
    problems=(415,),
    example="-H 'Content-Type: text/csv' --data-binary @products.csv",
)
async def suggest_mapping(request: web.Request) -> web.Response:
    _require(request, BODY_TYPES)
    query = read(request, Sample)
    good = parsed(request)
    with tempfile.TemporaryDirectory(prefix="importer-sample-") as folder:
        path = Path(folder) / "sample"
        await keep_sample(request, path)
        words = {name: getattr(query, name) for name in ReadingWords.model_fields}
        found = await asyncio.to_thread(_suggest, path, query.name, in_words(words), good)
    return _json({"items": found})


def listed(request: web.Request, name: str) -> dict[str, Any]:
    mappings = request.app[IMPORTER].ports.mappings
    try:
        mapping = mappings.parse(name, mappings.text(name))
    except MappingInvalid as error:
        return {"name": name, "title": "", "entity": None, "faults": [_fault(one) for one in error.faults]}
    return {"name": name, "title": mapping.title, "entity": mapping.entity, "faults": []}


def parsed(request: web.Request) -> list[Mapping]:
    """Every mapping without faults. Raises ConfigurationError when there is none."""
    mappings, good = request.app[IMPORTER].ports.mappings, []
    for name in mappings.names():
        with suppress(MappingInvalid):
            good.append(mappings.parse(name, mappings.text(name)))
    if not good:
        raise ConfigurationError("There is no mapping without faults; see: importer mappings list")
    return good


def _faults(text: str) -> Sequence[Fault]:
    try:
        MappingFolders([]).parse("document", text, trusted=False)
    except MappingInvalid as error:
        return error.faults
    return ()


def _suggest(path: Path, name: str, reading: Reading, mappings: list[Mapping]) -> list[dict[str, Any]]:
    """Raises RequestError when the file cannot be read."""
    name = PurePath(name.replace("\\", "/")).name or "sample.csv"
    if path.stat().st_size == 0:
        raise FileDamaged(f"{name}: the file is empty.", code="file.empty")
    header = formats.header(path, name, reading)
    frame = next(formats.frames(path, name, header), None)
    if frame is None:
        raise FileDamaged(f"{name} has no rows: there is nothing to compare.", code="file.no_rows")
    found = suggestions.suggest(mappings, header.own, header.literal, frame.cells)
    return [{"score": round(one.score, 3), **asdict(one)} for one in found]


async def keep_sample(request: web.Request, path: Path) -> None:
    """Raises TooLarge: a sample need not be the whole file."""
    size = 0
    async with aiofiles.open(path, "wb") as file:
        async for chunk in request.content.iter_chunked(CHUNK_BYTES):
            size += len(chunk)
            if size > SAMPLE_BYTES:
                raise TooLarge(
                    f"A sample has at most {SAMPLE_BYTES >> 20} MiB; send the first rows of the file."
                )
            await file.write(chunk)


def _require(request: web.Request, media_types: Sequence[str]) -> None:
    if request.content_type not in media_types:
        raise web.HTTPUnsupportedMediaType(text=f"Send it as the body with one of {', '.join(media_types)}.")


def _fault(fault: Fault) -> dict[str, Any]:
    return {"line": fault.line, "path": fault.path, "detail": fault.text}


def _json(document: Any) -> web.Response:
    return web.Response(body=orjson.dumps(document), content_type="application/json")
