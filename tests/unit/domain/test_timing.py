"""Waiting times: numbers in, seconds out."""

import pytest

from importer.domain.timing import LONGEST, SHORTEST, Look, backoff, first_look, next_look


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


def looks_until_done(seconds: float, *, behind: float = 0.0, usual: float | None = None) -> tuple[int, float]:
    """A shop works off 500 operations in so many seconds, after others that take `behind`: questions, and the age at
    which the end was noticed."""
    age, before, count = first_look(usual), None, 0
    while True:
        count += 1
        done = max(0, min(500, int(500 * (age - behind) / seconds)))
        if done == 500:
            return count, age
        now = Look(age, done)
        age, before = age + next_look(now, before, 500), now


@pytest.mark.parametrize("seconds", [0.01, 0.2, 1.0, 5.0, 30.0, 90.0, 600.0, 3600.0])
def test_few_questions_see_a_batch_through_however_long_it_takes(seconds: float) -> None:
    count, _ = looks_until_done(seconds)

    most = 4 if seconds <= 30 else 12
    assert count <= most


@pytest.mark.parametrize("place", [1, 2, 3, 4])
def test_a_batch_of_thirty_seconds_takes_at_most_eight_questions_wherever_it_stands_in_the_queue(
    place: int,
) -> None:
    count, _ = looks_until_done(30.0, behind=30.0 * (place - 1))

    assert count <= 8


@pytest.mark.parametrize("seconds", [0.2, 2.0, 30.0, 120.0])
def test_the_end_is_noticed_soon_once_the_batch_moves(seconds: float) -> None:
    _, noticed = looks_until_done(seconds)

    assert noticed <= max(0.25, seconds * 1.1)


@pytest.mark.parametrize("usual", [0.1, 2.0, 30.0, 50.0])
def test_a_shop_that_is_known_is_asked_two_or_three_times(usual: float) -> None:
    count, noticed = looks_until_done(usual, usual=usual)

    assert count <= 3
    assert noticed <= usual * 1.1 + SHORTEST


def test_a_shop_that_became_faster_is_noticed() -> None:
    usual = 50.0
    for _ in range(80):
        _, usual = looks_until_done(1.0, usual=usual)

    assert usual < 1.2


def test_a_dead_queue_is_asked_once_a_minute_and_so_is_a_batch_that_stopped_halfway() -> None:
    assert next_look(Look(3600.0, 0), Look(3540.0, 0), 500) == LONGEST
    assert next_look(Look(3600.0, 40), Look(3540.0, 40), 500) == LONGEST
    assert next_look(Look(3600.0, 0), None, 500, turn=1e9) == LONGEST
