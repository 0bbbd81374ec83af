"""A file in a request, streamed: as one part of a form (its fields before the file), or as the whole body. In its place the
request may name where the file is already: an upload that is whole, or an address."""

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import replace

from aiohttp import BodyPartReader, MultipartReader, web

from importer.domain.errors import RequestError, UnknownName, Untimely
from importer.domain.imports import Import
from importer.domain.places import file_name
from importer.web.keys import CALLER, IMPORTER, RUNNING
from importer.web.queries import refuse_unknown
from importer.web.sending import BODY_TYPES, CHUNK_BYTES, FIELDS, key_of, order

FIELD_BYTES = 4096
ELSEWHERE = ("upload", "source_url")
"""Fields that stand for a file."""
TWICE = "A request with this Idempotency-Key is being taken in. Ask again when it is answered."
TWO = "The file is said twice. Send it, or say one of `upload` and `source_url`."


async def accept(request: web.Request) -> Import:
    """Take the import in. Raises RequestError and its kin.

    A mapping or shop that does not exist is a fault of the body: it is no UnknownName, which says that the address is.
    """
    running, key = request.app[RUNNING], key_of(request)
    if key in running:
        raise Untimely(TWICE, code="idempotency.running")
    running |= {key} if key else set()
    try:
        return await _accept(request)
    except UnknownName as error:
        raise RequestError(error.text, code=error.code) from None
    finally:
        running.discard(key or "")


async def _accept(request: web.Request) -> Import:
    if request.content_type == "multipart/form-data":
        return await _accept_form(request)
    fields = dict(request.query)
    if any(map(fields.get, ELSEWHERE)):
        if request.can_read_body:
            raise RequestError(TWO, code="form.two_files")
        return await _accept_from(request, fields)
    if request.content_type in BODY_TYPES:
        wanted = order(request, fields, fields.get("name") or "upload.csv")
        return await request.app[IMPORTER].intake.accept(wanted, request.content.iter_chunked(CHUNK_BYTES))
    raise web.HTTPUnsupportedMediaType(
        text=f"Send the file as multipart/form-data, or as the body with one of {', '.join(BODY_TYPES)}.",
    )


async def _accept_form(request: web.Request) -> Import:
    fields: dict[str, str] = dict(request.query)
    form = await request.multipart()
    async for part in form:
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise RequestError("A part of the form has no name.", code="form")
        if part.name == "file":
            if any(map(fields.get, ELSEWHERE)):
                raise RequestError(TWO, code="form.two_files")
            wanted = order(request, fields, part.filename or "upload.csv")
            return await request.app[IMPORTER].intake.accept(wanted, _chunks(part, form))
        fields[part.name] = await _field(part)
    if any(map(fields.get, ELSEWHERE)):
        return await _accept_from(request, fields)
    raise RequestError(
        "The form holds no file; its field is called `file`. Or `upload` or `source_url` says where it is.",
        code="form.no_file",
    )


async def _accept_from(request: web.Request, fields: Mapping[str, str]) -> Import:
    """A file that is not in the request."""
    importer, caller = request.app[IMPORTER], request[CALLER]
    refuse_unknown(fields, FIELDS)
    address, name = fields.get("source_url", ""), fields.get("name", "")
    if address and fields.get("upload"):
        raise RequestError(TWO, code="form.two_files")
    if not address:
        upload = await importer.uploading.get(fields["upload"], caller.id)
        upload.require_whole()
        wanted = order(request, fields, name or upload.name)
        return await importer.intake.accept(wanted, importer.uploading.chunks(upload))
    limited = caller.shops is not None
    place = importer.fetching.place(address, limited=limited)
    wanted = replace(order(request, fields, name or file_name(address)), address=address)
    async with aclosing(importer.fetching.chunks(place, limited=limited)) as chunks:
        return await importer.intake.accept(wanted, chunks)


async def _field(part: BodyPartReader) -> str:
    value = b""
    while chunk := await part.read_chunk(FIELD_BYTES):
        value += chunk
        if len(value) > FIELD_BYTES:
            raise web.HTTPRequestEntityTooLarge(
                max_size=FIELD_BYTES, actual_size=len(value), text=f"The field {part.name} is too long."
            )
    return value.decode("utf-8", "replace").strip()


async def _chunks(part: BodyPartReader, form: MultipartReader) -> AsyncIterator[bytes]:
    """The file, which must be the last part: a field that comes later would be too late to be obeyed."""
    while chunk := await part.read_chunk(CHUNK_BYTES):
        yield chunk
    late = await form.next()
    if late is not None:
        raise RequestError(
            f"The field {getattr(late, 'name', None) or 'without a name'} stands after the file; put it before.",
            code="form.late",
        )
