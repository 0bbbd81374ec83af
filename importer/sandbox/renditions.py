"""Answers as the caller wants them, and bodies in XML (recording 04, 23 to 28)."""

from typing import Any
from xml.etree.ElementTree import Element, ParseError, SubElement, indent, tostring

import orjson
from aiohttp import web
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from importer.sandbox.errors import Refusal

XML = ("application/xml", "text/xml", "application/xhtml+xml")
JSON = ("application/json", "*/*", "application/*")
NOT_SERVED = "<!doctype html>\n<html><head><title>There has been an error processing your request</title></head></html>\n"


def rendered(accept: str, response: web.StreamResponse) -> web.StreamResponse:
    """JSON stays where it is welcome and becomes XML where that is asked for; nothing else can be served."""
    if not isinstance(response, web.Response) or response.content_type != "application/json":
        return response
    wanted = (
        [part.partition(";")[0].strip().lower() for part in accept.split(",")] if accept.strip() else ["*/*"]
    )
    for one in wanted:
        if one in JSON:
            return response
        if one in XML:
            body = response.body if isinstance(response.body, bytes) else b"null"
            return web.Response(
                body=written(orjson.loads(body)), status=response.status, content_type="application/xml",
                charset="utf-8", headers={"Cache-Control": "no-store"},
            )  # fmt: skip
    return web.Response(
        body=NOT_SERVED.encode(), status=500, headers={"Content-Type": "text/html; charset=UTF-8"}
    )


def written(document: Any) -> bytes:
    root = Element("response")
    _fill(root, document)
    indent(root)
    return b'<?xml version="1.0"?>\n' + tostring(root) + b"\n"


def _fill(element: Element, value: Any) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _fill(SubElement(element, name if name.isidentifier() else "item"), inner)
    elif isinstance(value, list):
        for inner in value:
            _fill(SubElement(element, "item"), inner)
    elif value is not None:
        element.text = str(value).lower() if isinstance(value, bool) else str(value)


def read(raw: bytes) -> Any:
    """XML as the JSON it stands for; entities and document types are refused. Raises Refusal."""
    try:
        return _value(fromstring(raw, forbid_dtd=True))
    except (ParseError, DefusedXmlException, ValueError):
        raise Refusal(400, "Decoding error.") from None


def _value(element: Element) -> Any:
    children = list(element)
    if not children:
        return element.text or ""
    if all(child.tag == "item" for child in children):
        return [_value(child) for child in children]
    return {child.tag: _value(child) for child in children}
