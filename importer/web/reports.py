"""The report of an import, as JSON or as a page, and the rows to mend in the layout of their file."""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

import orjson
from aiohttp import web
from pydantic import Field

from importer.domain.rows import Outcome
from importer.domain.tokens import Scope
from importer.web import report_page
from importer.web.documents import Report
from importer.web.keys import IMPORTER
from importer.web.operations import Answer, Operations
from importer.web.queries import Outcomes, Query, read

operations = Operations()

MEDIA_TYPES = {
    "json": "application/json",
    "html": "text/html",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson",
}
ROWS = "Rows to mend, in the layout of their file"
FORMATS_IN_WORDS = "json, html or csv"
FORMATS = ("json", "html", "csv")
"""In which a report comes; of equally welcome ones the first is taken."""


def _file(layout: str) -> Answer:
    return Answer(media=(MEDIA_TYPES[layout],))


class Format(Query):
    format: Literal["json", "html", "csv"] | None = Field(default=None, description=FORMATS_IN_WORDS)


@operations.add(
    "GET",
    "/v1/imports/{id}/report",
    "The report of an import: JSON, a page, or as CSV the rows that need a person",
    Answer(document=Report, media=("text/html", "text/csv")),
    scope=Scope.READ,
    query=Format,
    problems=(406, 409),
)
async def show_report(request: web.Request) -> web.StreamResponse:
    """By `Accept` or `?format=`."""
    import_id = request.match_info["id"]
    format_ = read(request, Format).format or accepted(request.headers.get("Accept", ""))
    if format_ == "csv":
        return await rows_file(request, import_id, "csv", [])
    reporting = request.app[IMPORTER].reporting
    if format_ == "html":
        return await _page(request, import_id)
    document = await reporting.report(import_id)
    return web.Response(
        body=orjson.dumps(document), content_type=MEDIA_TYPES["json"], headers={"Vary": "Accept"}
    )


async def _page(request: web.Request, import_id: str) -> web.Response:
    report = await request.app[IMPORTER].reporting.report(import_id, listed=report_page.LISTED_ROWS)
    page = await asyncio.to_thread(report_page.render, report, served=True)
    policy = f"{report_page.policy()}; frame-ancestors 'none'"
    return web.Response(
        text=page,
        content_type=MEDIA_TYPES["html"],
        headers={"Vary": "Accept", "Content-Security-Policy": policy},
    )


TO_MEND: dict[str, Any] = {"scope": Scope.READ, "query": Outcomes, "problems": (409,)}
"""Without its file an import has no rows to mend."""


@operations.add("GET", "/v1/imports/{id}/rows.jsonl", ROWS, _file("jsonl"), **TO_MEND)
@operations.add("GET", "/v1/imports/{id}/rows.xlsx", ROWS, _file("xlsx"), **TO_MEND)
@operations.add("GET", "/v1/imports/{id}/rows.csv", ROWS, _file("csv"), **TO_MEND)
@operations.page("GET", r"/imports/{id}/rows.{layout:csv|xlsx|jsonl}", scope=Scope.READ)
async def rows(request: web.Request) -> web.StreamResponse:
    layout = request.path.rpartition(".")[2]
    return await rows_file(request, request.match_info["id"], layout, read(request, Outcomes).outcome)


async def rows_file(
    request: web.Request, import_id: str, layout: str, outcomes: Sequence[Outcome]
) -> web.StreamResponse:
    """Stream it; the file is whole before the first byte, so whatever is wrong is still a clean problem."""
    reporting = request.app[IMPORTER].reporting
    pieces = reporting.rows(import_id, layout, outcomes)
    first = await anext(pieces, b"")
    response = web.StreamResponse(
        headers={
            "Content-Disposition": f'attachment; filename="{import_id}-rows.{layout}"',
            "Content-Type": MEDIA_TYPES[layout],
            "Vary": "Accept",
        }
    )
    await response.prepare(request)
    await response.write(first)
    async for piece in pieces:
        await response.write(piece)
    await response.write_eof()
    return response


def accepted(header: str) -> str:
    """The format that is welcome most; JSON when nothing is said. Raises HTTPNotAcceptable."""
    if not header.strip():
        return FORMATS[0]
    wishes = [_wish(part) for part in header.split(",")]
    best = max(FORMATS, key=lambda name: _quality(MEDIA_TYPES[name], wishes))
    if _quality(MEDIA_TYPES[best], wishes) <= 0:
        kinds = ", ".join(MEDIA_TYPES[name] for name in FORMATS)
        raise web.HTTPNotAcceptable(text=f"A report comes as {kinds}.")
    return best


def _wish(part: str) -> tuple[str, float]:
    kind, _, rest = part.partition(";")
    quality = next((word.strip()[2:] for word in rest.split(";") if word.strip().startswith("q=")), "1")
    try:
        return kind.strip().lower(), float(quality)
    except ValueError:
        return kind.strip().lower(), 0.0


def _quality(media_type: str, wishes: list[tuple[str, float]]) -> float:
    """By the most specific wish that fits (RFC 9110, 12.5.1)."""
    fits = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    return next((q for name in fits for kind, q in wishes if kind == name), 0.0)
