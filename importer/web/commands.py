"""Commands for an import that is under way or has ended: the API's (202 and the id), and the page's buttons."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

from importer.domain.commands import Command, Retry, checked_note, outcomes_of
from importer.domain.errors import RequestError
from importer.domain.mapping import suggestion
from importer.domain.tokens import Scope
from importer.web.keys import CALLER, IMPORTER
from importer.web.operations import Operations

operations = Operations()

FIELDS: Mapping[str, type] = {"note": str}
RETRY_FIELDS: Mapping[str, type] = {**FIELDS, "outcomes": list, "even_unsafe": bool, "attempt": int}
KINDS = {str: "a text", list: "a list of outcomes", bool: "true or false", int: "a number"}


@operations.add("POST", "/v1/imports/{id}/pause", "Send nothing more until it is resumed", scope=Scope.IMPORT)
@operations.add("POST", "/v1/imports/{id}/resume", "Go on with a paused import", scope=Scope.IMPORT)
@operations.add("POST", "/v1/imports/{id}/cancel", "End an import", scope=Scope.IMPORT)
@operations.add("POST", "/v1/imports/{id}/retry", "Send rows of an ended import again", scope=Scope.IMPORT)
async def command(request: web.Request) -> web.Response:
    """A JSON object with `note` and, for a retry, `outcomes`, `even_unsafe`, `attempt`; or no body at all."""
    import_id = await _obey(request, _fields(await request.read(), _verb(request)))
    return web.Response(
        body=orjson.dumps({"id": import_id}),
        status=HTTPStatus.ACCEPTED,
        content_type="application/json",
        headers={"Location": f"/v1/imports/{import_id}"},
    )


@operations.page("POST", "/imports/{id}/{verb:pause|resume|cancel|retry}", scope=Scope.IMPORT)
async def button(request: web.Request) -> web.Response:
    import_id = await _obey(request, {})
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/imports/{import_id}"})


async def _obey(request: web.Request, fields: Mapping[str, Any]) -> str:
    importer = request.app[IMPORTER]
    import_id, verb = request.match_info["id"], _verb(request)
    said = Command(by=_who(request), note=checked_note(fields.get("note", "")))
    if verb == "retry":
        retry = Retry(
            outcomes=outcomes_of(fields.get("outcomes", [])),
            even_unsafe=fields.get("even_unsafe", False),
            attempt=fields.get("attempt"),
        )
        return (await importer.retrying.retry(import_id, retry, said)).id
    steering = importer.steering
    steer = {"pause": steering.pause, "resume": steering.resume, "cancel": steering.cancel}
    return (await steer[verb](import_id, said)).id


def _verb(request: web.Request) -> str:
    return request.path.rpartition("/")[2]


def _who(request: web.Request) -> str:
    token = request[CALLER]
    return f"{token.name} (token {token.id})"


def _fields(body: bytes, verb: str) -> Mapping[str, Any]:
    """Raises RequestError: no object, a field that there is not, or a value of another kind."""
    if not body.strip():
        return {}
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(f"The body is no JSON: {error}.", code="body.json") from None
    if not isinstance(fields, dict):
        raise RequestError("The body is a JSON object, or empty.", code="body.json")
    known = RETRY_FIELDS if verb == "retry" else FIELDS
    for name, value in fields.items():
        if name not in known:
            raise RequestError(f"There is no field `{name}`{suggestion(name, known)}", code="body.unknown")
        listed = value if isinstance(value, list) else []
        if type(value) is not known[name] or not all(isinstance(word, str) for word in listed):
            raise RequestError(f"`{name}` is {KINDS[known[name]]}.", code="body.value")
    return fields
