"""Errors as RFC 9457 problems for programs, as a page for people. No stack trace and no secret leaves the process."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

from importer.domain.errors import (
    BackendError,
    Conflict,
    ImporterError,
    MappingInvalid,
    RequestError,
    StateUnavailable,
    TooLarge,
    UnknownName,
    Untimely,
)
from importer.web.queries import UnknownParameter
from importer.web.rates import TooMany
from importer.web.rendering import render

log = logging.getLogger("importer.web")

FOR_PROGRAMS = ("/v1/", "/livez", "/readyz", "/metrics")
"""How the paths begin that no person looks at."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Unauthorized(RequestError):
    """Nobody, or nobody any more, has this token."""

    code = "unauthorized"


class Forbidden(RequestError):
    """The token does not reach so far, or another site asks."""

    code = "token.scope"


class Precondition(RequestError):
    """The protocol that the caller speaks is not the one that is spoken here."""

    code = "upload.version"


STATUS: dict[type[ImporterError], HTTPStatus] = {
    UnknownName: HTTPStatus.NOT_FOUND,
    Unauthorized: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    UnknownParameter: HTTPStatus.BAD_REQUEST,
    Precondition: HTTPStatus.PRECONDITION_FAILED,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    Untimely: HTTPStatus.CONFLICT,
    Conflict: HTTPStatus.UNPROCESSABLE_ENTITY,
    RequestError: HTTPStatus.UNPROCESSABLE_ENTITY,
    StateUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    BackendError: HTTPStatus.BAD_GATEWAY,
    ImporterError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The first class that fits decides."""


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Unauthorized as error:
        return _unauthorized(request, error)
    except ImporterError as error:
        return refuse(request, status_of(error), error.code, error.text, **_more(error))
    except web.HTTPRedirection:
        raise
    except web.HTTPException as error:
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        response = refuse(request, HTTPStatus(error.status), "http", error.text or error.reason)
        response.headers.update(allow)
        return response
    except ConnectionResetError:
        raise
    except Exception:
        log.exception("action=request_crashed method=%s path=%s", request.method, request.path)
        text = "A defect of importer stopped this request; its log holds the details."
        return refuse(request, HTTPStatus.INTERNAL_SERVER_ERROR, "defect", text)


def _unauthorized(request: web.Request, error: Unauthorized) -> web.Response:
    if not request.path.startswith(FOR_PROGRAMS):
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/login"})
    response = refuse(request, HTTPStatus.UNAUTHORIZED, error.code, error.text)
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def status_of(error: ImporterError) -> HTTPStatus:
    return next(status for kind, status in STATUS.items() if isinstance(error, kind))


def refuse(request: web.Request, status: HTTPStatus, code: str, detail: str, **more: Any) -> web.Response:
    """A problem document for programs, a page for people."""
    if not request.path.startswith(FOR_PROGRAMS):
        words = {"title": status.phrase, "detail": detail}
        return render("problem.html", request, words, status=status)
    document = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }
    return web.Response(status=status, body=orjson.dumps(document), content_type="application/problem+json")


def _more(error: ImporterError) -> dict[str, Any]:
    if isinstance(error, MappingInvalid):
        return {"errors": [{"line": f.line, "path": f.path, "detail": f.text} for f in error.faults]}
    return {}
