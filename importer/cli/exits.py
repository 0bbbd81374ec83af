"""Exit codes, the same for every command: a script can act on them without reading a word."""

from importer.domain.errors import (
    BackendDenied,
    BackendError,
    ConfigurationError,
    ImporterError,
    SourceMissing,
    StateUnavailable,
)
from importer.domain.imports import Import, ImportStatus
from importer.domain.rows import NEEDS_A_PERSON, Outcome

OK = 0  # every row succeeded, was unchanged or was skipped
ROWS_FAILED = 1
BAD_REQUEST = 2
SHOP_UNAVAILABLE = 3
CONFIGURATION = 4
SOURCE_MISSING = 5
DEFECT = 70
INTERRUPTED = 130  # Ctrl-C (128 + 2), or cancelled from elsewhere
TERMINATED = 143  # SIGTERM (128 + 15): the import is left as it is, and the next run goes on with it

BY_CLASS: dict[type[ImporterError], int] = {
    SourceMissing: SOURCE_MISSING,
    ConfigurationError: CONFIGURATION,
    StateUnavailable: CONFIGURATION,
    BackendDenied: CONFIGURATION,
    BackendError: SHOP_UNAVAILABLE,
}
"""The first class that fits decides; every other error of ours is a bad request."""

BY_REASON = {
    **dict.fromkeys(
        ("shop.token", "shop.address", "shop.tls", "shop.blocked", "shop.unexpected", "shop.clock"),
        CONFIGURATION,
    ),
    "errors.too_many": ROWS_FAILED,
    "defect": DEFECT,
}
"""Why an import failed -> exit code; other `shop.` reasons mean the shop was away, the rest is a bad request."""


def exit_code_of(error: ImporterError) -> int:
    return next((code for kind, code in BY_CLASS.items() if isinstance(error, kind)), BAD_REQUEST)


def exit_code_after(state: Import) -> int:
    """For an import that has ended."""
    if state.status is ImportStatus.CANCELLED:
        return INTERRUPTED
    if state.failure is not None:
        away = SHOP_UNAVAILABLE if state.failure.code.startswith("shop.") else BAD_REQUEST
        return BY_REASON.get(state.failure.code, away)
    bad = [outcome for outcome in NEEDS_A_PERSON if state.counts.get(outcome)]
    if state.dry_run:
        bad = [outcome for outcome in bad if outcome is not Outcome.NOT_SENT]
    return ROWS_FAILED if bad else OK
