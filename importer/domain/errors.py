"""Exceptions of a run. The class says who must act; a bad row is data (`rows.RowError`), never an exception.

ImporterError
  RequestError            the caller must change something
    UnknownName             a mapping, shop or import of that name does not exist
    Conflict                the request contradicts an earlier one
    Untimely                the state of the import does not allow it now
    TooLarge                more bytes than the limit
    MappingInvalid          a mapping document with faults, all of them
    FileDamaged             the file cannot be read as what it claims to be
  SourceMissing           there is no such file
  ConfigurationError      the operator must change something
    ShopsMissing          no shop is configured
  StateUnavailable        the database or the file store cannot be used now; it will
  BackendError            the shop stands in the way
    BackendRefused          the shop refuses the content of this request
    BackendUnavailable      the shop cannot be reached or is overloaded; nothing was taken
      ShopClosed            it stood in the way lately: it was not called
    BackendDenied           address or credentials are wrong; nothing will work until a person acts
    AnswerLost              the request may or may not have been taken
"""

from collections.abc import Sequence
from dataclasses import dataclass


class ImporterError(Exception):
    """Base of everything importer raises on purpose. `code` is stable, the text is for people."""

    code = "error"

    def __init__(self, text: str, *, code: str | None = None) -> None:
        super().__init__(text)
        self.code = code or type(self).code

    @property
    def text(self) -> str:
        return str(self)


class RequestError(ImporterError):
    """The caller must change something."""

    code = "request"


class UnknownName(RequestError):
    """Nothing has this name; the text lists what there is."""

    code = "unknown_name"


def unknown_import(import_id: str) -> UnknownName:
    """The same words whether there is none or nobody may know of it."""
    return UnknownName(f"There is no import {import_id}.", code="import.unknown")


class Conflict(RequestError):
    """The request contradicts an earlier one."""

    code = "conflict"


class Untimely(RequestError):
    """The state of the import does not allow it now."""

    code = "untimely"


class TooLarge(RequestError):
    """More bytes than the configured limit."""

    code = "too_large"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault of a document: where it stands and what would be right. `line` counts from 1; 0 is unknown."""

    line: int
    path: str
    text: str

    def __str__(self) -> str:
        place = f"line {self.line}, " if self.line else ""
        return f"{place}{self.path or 'document'}: {self.text}"


class MappingInvalid(RequestError):
    """A mapping document with faults; `faults` holds all of them."""

    code = "mapping_invalid"

    def __init__(self, name: str, faults: Sequence[Fault]) -> None:
        listing = "\n".join(f"  {fault}" for fault in faults)
        noun = "fault" if len(faults) == 1 else "faults"
        super().__init__(f"The mapping {name} has {len(faults)} {noun}:\n{listing}")
        self.faults = tuple(faults)


class FileDamaged(RequestError):
    """The file cannot be read as what it claims to be."""

    code = "file_damaged"


class SourceMissing(ImporterError):
    """There is no such file."""

    code = "source_missing"


class ConfigurationError(ImporterError):
    """The operator must change something before anything can start."""

    code = "configuration"


class ShopsMissing(ConfigurationError):
    """The settings name no shop at all."""

    code = "shops.none"


class StateUnavailable(ImporterError):
    """What holds the state or the kept files cannot be used. Nothing was recorded; try again."""

    code = "state.unavailable"


class BackendError(ImporterError):
    """The shop stands in the way. `retry_after` is in seconds, None when the shop did not say."""

    code = "shop"

    def __init__(self, text: str, *, code: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(text, code=code)
        self.retry_after = retry_after


class BackendRefused(BackendError):
    """The shop refuses the content of this request; sending the same again gives the same answer."""

    code = "shop.refused"


class BackendUnavailable(BackendError):
    """The shop cannot be reached or is overloaded. Nothing was taken; try later."""

    code = "shop.unavailable"


class ShopClosed(BackendUnavailable):
    """The shop stood in the way lately and was not called; code and text are those of the trouble that closed it."""


class BackendDenied(BackendError):
    """Address or credentials are wrong. Nothing will work until a person acts."""

    code = "shop.denied"


class AnswerLost(BackendError):
    """The request left, no clear answer came back: it may or may not have been taken.

    `settled`: the shop has ended its work on it (it said 500), so what it has not taken by now it never will.
    """

    code = "shop.answer_lost"

    def __init__(
        self,
        text: str,
        *,
        code: str | None = None,
        retry_after: float | None = None,
        settled: bool = False,
    ) -> None:
        super().__init__(text, code=code, retry_after=retry_after)
        self.settled = settled
