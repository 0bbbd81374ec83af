"""A file in a request, streamed: as one part of a form (its fields before the file), or as the whole body."""

from collections.abc import AsyncIterator, Mapping

from aiohttp import BodyPartReader, web

from importer.domain.errors import RequestError
from importer.domain.imports import Import
from importer.formats.reading import in_words
from importer.services.intake import Order
from importer.web.keys import IMPORTER

CHUNK_BYTES = 1 << 20
FIELD_BYTES = 4096
BODY_TYPES = (
    "text/csv",
    "text/tab-separated-values",
    "text/plain",
    "application/json",
    "application/jsonl",
    "application/x-ndjson",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/octet-stream",
)
TRUE = ("1", "true", "yes", "on")


async def accept(request: web.Request) -> Import:
    """Take the import in. Raises RequestError and its kin."""
    if request.content_type == "multipart/form-data":
        return await _accept_form(request)
    if request.content_type in BODY_TYPES:
        order = _order(request, dict(request.query), request.query.get("name") or "upload.csv")
        return await request.app[IMPORTER].intake.accept(order, request.content.iter_chunked(CHUNK_BYTES))
    raise web.HTTPUnsupportedMediaType(
        text=f"Send the file as multipart/form-data, or as the body with one of {', '.join(BODY_TYPES)}.",
    )


async def _accept_form(request: web.Request) -> Import:
    fields: dict[str, str] = dict(request.query)
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise RequestError("A part of the form has no name.", code="form")
        if part.name == "file":
            order = _order(request, fields, part.filename or "upload.csv")
            return await request.app[IMPORTER].intake.accept(order, _chunks(part))
        fields[part.name] = await _field(part)
    raise RequestError("The form holds no file; its field is called `file`.", code="form.no_file")


def _order(request: web.Request, fields: Mapping[str, str], name: str) -> Order:
    shops = request.app[IMPORTER].ports.shops.names()
    shop = fields.get("shop") or (shops[0] if len(shops) == 1 else "")
    if not fields.get("mapping"):
        raise RequestError("Say which mapping: the field `mapping`, before the file.", code="form.no_mapping")
    if not shop and shops:
        known = ", ".join(shops)
        raise RequestError(
            f"Say which shop: the field `shop` ({known}), before the file.", code="form.no_shop"
        )
    return Order(
        name=name,
        mapping=fields["mapping"],
        shop=shop or "main",
        dry_run=fields.get("dry_run", "").lower() in TRUE,
        patience=request.app[IMPORTER].settings.patience_seconds,
        idempotency_key=request.headers.get("Idempotency-Key"),
        reading=in_words(fields),
    )


async def _field(part: BodyPartReader) -> str:
    value = b""
    while chunk := await part.read_chunk(FIELD_BYTES):
        value += chunk
        if len(value) > FIELD_BYTES:
            raise web.HTTPRequestEntityTooLarge(
                max_size=FIELD_BYTES, actual_size=len(value), text=f"The field {part.name} is too long."
            )
    return value.decode("utf-8", "replace").strip()


async def _chunks(part: BodyPartReader) -> AsyncIterator[bytes]:
    while chunk := await part.read_chunk(CHUNK_BYTES):
        yield chunk
