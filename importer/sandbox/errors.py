"""Refusals as Magento words them (contract 1.6, recordings 02, 04, 10 and 21).

`Refusal` is an answer; `Crash` is a PHP error: a masked 500 in a request, and the death of a consumer.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

MASKED = "An error has happened during application run. See exception log for details.\n"


class Refusal(Exception):
    """An answer that is an error: a status, Magento's sentence with placeholders, and their values."""

    def __init__(
        self,
        status: int,
        message: str,
        parameters: Mapping[str, Any] | Sequence[Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.parameters = parameters

    @property
    def document(self) -> dict[str, Any]:
        more = {"parameters": self.parameters} if self.parameters else {}
        return {"message": self.message, **more}

    @property
    def text(self) -> str:
        """With the placeholders filled in, as an operation's row stores it (contract 7.4)."""
        named = self.parameters or {}
        if not isinstance(named, Mapping):
            named = {str(place): value for place, value in enumerate(named, 1)}
        text = self.message
        for name in sorted(named, key=len, reverse=True):
            text = text.replace(f"%{name}", str(named[name]))
        return text


class Crash(Exception):
    """A PHP error that the web layer does not catch: status 500 and one masked line."""


def required(field: str) -> Refusal:
    return Refusal(400, '"%fieldName" is required. Enter and try again.', {"fieldName": field})


def wrong_type(value: object, expected: str) -> str:
    """The sentence alone: a path parameter is refused with it, a property puts its name in front."""
    return (
        f'The "{value}" value\'s type is invalid. The "{expected}" type was expected. Verify and try again.'
    )


def internal() -> Refusal:
    report = f"webapi-{secrets.token_hex(7)[:13]}"
    return Refusal(500, f"Internal Error. Details are available in Magento log file. Report ID: {report}")


def unauthorized(resource: str) -> Refusal:
    return Refusal(401, "The consumer isn't authorized to access %resources.", {"resources": resource})


def no_route() -> Refusal:
    return Refusal(404, "Request does not match any route.")


def cannot_process() -> Refusal:
    return Refusal(400, "Specified request cannot be processed.")


def no_product() -> Refusal:
    return Refusal(404, "The product that was requested doesn't exist. Verify the product and try again.")
