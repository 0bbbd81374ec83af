"""When to ask for which batch of a shop that works off one after the other."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle

import pytest

from importer.domain.batches import Batch, BatchStatus
from importer.domain.timing import LONGEST
from importer.domain.watching import Watch

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
OPERATIONS = 500


def batch(number: int, sent: float, shop: str = "main") -> Batch:
    moment = NOON + timedelta(seconds=sent)
    return Batch(
        id=f"{shop}.{number}", import_id="imp", number=number, status=BatchStatus.SENT, attempt=1, tries=0,
        operations=OPERATIONS, content_hash="", file="", shop=shop, bulk_uuid="u", sending_at=moment, sent_at=moment,
    )  # fmt: skip


def questions(
    speed: float, *, batches: int, in_flight: int, moods: Sequence[float] = (1.0,)
) -> tuple[list[int], float]:
    """A shop confirms `speed` operations a second, first in, first out; a new batch is sent when one is found done. Each
    batch takes longer by one of its `moods`. Questions for each batch, and the share of the time in which the shop had work."""
    watch, asked, sent, found = Watch(), [0] * batches, {}, 0
    due: list[tuple[float, int]] = []
    worked_until, busy, now = 0.0, 0.0, 0.0
    starts: dict[int, float] = {}
    ends: dict[int, float] = {}
    taking = [OPERATIONS / speed * mood for mood, _ in zip(cycle(moods), range(batches), strict=False)]

    def send(number: int) -> None:
        nonlocal worked_until, busy
        sent[number], starts[number] = batch(number, now), now
        ends[number] = max(worked_until, now) + taking[number]
        busy += taking[number]
        worked_until = ends[number]
        due.append((now + watch.too_early(sent[number], 0.0), number))

    for number in range(in_flight):
        now += 0.01
        send(number)
    while due:
        due.sort()
        now, number = due.pop(0)
        one, age = sent[number], now - starts[number]
        asked[number] += 1
        left = max(0.0, ends[number] - now) / taking[number]
        if left > 0:
            due.append((now + watch.again(one, age, max(0, int(OPERATIONS * (1 - left)))), number))
            continue
        watch.done(one, age)
        found += 1
        if len(sent) < batches:
            send(len(sent))
    assert found == batches
    return asked, busy / now


@pytest.mark.parametrize("speed", [10_000.0, 2_000.0, 500.0, 250.0, 100.0, 50.0])
def test_a_batch_of_a_shop_takes_at_most_four_counts_in_a_long_run(speed: float) -> None:
    """With the submission and the details that makes six requests."""
    asked, busy = questions(speed, batches=40, in_flight=4)

    assert max(asked) <= 4
    assert busy > 0.9 or speed > 500


@pytest.mark.parametrize("speed", [3_000.0, 500.0, 50.0])
def test_a_shop_whose_speed_varies_has_work_nearly_all_the_time(speed: float) -> None:
    """Half or twice as fast from one batch to the next, one in ten four times as slow: the last one is a poor guess."""
    found = []
    for seed in range(8):
        chance = random.Random(seed)
        moods = [chance.lognormvariate(0, 0.7) * (4 if chance.random() < 0.1 else 1) for _ in range(100)]
        asked, busy = questions(speed, batches=100, in_flight=4, moods=moods)
        found.append(busy)
        assert sum(asked) <= 4 * len(asked)

    assert sum(found) / len(found) > 0.88


@pytest.mark.parametrize("in_flight", [1, 2, 4, 8])
def test_a_batch_of_thirty_seconds_takes_at_most_eight_counts(in_flight: int) -> None:
    """With the submission and the details that makes ten requests."""
    asked, busy = questions(OPERATIONS / 30, batches=20, in_flight=in_flight)

    assert max(asked) <= 8
    assert sum(asked) <= 4.2 * len(asked)
    assert busy > 0.9


def test_one_shop_tells_nothing_of_another() -> None:
    watch = Watch()
    watch.too_early(batch(1, 0.0), 0.0)
    watch.done(batch(1, 0.0), 50.0)  # ten operations a second, or more: nobody looked before

    assert watch.too_early(batch(2, 0.0), 1.0) == pytest.approx(50 / 2 * 0.5 - 1)
    assert watch.too_early(batch(2, 0.0, shop="other"), 1.0) == 0.0


def test_a_batch_that_was_asked_for_is_never_too_early() -> None:
    watch = Watch()
    watch.again(batch(1, 0.0), 1.0, 0)

    assert watch.too_early(batch(1, 0.0), 0.0) == 0.0


def test_a_batch_that_is_done_stands_before_no_other() -> None:
    watch = Watch()
    watch.too_early(batch(1, 0.0), 0.0)
    watch.too_early(batch(2, 1.0), 0.0)
    watch.done(batch(1, 0.0), 50.0)

    assert watch.again(batch(2, 1.0), 49.0, 0) == 25.0  # half of its own time at ten a second


def test_a_batch_is_not_asked_for_before_its_turn() -> None:
    watch = Watch()
    for number in range(4):
        watch.too_early(batch(number, number), 0.0)
    assert watch.again(batch(0, 0.0), 5.0, 50) == pytest.approx(
        30.0
    )  # ten a second; no further than six times its age

    assert watch.again(batch(3, 3.0), 2.0, 0) == LONGEST  # 1,450 operations and half of its own: 170 seconds


def test_a_speed_that_was_only_guessed_is_soon_corrected() -> None:
    """After a restart a bulk that was done long ago looks slow; the shop does a thousand operations a second."""
    watch, asked = Watch(), []
    watch.too_early(batch(1, 0.0), 600.0)
    watch.done(batch(1, 0.0), 600.0)
    for number in range(2, 9):
        wait = watch.too_early(batch(number, 0.0), 0.0)
        asked.append(wait)
        watch.done(batch(number, 0.0), max(wait, 0.05))

    assert asked[-1] < 1.0, asked


def test_an_operation_that_stays_open_does_not_make_a_shop_look_slow() -> None:
    """Its row or message was lost (contract S9, S10): the batches behind it are asked for when they should be done."""
    watch = Watch()
    for age in (1.0, 2.0, 5.0, 12.0, 30.0):
        watch.again(batch(1, 0.0), age, OPERATIONS - 1)

    assert watch.too_early(batch(2, 31.0), 0.0) < 2.0


def test_what_was_done_before_we_looked_tells_nothing_of_the_speed() -> None:
    """After a restart: a batch of a minute ago that has one operation open may have been so for nearly all that time."""
    watch = Watch()
    watch.again(batch(1, 0.0), 60.0, OPERATIONS - 1)

    assert watch.too_early(batch(2, 61.0), 0.0) < 1.0
