"""What a request may say beside its file: which mapping and shop, how far the import goes, how the file is read."""

from collections.abc import Mapping

from aiohttp import web
from pydantic import Field

from importer.domain.errors import RequestError
from importer.domain.imports import Mode
from importer.formats.reading import in_words
from importer.services.intake import Order
from importer.web.access import require_shop
from importer.web.keys import CALLER, IMPORTER
from importer.web.queries import Query, refuse_unknown

CHUNK_BYTES = 1 << 20
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
    mode: str = Field(default="", description="apply; or, and nothing is sent, dry-run or check")
    dry_run: str = Field(default="", description="true or false: what `mode` says as well")
    name: str = Field(default="", description="the name of the file as its owner has it")
    upload: str = Field(default="", description="the id of an upload that is whole, in place of a file")
    source_url: str = Field(
        default="", description="an address of a file: https://, sftp:// or s3://, in place of a file"
    )
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


def order(request: web.Request, fields: Mapping[str, str], name: str) -> Order:
    refuse_unknown(fields, FIELDS)
    mode = _mode(fields)
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
        dry_run=mode is not Mode.APPLY,
        check_only=mode is Mode.CHECK,
        check_first=_check_first(fields.get("policy", "")),
        max_errors=_max_errors(fields.get("max_errors", "")),
        patience=request.app[IMPORTER].settings.patience_seconds,
        idempotency_key=key_of(request),
        reading=in_words(fields),
        traceparent=request.app[IMPORTER].tracing.here(),
    )


def key_of(request: web.Request) -> str | None:
    """The caller's own key: what others call their requests is nothing to them."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (0 < len(key) <= MOST_KEY and key.isascii() and key.isprintable()):
        raise RequestError(
            f"An Idempotency-Key has 1 to {MOST_KEY} ASCII characters.", code="idempotency.key"
        )
    return f"{request[CALLER].id}/{key}"


def _mode(fields: Mapping[str, str]) -> Mode:
    """By `mode`, or by `dry_run`, which was there before it."""
    mode, dry_run = fields.get("mode", ""), fields.get("dry_run", "").lower()
    if dry_run not in TRUTH:
        raise RequestError(f"`dry_run` is true or false, not `{fields['dry_run']}`.", code="form.value")
    if mode not in ("", *Mode):
        raise RequestError(f"`mode` is one of {', '.join(Mode)}, not '{mode}'.", code="form.value")
    if mode and dry_run and (mode != Mode.APPLY) is not TRUTH[dry_run]:
        text = f"`mode` {mode} and `dry_run` {dry_run} contradict each other; say `mode` alone."
        raise RequestError(text, code="form.value")
    return Mode(mode) if mode else Mode.DRY_RUN if TRUTH[dry_run] else Mode.APPLY


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
