"""What an operation's status in the shop means for its row.

The shop's own status is not enough (contract 7.4): deadlocks hide as "not retriable", and twelve hours of silence
look like a failure. The table is read from top to bottom; the first line that fits decides.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from importer.domain.batches import OperationStatus
from importer.domain.rows import Outcome

COMPLETE, RETRIABLE, FAILED, OPEN, REJECTED = 1, 2, 3, 4, 5
"""Operation statuses of contract 5.3."""


class Verdict(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # the row is at fault
    AGAIN = "again"  # the failure passes: send the operation again
    UNKNOWN = "unknown"  # the shop cannot tell what it did
    OPEN = "open"  # not processed yet


@dataclass(frozen=True, kw_only=True)
class Sign:
    """One line of the table. None and empty fit everything; `text` is searched for, case-insensitively."""

    verdict: Verdict
    source: str
    statuses: frozenset[int] = frozenset()
    codes: frozenset[int] = frozenset()
    text: str = ""

    def fits(self, operation: OperationStatus) -> bool:
        return (
            (not self.statuses or operation.status in self.statuses)
            and (not self.codes or operation.error_code in self.codes)
            and (not self.text or re.search(self.text, operation.text, re.IGNORECASE) is not None)
        )


MYSQL_PASSES = frozenset({1205, 1213, 2006, 2013})  # lock wait, deadlock, server gone, connection lost

SIGNS = (
    Sign(verdict=Verdict.OPEN, statuses=frozenset({OPEN}), source="contract 5.3"),
    Sign(verdict=Verdict.SUCCEEDED, statuses=frozenset({COMPLETE}), source="contract 5.3"),
    Sign(
        verdict=Verdict.UNKNOWN,
        statuses=frozenset({RETRIABLE}),
        codes=frozenset({0}),
        text=r"^unknown error$",
        source="contract 7.6, S11: open for 12 hours, perhaps done",
    ),
    Sign(verdict=Verdict.AGAIN, codes=MYSQL_PASSES, source="contract 7.4, S13: also with status 3"),
    Sign(
        verdict=Verdict.AGAIN,
        text=r"deadlock found|lock wait timeout|database connection error|server has gone away",
        source="contract 7.4: wrapped by the product service",
    ),
    Sign(verdict=Verdict.AGAIN, statuses=frozenset({RETRIABLE}), source="contract 5.3"),
    Sign(verdict=Verdict.FAILED, source="contract 7.4: any other exception of the service"),
)

ROW_OUTCOME = {
    Verdict.SUCCEEDED: Outcome.SUCCEEDED,
    Verdict.FAILED: Outcome.FAILED,
    Verdict.AGAIN: Outcome.FAILED,  # when no try is left
    Verdict.UNKNOWN: Outcome.UNKNOWN,
}


def classify(operation: OperationStatus) -> Verdict:
    return next(sign.verdict for sign in SIGNS if sign.fits(operation))
