"""Safety limits: what breaks them, and the figures that a person is told."""

import pytest

from importer.domain.limits import Limits, share
from importer.domain.rows import Outcome

HALF = Limits(rows_within=0.5)


@pytest.mark.parametrize(("rows", "broken"), [(499, True), (500, False), (1500, False), (1501, True)])
def test_rows_are_held_against_the_median_of_the_earlier_imports(rows: int, broken: bool) -> None:
    limits = HALF.against([900, 1000, 4000], 1000)

    assert bool(limits.broken(rows, {})) is broken


def test_the_figures_are_told() -> None:
    [(code, text)] = HALF.against([900, 1000, 4000], 1000).broken(1, {})

    assert code == "limits.rows"
    assert text == (
        "The file has 1 row; the median of the 3 imports in the 14 days before is 1,000, and the limit is 50 % around it."
    )


def test_with_fewer_earlier_imports_rows_are_not_limited() -> None:
    assert HALF.against([10, 10], 10).broken(5000, {}) == []


def test_every_limit_that_is_broken_is_told() -> None:
    limits = Limits(most_invalid=0.05, most_deletions=3)
    counts = {Outcome.INVALID: 6, Outcome.PENDING: 94}

    assert [code for code, _ in limits.broken(100, counts)] == ["limits.invalid", "limits.deletions"]
    assert Limits().broken(100, counts) == []
    assert limits.broken(100, {Outcome.INVALID: 5, Outcome.PENDING: 3}) == []
    assert limits.broken(0, {}) == []


@pytest.mark.parametrize("given", ["5", 5, "-5%", "five %", None, True])
def test_a_share_has_a_percent_sign(given: object) -> None:
    with pytest.raises(ValueError, match="5%"):
        share(given)


def test_shares() -> None:
    assert [share("5%"), share(" 0.5 % "), share("200%")] == [0.05, 0.005, 2.0]
