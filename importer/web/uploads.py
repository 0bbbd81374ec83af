"""A file in a request, streamed: as one part of a form (its fields before the file), or as the whole body."""

from collections.abc import AsyncIterator, Mapping

from aiohttp import BodyPartReader, MultipartReader, web
from pydantic import Field

from importer.domain.errors import RequestError, UnknownName, Untimely
from importer.domain.imports import Import
from importer.formats.reading import in_words
from importer.services.intake import Order
from importer.web.access import require_shop
from importer.web.keys import CALLER, IMPORTER, RUNNING
from importer.web.queries import Query, refuse_unknown

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
TRUTH = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off", ""), False),
}


class ReadingWords(Query):
    """How a file is read, in words (docs/formats.md); what is not said is recognised."""

    format: str = Field(default="", description="csv, tsv, jsonl, json or xlsx")
    member: str = Field(default="", description="the file inside a zip archive")
    encoding: str = Field(default="", description="the encoding: utf-8, cp1252 ...")
    delimiter: str = Field(default="", description="one character, or tab, comma, semicolon, pipe")
    quote: str = Field(default="", description="one character, or none")
    header: str = Field(default="", description="yes or no")
    sheet: str = Field(default="", description="a sheet of the workbook")
    path: str = Field(default="", description="the way to the list in a JSON document: data.products")


class Sending(ReadingWords):
    """What a request may say beside its file, in the query or before the file in a form. All of it is text."""

    mapping: str = Field(default="", description="the name of a mapping; it must be said")
    shop: str = Field(default="", description="the name of a shop; may be left out when there is one")
    mode: str = Field(default="", description="apply, or dry-run or check: nothing is sent")
    dry_run: str = Field(default="", description="true or false: what `mode` says as well")
    name: str = Field(default="", description="the name of the file as its owner has it")
    policy: str = Field(
        default="", description="overlap, or check-first: nothing is sent before all was checked"
    )
    max_errors: str = Field(
        default="", description="a number: more wrong rows end it before anything is sent"
    )


FIELDS = tuple(Sending.model_fields)
POLICIES = {"overlap": False, "check-first": True}
"""Word -> whether the whole file is checked before anything is sent."""
MOST_DIGITS = 9
MOST_KEY = 200
TWICE = "A request with this Idempotency-Key is being taken in. Ask again when it is answered."
MODES = {"apply": False, "dry-run": True, "check": True}
"""Word -> whether nothing is sent."""


async def accept(request: web.Request) -> Import:
    """Take the import in. Raises RequestError and its kin.

    A mapping or shop that does not exist is a fault of the body: it is no UnknownName, which says that the address is.
    """
    running, key = request.app[RUNNING], _key(request)
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
    if request.content_type in BODY_TYPES:
        order = _order(request, dict(request.query), request.query.get("name") or "upload.csv")
        return await request.app[IMPORTER].intake.accept(order, request.content.iter_chunked(CHUNK_BYTES))
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
            order = _order(request, fields, part.filename or "upload.csv")
            return await request.app[IMPORTER].intake.accept(order, _chunks(part, form))
        fields[part.name] = await _field(part)
    raise RequestError("The form holds no file; its field is called `file`.", code="form.no_file")


def _order(request: web.Request, fields: Mapping[str, str], name: str) -> Order:
    refuse_unknown(fields, FIELDS)
    dry_run = _nothing_is_sent(fields)
    configured, caller = request.app[IMPORTER].ports.shops.names(), request[CALLER]
    shops = caller.seen(configured)
    shop = fields.get("shop") or (shops[0] if len(shops) == 1 else "")
    if not fields.get("mapping"):
        raise RequestError(
            "Say which mapping: the field `mapping` before the file, or the query parameter.",
            code="form.no_mapping",
        )
    if not shop and shops:
        known = ", ".join(shops)
        raise RequestError(
            f"Say which shop: the field `shop` ({known}) before the file, or the query parameter.",
            code="form.no_shop",
        )
    if configured:
        require_shop(caller, shop or "main", configured)
    return Order(
        name=name,
        mapping=fields["mapping"],
        shop=shop or "main",
        dry_run=dry_run,
        check_first=_check_first(fields.get("policy", "")),
        max_errors=_max_errors(fields.get("max_errors", "")),
        patience=request.app[IMPORTER].settings.patience_seconds,
        idempotency_key=_key(request),
        reading=in_words(fields),
        traceparent=request.app[IMPORTER].tracing.here(),
    )


def _key(request: web.Request) -> str | None:
    """The caller's own key: what others call their requests is nothing to them."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (0 < len(key) <= MOST_KEY and key.isascii() and key.isprintable()):
        raise RequestError(
            f"An Idempotency-Key has 1 to {MOST_KEY} ASCII characters.", code="idempotency.key"
        )
    return f"{request[CALLER].id}/{key}"


def _nothing_is_sent(fields: Mapping[str, str]) -> bool:
    """By `mode`, or by `dry_run`, which was there before it."""
    mode, dry_run = fields.get("mode", ""), fields.get("dry_run", "").lower()
    if dry_run not in TRUTH:
        raise RequestError(f"`dry_run` is true or false, not `{fields['dry_run']}`.", code="form.value")
    if mode not in ("", *MODES):
        raise RequestError(f"`mode` is one of {', '.join(MODES)}, not '{mode}'.", code="form.value")
    if mode and dry_run and MODES[mode] is not TRUTH[dry_run]:
        text = f"`mode` {mode} and `dry_run` {dry_run} contradict each other; say `mode` alone."
        raise RequestError(text, code="form.value")
    return MODES[mode] if mode else TRUTH[dry_run]


def _check_first(policy: str) -> bool:
    if policy not in ("", *POLICIES):
        raise RequestError(f"`policy` is one of {', '.join(POLICIES)}, not '{policy}'.", code="form.policy")
    return POLICIES.get(policy, False)


def _max_errors(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise RequestError(f"`max_errors` is a number of rows, not '{text}'.", code="form.max_errors")
    return int(text)


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
