"""The pace: what the shop gets grows while it confirms, and halves once for each storm."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from importer.domain.imports import Reason
from importer.domain.pace import (
    PROBE_SECONDS,
    Bounds,
    Pace,
    begin,
    claim_probe,
    close,
    faster,
    reopen,
    slower,
    within,
)

BOUNDS = Bounds(in_flight=8, size=100)
BUSY = Reason(code="shop.busy", text="Too many requests.")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def slow(pace: Pace, now: float, sent: float | None, *, smaller: bool = False) -> Pace:
    sent_at = None if sent is None else after(sent)
    return slower(pace, BOUNDS, now=after(now), sent_at=sent_at, reason=BUSY, smaller=smaller)


def confirm(pace: Pace, times: int) -> Pace:
    for _ in range(times):
        pace = faster(pace, BOUNDS)
    return pace


def test_it_begins_small_and_doubles_each_round_up_to_what_the_settings_allow() -> None:
    pace = begin(BOUNDS)
    assert pace.most == 2
    assert confirm(pace, 2).most == 4
    assert confirm(pace, 6).most == confirm(pace, 100).most == 8


def test_after_trouble_it_grows_by_one_a_round() -> None:
    pace = slow(confirm(begin(BOUNDS), 100), now=1, sent=0)
    assert pace.most == 4
    assert pace.reason == BUSY
    assert confirm(pace, 4).most == 4
    assert confirm(pace, 5).most == 5


def test_one_storm_halves_it_once_whatever_number_of_batches_it_hits() -> None:
    pace = confirm(begin(BOUNDS), 100)
    for _ in range(8):
        pace = slow(pace, now=10, sent=5)
    assert pace.most == 4
    assert slow(pace, now=20, sent=11).most == 2


def test_a_single_batch_in_trouble_becomes_smaller_and_grows_back_before_there_are_more() -> None:
    pace = replace(begin(BOUNDS), in_flight=1.0)
    pace = slow(pace, now=1, sent=0, smaller=True)
    assert (pace.most, pace.size) == (1, 50)
    assert confirm(pace, 3).size > 50
    assert confirm(pace, 3).most == 1
    assert confirm(pace, 60).most > 1


def test_a_fixed_pace_neither_grows_nor_falls() -> None:
    bounds = Bounds(in_flight=3, size=10, fixed=True)
    pace = begin(bounds)
    assert pace.most == 3
    assert faster(pace, bounds).most == 3
    assert slower(pace, bounds, now=NOON, sent_at=None, reason=BUSY, smaller=True).most == 3


def test_a_closed_shop_is_probed_by_one_at_a_time_and_later_each_time() -> None:
    pace = close(begin(BOUNDS), now=NOON, reason=BUSY, seconds=None)
    assert claim_probe(pace, now=after(0.5)) is pace
    claimed = claim_probe(pace, now=after(1))
    assert claimed != pace
    assert claim_probe(claimed, now=after(PROBE_SECONDS)) is claimed
    again = close(claimed, now=after(1), reason=BUSY, seconds=None)
    assert again.closed_at == NOON
    assert again.closed_until == after(3)
    assert not reopen(again).is_closed
    assert reopen(again).failures == 2
    assert faster(reopen(again), BOUNDS).failures == 0


def test_the_shop_says_how_long_it_wants_to_be_left_alone() -> None:
    assert close(begin(BOUNDS), now=NOON, reason=BUSY, seconds=17).closed_until == after(17)


@given(st.lists(st.sampled_from("+-s"), max_size=80), st.integers(1, 64), st.integers(1, 5000))
def test_whatever_happens_it_stays_within_the_settings(story: list[str], in_flight: int, size: int) -> None:
    bounds = Bounds(in_flight=in_flight, size=size)
    pace = begin(bounds)
    for moment, step in enumerate(story):
        now = after(moment)
        if step == "+":
            pace = faster(pace, bounds)
        else:
            pace = slower(pace, bounds, now=now, sent_at=now, reason=BUSY, smaller=step == "s")
        assert 1 <= pace.most <= in_flight
        assert 1 <= pace.size <= size
    assert within(pace, Bounds(in_flight=1, size=1)).most == 1
