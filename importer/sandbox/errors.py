"""Refusals as Magento words them (contract 1.6, recordings 02, 04, 10, 11 and 21).

`Refusal` is an answer; `Crash` is a PHP error: a masked 500 in a request, and the death of a consumer.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

MASKED = "An error has happened during application run. See exception log for details.\n"

Parameters = Mapping[str, Any] | Sequence[Any] | None


class Refusal(Exception):
    """An answer that is an error: a status, Magento's sentence with placeholders, and their values.

    `errors` are single faults below a heading: sentence and values each.
    """

    def __init__(
        self,
        status: int,
        message: str,
        parameters: Parameters = None,
        *,
        errors: Sequence[tuple[str, Parameters]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.parameters = parameters
        self.errors = errors

    @property
    def document(self) -> dict[str, Any]:
        document = _told(self.message, None)
        if self.errors:
            document["errors"] = [_told(message, values) for message, values in self.errors]
        return document | _told(self.message, self.parameters)

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


def _told(message: str, parameters: Parameters) -> dict[str, Any]:
    return {"message": message, **({"parameters": parameters} if parameters else {})}


class Crash(Exception):
    """A PHP error that the web layer does not catch: status 500 and one masked line."""


REQUIRED = '"%fieldName" is required. Enter and try again.'


def required(*fields: str) -> Refusal:
    """One missing value, or several under a heading (recording 01)."""
    if len(fields) == 1:
        return Refusal(400, REQUIRED, {"fieldName": fields[0]})
    return several([(REQUIRED, {"fieldName": name}) for name in fields])


def several(errors: Sequence[tuple[str, Parameters]]) -> Refusal:
    """The first alone stands as itself, more of them below a heading."""
    if len(errors) == 1:
        return Refusal(400, *errors[0])
    return Refusal(400, "One or more input exceptions have occurred.", errors=errors)


def invalid_value(field: str, value: object) -> Refusal:
    text = 'Invalid value of "%value" provided for the %fieldName field.'
    return Refusal(400, text, {"fieldName": field, "value": value})


def no_entity(field: str, value: object) -> Refusal:
    return Refusal(
        404, "No such entity with %fieldName = %fieldValue", {"fieldName": field, "fieldValue": value}
    )


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
