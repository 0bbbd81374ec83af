"""Uploads that resume: tus 1.0, core with the extensions creation, expiration and termination (https://tus.io).

A file that is whole is imported with `POST /v1/imports` and the field `upload`.
"""

import re
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Mapping
from datetime import UTC
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

from importer.domain.errors import RequestError, TooLarge
from importer.domain.tokens import Scope
from importer.domain.uploads import Upload
from importer.web.documents import Id, UploadShown
from importer.web.keys import CALLER, IMPORTER
from importer.web.operations import Answer, Operations
from importer.web.problems import Precondition
from importer.web.sending import CHUNK_BYTES

operations = Operations()

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination"
PIECE = "application/offset+octet-stream"
PATH = "/v1/uploads"
NAMES = ("filename", "name")
"""Keys of the metadata under which clients send the name of the file."""
OVERRIDE = "X-HTTP-Method-Override"
DIGITS = re.compile(r"[0-9]{1,15}")

RESUMABLE = {"Tus-Resumable": f"the version of tus, {VERSION}"}
PLACE = {"Upload-Offset": "bytes that are kept", "Upload-Expires": "when the upload goes"}
ABLE = {
    "Tus-Version": "versions of tus",
    "Tus-Extension": "its extensions",
    "Tus-Max-Size": "bytes of a file",
}
WANTED: dict[str, Any] = {"scope": Scope.IMPORT, "headers": RESUMABLE}
EXAMPLE = f'-H "Tus-Resumable: {VERSION}"'


@operations.add(
    "OPTIONS",
    PATH,
    "What uploads that resume can do (tus)",
    Answer(status=HTTPStatus.NO_CONTENT, headers=ABLE),
    scope=None,
)
async def describe(request: web.Request) -> web.Response:
    able = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(request.app[IMPORTER].uploading.limit),
    }
    return web.Response(status=HTTPStatus.NO_CONTENT, headers=able)


@operations.add(
    "POST",
    PATH,
    "Begin an upload that resumes (tus); its bytes come with PATCH",
    Answer(
        status=HTTPStatus.CREATED,
        document=Id,
        headers={"Location": "the upload", "Upload-Expires": PLACE["Upload-Expires"]},
    ),
    scope=Scope.IMPORT,
    headers={
        **RESUMABLE,
        "Upload-Length": "bytes of the whole file",
        "Upload-Metadata": "pairs of a key and its value in Base64, with commas between them; `filename` is the name of the file",
    },
    problems=(412, 413, 422),
    example=f'{EXAMPLE} -H "Upload-Length: 1000" -H "Upload-Metadata: filename cHJvZHVjdHMuY3N2"',
)
async def begin(request: web.Request) -> web.Response:
    _require_version(request)
    metadata = request.headers.get("Upload-Metadata", "")
    said = _said(metadata)
    upload = await request.app[IMPORTER].uploading.begin(
        request[CALLER].id,
        name=next((said[key] for key in NAMES if said.get(key)), ""),
        size=_number(request, "Upload-Length", "upload.length"),
        metadata=metadata,
    )
    headers = {"Location": f"{PATH}/{upload.id}", "Upload-Expires": _expires(upload)}
    return web.Response(
        body=orjson.dumps({"id": upload.id}),
        status=HTTPStatus.CREATED,
        headers=headers,
        content_type="application/json",
    )


@operations.add(
    "GET",
    f"{PATH}/{{upload}}",
    "An upload: how much of it is kept (HEAD tells it in headers, as tus wants it)",
    Answer(document=UploadShown, headers={**PLACE, "Upload-Length": "bytes of the whole file"}),
    scope=Scope.IMPORT,
)
async def show(request: web.Request) -> web.Response:
    if request.method == "HEAD":
        _require_version(request)
    upload = await _upload(request)
    headers = {**_place(upload), "Upload-Length": str(upload.size)}
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    document = {
        "id": upload.id,
        "name": upload.name,
        "size": upload.size,
        "offset": upload.offset,
        "expires_at": upload.expires_at.isoformat(),
    }
    return web.Response(body=orjson.dumps(document), headers=headers, content_type="application/json")


@operations.add(
    "POST",
    f"{PATH}/{{upload}}",
    "PATCH or DELETE for those who can only POST: `X-HTTP-Method-Override` says which",
    Answer(status=HTTPStatus.NO_CONTENT),
    scope=Scope.IMPORT,
    headers={**RESUMABLE, OVERRIDE: "PATCH or DELETE", "Upload-Offset": "as of PATCH"},
    upload=(PIECE,),
    problems=(409, 412, 415),
    example=f'{EXAMPLE} -H "{OVERRIDE}: PATCH" -H "Upload-Offset: 0" -H "Content-Type: {PIECE}" -d ""',
)
async def instead(request: web.Request) -> web.StreamResponse:
    handlers = {"PATCH": go_on, "DELETE": remove}
    handler = handlers.get(request.headers.get(OVERRIDE, ""))
    if handler is None:
        raise RequestError(f"The header {OVERRIDE} is PATCH or DELETE here.", code="upload.method")
    return await handler(request)


@operations.add(
    "PATCH",
    f"{PATH}/{{upload}}",
    "The next bytes of an upload; what comes before an interruption is kept",
    Answer(status=HTTPStatus.NO_CONTENT, headers=PLACE),
    scope=Scope.IMPORT,
    headers={**RESUMABLE, "Upload-Offset": "bytes that are kept already"},
    upload=(PIECE,),
    problems=(409, 412, 415),
    example=f'{EXAMPLE} -H "Upload-Offset: 0" -H "Content-Type: {PIECE}" --data-binary @products.csv',
)
async def go_on(request: web.Request) -> web.Response:
    _require_version(request)
    if request.content_type != PIECE:
        raise web.HTTPUnsupportedMediaType(text=f"Send the bytes as {PIECE}.")
    offset = _number(request, "Upload-Offset", "upload.offset")
    upload = await _upload(request)
    upload.require_at(offset)
    if offset + (request.content_length or 0) > upload.size:
        text = f"The upload {upload.id} was announced with {upload.size:,} bytes; this is more."
        raise TooLarge(text, code="upload.size")
    chunks = request.content.iter_chunked(CHUNK_BYTES)
    try:
        after = await request.app[IMPORTER].uploading.append(upload, chunks)
    except ConnectionResetError:  # what came is kept; nobody hears this answer
        return web.Response(status=HTTPStatus.BAD_REQUEST)
    return web.Response(status=HTTPStatus.NO_CONTENT, headers=_place(after))


@operations.add(
    "DELETE",
    f"{PATH}/{{upload}}",
    "Remove an upload",
    Answer(status=HTTPStatus.NO_CONTENT),
    problems=(412,),
    example=EXAMPLE,
    **WANTED,
)
async def remove(request: web.Request) -> web.Response:
    _require_version(request)
    await request.app[IMPORTER].uploading.remove(await _upload(request))
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def say_version(request: web.Request, response: web.StreamResponse) -> None:
    """On every answer about uploads, refusals included."""
    if request.path == PATH or request.path.startswith(f"{PATH}/"):
        response.headers["Tus-Resumable"] = VERSION
        if response.status == HTTPStatus.PRECONDITION_FAILED:
            response.headers["Tus-Version"] = VERSION


async def _upload(request: web.Request) -> Upload:
    return await request.app[IMPORTER].uploading.get(request.match_info["upload"], request[CALLER].id)


def _require_version(request: web.Request) -> None:
    """Raises Precondition."""
    if request.headers.get("Tus-Resumable") != VERSION:
        raise Precondition(f"Send the header Tus-Resumable: {VERSION}; it is the version of tus spoken here.")


def _number(request: web.Request, name: str, code: str) -> int:
    given = request.headers.get(name, "")
    if not DIGITS.fullmatch(given):
        raise RequestError(f"The header {name} is a number of bytes.", code=code)
    return int(given)


def _said(metadata: str) -> Mapping[str, str]:
    """Raises RequestError unless it is pairs of a key and Base64 (which may be missing)."""
    said = {}
    try:
        for pair in metadata.split(",") if metadata.strip() else ():
            key, _, value = pair.strip().partition(" ")
            said[key] = b64decode(value.encode("ascii"), validate=True).decode("utf-8", "replace")
    except (NoBase64, UnicodeEncodeError):
        said[""] = ""
    if "" in said or not metadata.isascii() or not metadata.isprintable():
        text = (
            "The header Upload-Metadata is pairs of a key and its value in Base64, with commas between them."
        )
        raise RequestError(text, code="upload.metadata")
    return said


def _place(upload: Upload) -> dict[str, str]:
    return {"Upload-Offset": str(upload.offset), "Upload-Expires": _expires(upload)}


def _expires(upload: Upload) -> str:
    return format_datetime(upload.expires_at.astimezone(UTC), usegmt=True)
