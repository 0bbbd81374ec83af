"""Gates: the language, its faults, and what holds."""

import pytest

from importer.domain.gates import gate
from importer.domain.rows import Outcome

COUNTS = {Outcome.SUCCEEDED: 98, Outcome.FAILED: 1, Outcome.INVALID: 1}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("failed < 1%", False),
        ("failed <= 1%", True),
        ("failed<2", True),
        ("failed = 1", True),
        ("failed > 1", False),
        ("unknown = 0", True),
        ("succeeded >= 98.5%", False),
        ("failed <= 1% and invalid <= 1%", True),
        ("failed <= 1% and invalid = 0", False),
    ],
)
def test_a_gate_holds_or_does_not(text: str, holds: bool) -> None:
    assert (gate(text).shut(100, COUNTS) == "") is holds


def test_the_reason_names_the_figure_and_the_gate() -> None:
    told = gate("unknown = 0 and failed  <0.5%").shut(100, COUNTS)

    assert told == "1 of 100 rows (1 %) are failed, and the gate is failed < 0.5%."


@pytest.mark.parametrize(("text", "holds"), [("failed < 1%", True), ("succeeded > 0%", False)])
def test_no_rows_are_a_share_of_nothing(text: str, holds: bool) -> None:
    assert (gate(text).shut(0, {}) == "") is holds


def test_a_share_is_not_decided_by_rounding() -> None:
    assert gate("failed <= 0.1%").shut(3000, {Outcome.FAILED: 3}) == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("failed", "must look like 'failed < 1%'"),
        ("failed < 1% or unknown = 0", "'failed < 1% or unknown = 0' does not"),
        ("failed < -1", "must look like"),
        ("broken < 1%", "'broken' is no outcome of rows; it is one of succeeded, "),
        ("pending = 0", "'pending' is no outcome"),
        ("failed < 101%", "more than all rows"),
        ("", "must look like"),
        (5, "must look like"),
    ],
)
def test_faults_say_what_would_be_right(text: object, told: str) -> None:
    with pytest.raises(ValueError, match=told.replace("(", r"\(")):
        gate(text)
