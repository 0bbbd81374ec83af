"""How many requests a token may make."""

import pytest

from importer.web.rates import Rates


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_worth_may_come_at_once_and_fills_evenly() -> None:
    seconds = Seconds()
    rates = Rates(60, seconds)
    left = [rate.left for _ in range(61) if (rate := rates.take("a"))]

    assert left == [*range(59, -1, -1), -1]
    seconds.now = 0.5
    refused = rates.take("a")
    assert refused is not None
    assert (refused.left, refused.wait, refused.headers(429)["Retry-After"]) == (-1, 1, "1")
    seconds.now = 1.0
    taken = rates.take("a")
    assert taken is not None
    assert taken.headers(200) == {
        "RateLimit-Limit": "60", "RateLimit-Remaining": "0", "RateLimit-Reset": "60",
    }  # fmt: skip


def test_one_that_asks_too_often_takes_nothing_from_another() -> None:
    rates = Rates(1, Seconds())
    told = [rates.take(who) for who in ("a", "a", "b")]

    assert [rate.left for rate in told if rate] == [0, -1, 0]


@pytest.mark.parametrize("who", ["a", "b"])
def test_without_a_limit_nothing_is_counted(who: str) -> None:
    assert Rates(0).take(who) is None
