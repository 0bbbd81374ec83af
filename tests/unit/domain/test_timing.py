"""Waiting times: numbers in, seconds out."""

import pytest

from importer.domain.timing import backoff, poll_interval


@pytest.mark.parametrize(
    ("attempt", "seconds"),
    [
        (0, 1.0),  # never less than the first
        (1, 1.0),
        (2, 2.0),
        (3, 4.0),
        (7, 60.0),  # 64, cut off
        (10_000, 60.0),  # no overflow
    ],
)
def test_backoff_doubles_up_to_its_bound(attempt: int, seconds: float) -> None:
    assert backoff(attempt) == seconds


@pytest.mark.parametrize(("age", "seconds"), [(0.0, 0.25), (2.5, 0.25), (30.0, 3.0), (3600.0, 10.0)])
def test_a_young_bulk_is_asked_for_often_and_an_old_one_seldom(age: float, seconds: float) -> None:
    assert poll_interval(age) == seconds
