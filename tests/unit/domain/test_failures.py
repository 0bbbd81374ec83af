"""What the shop says of an operation, and what it means. Texts are Magento's own."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, strategies as st

from importer.backends.magento.statuses import status_of
from importer.domain.batches import OperationStatus
from importer.domain.failures import ANSWERS, SIGNS, Verdict, classify, judge
from tests.conftest import SHARED


@pytest.mark.parametrize(
    ("status", "code", "text", "verdict"),
    [
        (
            1,
            None,
            r"Service execution success Magento\Catalog\Model\ProductRepository\Interceptor::save",
            "succeeded",
        ),
        (4, None, "", "open"),
        (3, 0, "URL key for specified store already exists.", "failed"),
        (3, 0, "Please enter a number 0 or greater in this field.", "failed"),
        (
            3,
            1213,
            "SQLSTATE[40001]: Serialization failure: 1213 Deadlock found when trying to get lock",
            "again",
        ),
        (3, 1205, "Database lock wait timeout exceeded", "again"),
        (3, 0, "Database deadlock found when trying to get lock", "again"),
        (2, 1213, "Deadlock found when trying to get lock; try restarting transaction", "again"),
        (2, 2006, "MySQL server has gone away", "again"),
        (2, 0, "Unknown Error", "unknown"),
        (2, 99, "anything else that may be tried again", "again"),
        (5, None, "", "failed"),
        (3, 2013, "Database connection error", "again"),
        (3, 1020, "Record has changed since last read in table 'queue_lock'", "again"),
        (3, 0, "SQLSTATE[HY000] [1040] Too many connections", "again"),
        (3, 40001, "Serialization failure: try restarting transaction", "again"),
        (3, 0, "Lost connection to MySQL server during query", "again"),
        (3, 0, "The product was unable to be saved. Please try again.", "again"),
        (3, 0, "Could not save Source Item", "again"),
        (3, 0, "Cannot save product.", "again"),
        (3, 0, "Unable to save product", "again"),
        (
            3,
            1062,
            "Sorry, something went wrong during product prices update. Please see log for details.",
            "again",
        ),
        (
            3,
            1146,
            "Sorry, something went wrong during product prices update. Please see log for details.",
            "failed",
        ),
        (3, 0, "Sorry, you could not save that.", "failed"),  # the words must stand at the beginning
        (
            3,
            0,
            'Data item corresponding to "blockId" must be specified in the message with topic "x"',
            "failed",
        ),
        (3, 0, "Error occurred during message decoding.", "failed"),
        (3, 0, "Unknown Error", "failed"),  # only a status 2 with code 0 is the twelve hours' one
        (1, 1213, "Service execution success X, deadlock found while writing its answer", "succeeded"),
        (4, 1213, "Deadlock found", "open"),
        (0, None, "", "unknown"),
        (7, None, "", "unknown"),
        (-1, None, "The shop calls its status 'halted'.", "unknown"),
    ],
)
def test_an_operation_is_classified_by_status_code_and_text(
    status: int, code: int | None, text: str, verdict: str
) -> None:
    operation = OperationStatus(position=0, status=status, error_code=code, text=text)

    assert classify(operation) is Verdict(verdict)


def test_a_success_that_holds_refusals_is_a_failure() -> None:
    """Contract S40: list-taking services answer so."""
    done = OperationStatus(position=0, status=1, error_code=None, text="Invalid SKU", inner_errors=True)

    assert classify(done) is Verdict.FAILED


@pytest.mark.parametrize(
    ("status", "text", "verdict", "code"),
    [
        (301, "", "credentials", "shop.address"),
        (308, "", "credentials", "shop.address"),
        (400, '"product" is required. Enter and try again.', "refused", "shop.refused"),
        (400, "Maximum items of type \"SourceItem\" is 20", "refused", "shop.refused"),
        (400, "Something went wrong while processing the request.", "down", "shop.queue"),
        (400, "SQLSTATE[40001]: Serialization failure: 1213", "unknown", "shop.error"),
        (400, "Specified request cannot be processed.", "credentials", "shop.address"),
        (400, "Request method is invalid.", "credentials", "shop.address"),
        (400, "Operation allowed only in HTTPS", "credentials", "shop.address"),
        (401, "The consumer isn't authorized to access %resources.", "credentials", "shop.token"),
        (403, "<h1>Request blocked</h1>", "credentials", "shop.blocked"),
        (403, "Rate limit exceeded", "busy", "shop.busy"),
        (404, "Request does not match any route.", "credentials", "shop.address"),
        (405, "The PATCH HTTP method is not supported.", "credentials", "shop.address"),
        (408, "", "down", "shop.unavailable"),
        (413, "Request Entity Too Large", "refused", "shop.too_large"),
        (418, "", "credentials", "shop.unexpected"),
        (422, "", "refused", "shop.refused"),
        (429, "", "busy", "shop.busy"),
        (500, "Internal Error. Report ID: webapi-1", "unknown", "shop.error"),
        (502, "", "unknown", "shop.error"),
        (503, "too many requests", "busy", "shop.busy"),
        (503, "due to maintenance downtime", "unknown", "shop.maintenance"),
        (503, "Backend fetch failed", "unknown", "shop.error"),
        (504, "", "unknown", "shop.error"),
        *((status, "", "unknown", "shop.error") for status in (520, 522, 524)),
        *((status, "", "down", "shop.unavailable") for status in (521, 523, 525, 526)),
        (599, "", "unknown", "shop.error"),
    ],
)  # fmt: skip
def test_an_answer_is_judged_by_status_and_words(status: int, text: str, verdict: str, code: str) -> None:
    answer = judge(status, text)

    assert (answer.verdict, answer.code) == (Verdict(verdict), code)


def test_only_a_500_is_settled() -> None:
    assert [status for status in range(300, 600) if judge(status, "").settled] == [500]


@given(status=st.integers(), code=st.none() | st.integers(), text=st.text(), inner=st.booleans())
def test_whatever_a_shop_says_has_one_verdict(
    status: int, code: int | None, text: str, *, inner: bool
) -> None:
    verdict = classify(
        OperationStatus(position=0, status=status, error_code=code, text=text, inner_errors=inner)
    )

    assert (verdict is Verdict.OPEN) is (status == 4)
    assert (verdict is Verdict.SUCCEEDED) is (status == 1 and not inner)


@given(status=st.integers(min_value=300, max_value=999), text=st.text())
def test_no_answer_that_is_no_success_is_taken_for_one(status: int, text: str) -> None:
    assert judge(status, text).verdict not in (Verdict.SUCCEEDED, Verdict.OPEN, Verdict.AGAIN, Verdict.FAILED)


@pytest.mark.magento_data
def test_recorded_operations_are_classified_as_they_went() -> None:
    """Recordings 20, 21 and 23: successes are successes, and every other one was a fault of the row."""
    seen = list(recorded_operations())
    verdicts = {status: {classify(one) for one in seen if one.status == status} for status in (1, 3, 4)}

    assert len(seen) > 400
    assert {one.status for one in seen} == {1, 3, 4}
    assert verdicts == {1: {Verdict.SUCCEEDED}, 3: {Verdict.FAILED}, 4: {Verdict.OPEN}}


@pytest.mark.magento_data
def test_recorded_refusals_are_judged_by_who_must_act() -> None:
    """Every answer that is no success, of every recording."""
    judged: dict[tuple[int, str], int] = {}
    for request in recorded_requests():
        if request["status"] >= 300:
            body = request["response_body"]
            answer = judge(request["status"], body if isinstance(body, str) else json.dumps(body))
            judged[request["status"], answer.code] = judged.get((request["status"], answer.code), 0) + 1

    assert set(judged) == {
        (400, "shop.refused"), (400, "shop.address"), (401, "shop.token"), (404, "shop.address"), (500, "shop.error"),
    }  # fmt: skip
    assert judged[400, "shop.refused"] > judged[400, "shop.address"] > 5


def recorded_requests() -> Iterator[dict[str, Any]]:
    for path in sorted((SHARED / "magento" / "transcripts").glob("*.json")):
        yield from json.loads(path.read_text())["requests"]


def recorded_operations() -> Iterator[OperationStatus]:
    for request in recorded_requests():
        body = request["response_body"]
        for item in body.get("operations_list", []) if isinstance(body, dict) else []:
            yield status_of(item)


def test_every_line_of_the_table_names_its_source() -> None:
    assert all(line.source for line in (*SIGNS, *ANSWERS))
