"""Bodies in and out: content types, decoding, and JSON as the recorded shop labels it (recordings 04 and 21)."""

import re
from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from importer.sandbox import renditions
from importer.sandbox.errors import MASKED, Refusal

MEDIA_TYPE = re.compile(r"\s*([\w.+-]+/[\w.+-]+)\s*(?:;\s*charset=\"?([\w-]+)\"?\s*)?", re.IGNORECASE)
JSON = "application/json"


async def decoded(request: web.Request) -> Any:
    """The body, or None when there is none. Raises Refusal."""
    raw = await request.read()
    if not raw:
        return None
    if _media_type(request.headers.get("Content-Type", "")) != JSON:
        return renditions.read(raw)
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Refusal(400, "Decoding error.") from None


def _media_type(header: str) -> str:
    if not header:
        raise Refusal(400, "Content-Type header is empty.")
    match = MEDIA_TYPE.fullmatch(header)
    if not match:
        raise Refusal(400, "Content-Type header is invalid.")
    if match[2] and match[2].lower() != "utf-8":
        raise Refusal(400, "UTF-8 is the only supported charset.")
    kind = match[1].lower()
    if kind != JSON and kind not in renditions.XML:
        raise Refusal(400, f"Server cannot understand Content-Type HTTP header media type {match[1]}")
    return kind


def json_answer(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    fresh = {"Cache-Control": "no-store", **(headers or {})}
    return web.Response(
        body=orjson.dumps(document), status=status, headers=fresh, content_type=JSON, charset="utf-8"
    )


def masked_answer() -> web.Response:
    """What is left of a PHP error (recordings 10, 11 and 21)."""
    return web.Response(
        body=MASKED.encode(), status=500, headers={"Content-Type": "text/plain;charset=UTF-8"}
    )


def html_answer(text: str, status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(text=text, status=status, headers=headers, content_type="text/html")
