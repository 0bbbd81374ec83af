"""What the shop says of an operation, and what it means. Texts are Magento's own."""

import pytest

from importer.domain.batches import OperationStatus
from importer.domain.failures import SIGNS, Verdict, classify


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
    ],
)
def test_an_operation_is_classified_by_status_code_and_text(
    status: int, code: int | None, text: str, verdict: str
) -> None:
    operation = OperationStatus(position=0, status=status, error_code=code, text=text)

    assert classify(operation) is Verdict(verdict)


def test_every_line_of_the_table_names_its_source() -> None:
    assert all(sign.source for sign in SIGNS)
