"""What a shop's words mean: two tables, read from top to bottom; the first line that fits decides.

`SIGNS` judges what became of an operation. Its status alone is not enough (contract 7.4): deadlocks hide as "not
retriable", twelve hours of silence look like a failure, and list-taking services hide errors in a success.
`ANSWERS` judges an HTTP answer that is no success: who must act, and whether a request that writes may have been taken.
Sources are the contract of Magento's bulk API (its sections and sharp edges S0 to S41) and recordings of a 2.4.4.
"""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from importer.domain.batches import OperationStatus
from importer.domain.rows import Outcome

COMPLETE, RETRIABLE, FAILED, OPEN, REJECTED = 1, 2, 3, 4, 5
"""Operation statuses of contract 5.3."""

DEFINED = frozenset({COMPLETE, RETRIABLE, FAILED, OPEN, REJECTED})
"""There are no others."""


class Verdict(StrEnum):
    SUCCEEDED = "succeeded"
    OPEN = "open"  # not processed yet
    FAILED = "failed"  # the row is at fault
    AGAIN = "again"  # the failure passes: send the operation again
    UNKNOWN = "unknown"  # it may or may not have been done
    REFUSED = "refused"  # the content of the request is refused as a whole; nothing was taken
    BUSY = "busy"  # the shop asks for patience; nothing was taken
    DOWN = "down"  # the shop cannot work now; nothing was taken
    CREDENTIALS = (
        "credentials"  # address, token, permission or firewall: a person must act; nothing was taken
    )


@dataclass(frozen=True, kw_only=True)
class Sign:
    """One line of `SIGNS`. None and empty fit everything; `text` is searched for, case-insensitively."""

    verdict: Verdict
    source: str
    statuses: AbstractSet[int] = frozenset()
    codes: AbstractSet[int] = frozenset()
    text: str = ""
    inner_errors: bool | None = None

    def fits(self, operation: OperationStatus) -> bool:
        return (
            (not self.statuses or operation.status in self.statuses)
            and (not self.codes or operation.error_code in self.codes)
            and (self.inner_errors is None or operation.inner_errors is self.inner_errors)
            and (not self.text or re.search(self.text, operation.text, re.IGNORECASE) is not None)
        )


MYSQL_PASSES = frozenset({1020, 1040, 1205, 1213, 2006, 2013})
"""Record changed, too many connections, lock wait, deadlock, server gone, connection lost."""

BROKEN = frozenset({RETRIABLE, FAILED, REJECTED})

SIGNS: tuple[Sign, ...] = (
    Sign(verdict=Verdict.OPEN, statuses={OPEN}, source="contract 5.3; recording 23"),
    Sign(verdict=Verdict.FAILED, statuses={COMPLETE}, inner_errors=True, source="contract S40; recording 11"),
    Sign(verdict=Verdict.SUCCEEDED, statuses={COMPLETE}, source="contract 5.3; recordings 20, 21, 23"),
    Sign(
        verdict=Verdict.UNKNOWN, statuses={RETRIABLE}, codes={0}, text=r"^unknown error$",
        source="contract 7.6, S10, S11: open for 12 hours, perhaps done",
    ),
    Sign(
        verdict=Verdict.AGAIN, statuses=BROKEN, codes=MYSQL_PASSES,
        source="contract 7.4, 7.5, S13: also with status 3",
    ),
    Sign(
        verdict=Verdict.AGAIN, statuses=BROKEN,
        text=r"deadlock found|lock wait timeout|database connection error|server has gone away|lost connection to "
        r"mysql|too many connections|try restarting transaction|serialization failure",
        source="contract 7.4, S13: wrapped by a service, with another code",
    ),
    Sign(
        verdict=Verdict.AGAIN, statuses=BROKEN, codes={1062},
        source="contract 7.4: two consumers inserted the same at once; a real double fails again",
    ),
    Sign(
        verdict=Verdict.AGAIN, statuses=BROKEN,
        text=r"was unable to be saved\. please try again|^(could not|cannot|unable to) save\b",
        source="contract 7.4, S13: general words around any error of the database; recording 11",
    ),
    Sign(verdict=Verdict.AGAIN, statuses={RETRIABLE}, source="contract 5.3"),
    Sign(
        verdict=Verdict.FAILED, statuses={FAILED},
        text=r"^data item corresponding to|^error occurred during message decoding",
        source="contract 1.4, 7.3, S0, S17: the payload does not fit the service",
    ),
    Sign(
        verdict=Verdict.FAILED, statuses={FAILED}, text=r"^sorry, something went wrong during product prices update",
        source="contract S14: any other error of the database, whatever the service",
    ),
    Sign(verdict=Verdict.FAILED, statuses={FAILED}, source="contract 7.4: any other exception; recordings 20, 21, 23"),
    Sign(verdict=Verdict.FAILED, statuses={REJECTED}, source="contract 5.3"),
    Sign(verdict=Verdict.UNKNOWN, source="no status of contract 5.3: nobody knows what it means"),
)  # fmt: skip

ROW_OUTCOME = {
    Verdict.SUCCEEDED: Outcome.SUCCEEDED,
    Verdict.FAILED: Outcome.FAILED,
    Verdict.AGAIN: Outcome.FAILED,  # when no try is left
    Verdict.UNKNOWN: Outcome.UNKNOWN,
}


def classify(operation: OperationStatus) -> Verdict:
    return next(sign.verdict for sign in SIGNS if sign.fits(operation))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One line of `ANSWERS`: HTTP statuses (empty fits every one) and words of the body -> verdict and our code.

    `settled`: the shop has ended its work on the request, so what it has not taken by now it never will.
    """

    verdict: Verdict
    code: str
    source: str
    statuses: AbstractSet[int] = frozenset()
    text: str = ""
    settled: bool = False

    def fits(self, status: int, text: str) -> bool:
        return (not self.statuses or status in self.statuses) and (
            not self.text or re.search(self.text, text, re.IGNORECASE) is not None
        )


REDIRECTS = frozenset(range(300, 400))
NOT_REACHED = frozenset({521, 523, 525, 526, 530})

ANSWERS: tuple[Answer, ...] = (
    Answer(
        verdict=Verdict.CREDENTIALS, code="shop.token", statuses={401},
        source="contract S32, S33: also for a missing permission; recordings 01, 02, 20, 21",
    ),
    Answer(
        verdict=Verdict.BUSY, code="shop.busy", statuses={403, 503}, text=r"too many requests|rate.?limit|error 1015",
        source="Cloudflare's error 1015, and firewalls that say it so",
    ),
    Answer(
        verdict=Verdict.CREDENTIALS, code="shop.blocked", statuses={403},
        source="contract S32: Magento never says 403, so a firewall or proxy in front of it does",
    ),
    Answer(verdict=Verdict.BUSY, code="shop.busy", statuses={429}, source="RFC 6585; the shop itself has no limit (10)"),
    Answer(
        verdict=Verdict.CREDENTIALS, code="shop.address", statuses={404, 405},
        source="contract 1.1, 1.2, S37: no such route; recordings 04, 20",
    ),
    Answer(
        verdict=Verdict.CREDENTIALS, code="shop.address", statuses=REDIRECTS,
        source="never followed: a token must not travel to another address",
    ),
    Answer(
        verdict=Verdict.CREDENTIALS, code="shop.address", statuses={400},
        text=r"operation allowed only in https|specified request cannot be processed|request method is invalid",
        source="contract 1.1, 1.6, S37; recordings 04, 20",
    ),
    Answer(
        verdict=Verdict.DOWN, code="shop.queue", statuses={400},
        text=r"something went wrong while processing the request",
        source="contract 2, S25: its message queue or database is away; the bulk is deleted first",
    ),
    Answer(
        verdict=Verdict.UNKNOWN, code="shop.error", statuses={400}, text=r"SQLSTATE\[",
        source="contract 2: the rows could not be saved, but the messages are in the queue",
    ),
    Answer(
        verdict=Verdict.REFUSED, code="shop.too_large", statuses={413},
        source="RFC 9110: a web server's limit of a body; half of the batch may pass",
    ),
    Answer(
        verdict=Verdict.REFUSED, code="shop.refused", statuses={400, 422},
        source="contract 1.6, S2: the first bad item refuses the request; recordings 10, 20, 21",
    ),
    Answer(
        verdict=Verdict.DOWN, code="shop.unavailable", statuses={408, 425},
        source="RFC 9110: the request was not read to its end",
    ),
    Answer(
        verdict=Verdict.UNKNOWN, code="shop.error", statuses={500}, settled=True,
        source="contract 1.6, S1, S31: also after having done its work; recordings 04, 10, 20, 21",
    ),
    Answer(
        verdict=Verdict.UNKNOWN, code="shop.maintenance", statuses={503}, text=r"maintenance",
        source="maintenance mode; web servers say the same when they have waited too long",
    ),
    Answer(
        verdict=Verdict.DOWN, code="shop.unavailable", statuses=NOT_REACHED,
        source="Cloudflare: no connection to the shop was made",
    ),
    Answer(
        verdict=Verdict.UNKNOWN, code="shop.error", statuses=frozenset(range(500, 600)),
        source="502, 503, 504, 520, 522, 524: a proxy lost patience, the shop may go on",
    ),
    Answer(verdict=Verdict.CREDENTIALS, code="shop.unexpected", source="nothing Magento says: a person must look"),
)  # fmt: skip


def judge(status: int, text: str) -> Answer:
    """The line for an HTTP answer that is no success. `text` is its body in plain words."""
    return next(answer for answer in ANSWERS if answer.fits(status, text))
