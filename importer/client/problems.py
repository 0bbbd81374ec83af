"""Answers that are no success, as exceptions. The class says who must act; `code` is stable (docs/codes.md).

Problem
  Denied        no valid token, or it does not reach so far
  Unknown       there is no such thing
  Untimely      its status does not allow it now
  Unavailable   the service does not answer, is busy, or cannot use its database; try again
  Refused       the request must be changed
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx


class Problem(Exception):
    """`detail` is a sentence for a person, `errors` are the faults of a mapping document."""

    def __init__(self, detail: str, *, status: int = 0, code: str = "", errors: Any = ()) -> None:
        super().__init__(detail)
        self.detail, self.status, self.code, self.errors = detail, status, code, errors


class Denied(Problem):
    """No valid token, or it does not reach so far."""


class Unknown(Problem):
    """There is no such thing, or it belongs to another shop."""


class Untimely(Problem):
    """The status does not allow it now."""


class Refused(Problem):
    """The request must be changed."""


class Unavailable(Problem):
    """The service does not answer, or not now. `retry_after` is in seconds, None when it does not say."""

    retry_after: float | None = None


KINDS: Mapping[int, type[Problem]] = {
    HTTPStatus.UNAUTHORIZED: Denied,
    HTTPStatus.FORBIDDEN: Denied,
    HTTPStatus.NOT_FOUND: Unknown,
    HTTPStatus.CONFLICT: Untimely,
    HTTPStatus.TOO_MANY_REQUESTS: Unavailable,
    HTTPStatus.SERVICE_UNAVAILABLE: Unavailable,
}
"""Status of an answer -> what it is; the others are Refused up to 499, and from there a Problem."""


def problem_of(answer: httpx.Response) -> Problem:
    """What an answer that is no success says."""
    kind = KINDS.get(answer.status_code)
    if kind is None:
        kind = Refused if answer.is_client_error else Problem
    told = _document(answer)
    detail = str(told.get("detail") or f"The service answers {answer.status_code}.")
    code, errors = str(told.get("code", "")), told.get("errors", ())
    problem = kind(detail, status=answer.status_code, code=code, errors=errors)
    seconds = answer.headers.get("Retry-After", "")
    if isinstance(problem, Unavailable) and seconds.isdigit():
        problem.retry_after = float(seconds)
    return problem


def _document(answer: httpx.Response) -> dict[str, Any]:
    """A proxy in between may answer with anything."""
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
