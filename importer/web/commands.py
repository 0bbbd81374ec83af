"""Commands for an import that is under way or has ended: the API's (202 and the id), and the page's buttons."""

from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web
from pydantic import Field

from importer.domain.commands import Command, Retry, checked_note, outcomes_of
from importer.domain.tokens import Scope
from importer.web.bodies import Body, read
from importer.web.documents import Id
from importer.web.keys import CALLER, IMPORTER
from importer.web.operations import Answer, Operations

operations = Operations()


class Note(Body):
    note: str = Field(default="", description="a text: why; it is kept in the log")


class RetryWanted(Note):
    outcomes: list[str] = Field(
        default=[],
        description="a list of outcomes (failed, blocked, unknown, not_sent); empty for all of them",
    )
    even_unsafe: bool = Field(
        default=False,
        description="true or false: `unknown` rows too, though their request is not safe to repeat",
    )
    attempt: int | None = Field(default=None, description="a number: that of the new attempt")


TAKEN = Answer(status=HTTPStatus.ACCEPTED, document=Id, headers={"Location": "the import"})
UNTIMELY: dict[str, Any] = {"scope": Scope.IMPORT, "problems": (409,)}
BEGIN = "/v1/imports/{id}"


@operations.add(
    "POST", f"{BEGIN}/retry", "Send rows of an ended import again", TAKEN, body=RetryWanted, **UNTIMELY
)
@operations.add("POST", f"{BEGIN}/cancel", "End an import", TAKEN, body=Note, **UNTIMELY)
@operations.add(
    "POST", f"{BEGIN}/release", "Let an import go on that a safety limit holds", TAKEN, body=Note, **UNTIMELY
)
@operations.add("POST", f"{BEGIN}/resume", "Go on with a paused import", TAKEN, body=Note, **UNTIMELY)
@operations.add(
    "POST", f"{BEGIN}/pause", "Send nothing more until it is resumed", TAKEN, body=Note, **UNTIMELY
)
async def command(request: web.Request) -> web.Response:
    import_id = await _obey(request, await read(request, RetryWanted if _verb(request) == "retry" else Note))
    return web.Response(
        body=orjson.dumps({"id": import_id}),
        status=HTTPStatus.ACCEPTED,
        content_type="application/json",
        headers={"Location": f"/v1/imports/{import_id}"},
    )


@operations.page("POST", "/imports/{id}/{verb:pause|resume|release|cancel|retry}", scope=Scope.IMPORT)
async def button(request: web.Request) -> web.Response:
    import_id = await _obey(request, RetryWanted() if _verb(request) == "retry" else Note())
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/imports/{import_id}"})


async def _obey(request: web.Request, wanted: Note) -> str:
    importer = request.app[IMPORTER]
    import_id, verb = request.match_info["id"], _verb(request)
    said = Command(by=_who(request), note=checked_note(wanted.note))
    if isinstance(wanted, RetryWanted):
        retry = Retry(
            outcomes=outcomes_of(wanted.outcomes), even_unsafe=wanted.even_unsafe, attempt=wanted.attempt
        )
        return (await importer.retrying.retry(import_id, retry, said)).id
    return (await importer.steering.obey(verb, import_id, said)).id


def _verb(request: web.Request) -> str:
    return request.path.rpartition("/")[2]


def _who(request: web.Request) -> str:
    token = request[CALLER]
    return f"{token.name} (token {token.id})"
