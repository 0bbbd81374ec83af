"""Outcomes add up, and say so."""

from hypothesis import given, strategies as st

from importer.domain.rows import Outcome, RowError, add, count, equation, holds

COUNTS = st.dictionaries(st.sampled_from(list(Outcome)), st.integers(0, 10**6))


def error(row: int, outcome: Outcome = Outcome.INVALID) -> RowError:
    return RowError(row=row, line=row + 1, outcome=outcome, code="x", text="x")


def test_the_equation_reads_like_a_sentence() -> None:
    counts = {Outcome.SUCCEEDED: 1847, Outcome.SKIPPED: 147}

    assert equation(1994, counts) == "1,994 rows read = 1,847 succeeded + 147 skipped"


def test_an_equation_that_does_not_hold_says_so() -> None:
    assert equation(3, {Outcome.SUCCEEDED: 2}) == "3 rows read ≠ 2 succeeded"


def test_one_row_is_singular_and_none_is_zero() -> None:
    assert equation(1, {Outcome.NOT_SENT: 1}) == "1 row read = 1 not sent"
    assert equation(0, {}) == "0 rows read = 0"


def test_a_row_with_three_errors_is_one_row() -> None:
    assert count([error(1), error(1), error(1), error(2, Outcome.SKIPPED)]) == {
        Outcome.INVALID: 1,
        Outcome.SKIPPED: 1,
    }


@given(COUNTS, COUNTS)
def test_adding_counts_adds_the_rows(left: dict[Outcome, int], right: dict[Outcome, int]) -> None:
    total = add(left, right)

    assert holds(sum(left.values()) + sum(right.values()), total)
    assert 0 not in total.values()
