"""What a log tells: sentences, a time line, the story of each batch, the pace, and where the time went."""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from importer.domain.history import EventKind
from importer.services.reporting.attempts import stories
from importer.services.reporting.durations import PARTS, durations, pace, spent_document
from importer.services.reporting.sentences import SENTENCES, Teller
from importer.services.reporting.timeline import timeline
from tests.unit.report.logs import (
    ACCEPTED,
    BEGIN,
    DOUBTFUL,
    Line,
    confirmed,
    ended,
    log,
    prepared,
    sending,
    sent,
)


def told(*lines: Line) -> list[str]:
    teller = Teller()
    return [teller.tell(event) for event in log(*lines)]


def test_every_kind_of_event_has_a_sentence() -> None:
    assert {kind.value for kind in EventKind} - set(SENTENCES) == set()


def test_a_log_reads_as_a_story() -> None:
    assert told(*DOUBTFUL) == [
        "The file list.csv (1,234 bytes) was taken in, for the shop main with the mapping products.",
        "The file was walked through once: it holds 20 rows.",
        "20 rows read and checked: 20 rows ready to send in 2 batches.",
        "The file was read to its end.",
        "Batch 1 is about to be sent.",
        "No clear answer came for batch 1. The shop did not answer in time. It is looked up in the shop before it is sent "
        "again.",
        "Waiting: The shop did not answer in time.",
        "The shop did not take batch 1: The shop holds no such bulk; it is sent again.",
        "Batch 1 is about to be sent, attempt 2.",
        "The shop took batch 1 with 10 rows; its receipt is uuid-a.",
        "Batch 2 is about to be sent.",
        "The shop refused batch 2 as a whole. The shop answered 400: no. So it is halved to find the row at fault: batch 3 "
        "and batch 4.",
        "Batch 1 is done: 10 succeeded.",
        "Batch 3 is about to be sent.",
        "The shop took batch 3 with 5 rows; its receipt is uuid-b.1.",
        "Batch 3 is done: 5 succeeded.",
        "Batch 4 is about to be sent.",
        "The shop took batch 4 with 5 rows; its receipt is uuid-b.2.",
        "Batch 4 is done: 4 succeeded, 1 failed.",
        "The import is completed.",
    ]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ((0, "paced", {"batch_size": 50, "in_flight": 2, "reason": "errors", "text": "Two deadlocks"}),
         "The pace is now 50 rows in a batch and 2 under way at once. Two deadlocks."),
        ((0, "paused", {"by": "ops", "note": "stocktaking", "done": 1200, "in_flight": 40, "not_sent": 7, "not_read": None}),
         "Paused by ops: nothing is sent until it goes on; what is under way is followed to its end. Rows at that moment: "
         "1,200 done, 40 in flight, 7 not sent. Stocktaking."),
        ((0, "resumed", {}), "Resumed after the pause."),
        ((0, "retried", {"outcomes": {"failed": 3}, "attempt": 2}),
         "Retried, attempt 2: rows of the ended import go again (3 failed)."),
        ((0, "withdrawn", {"batches": ["a", "b"], "outcomes": {"not_sent": 20}}),
         "2 batches that had not been sent were withdrawn: 20 not sent."),
        ((0, "cancelling", {"text": "wrong file"}),
         "Cancelled: nothing more is sent; what is under way is followed to its end. Wrong file."),
        ((0, "ended", {"status": "failed", "outcomes": {"not_sent": 7},
                       "reason": {"code": "shop.token", "text": "The token is wrong"}}),
         "The import is failed. The token is wrong. Rows that were still open: 7 not sent."),
        ((0, "blocked", {"batch": "a", "outcomes": {"blocked": 1}, "into": []}),
         "What rows of batch a need is not in the shop: 1 blocked."),
        ((0, "something_new", {"shelf": 4, "list": [1, 2], "nothing": None}),
         "Something new: shelf 4, list 2 entries"),
        ((0, "something_empty", {}), "Something empty"),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_other_kinds_are_told_too_and_unknown_ones_plainly(line: Line, sentence: str) -> None:
    assert told(line) == [sentence]


def test_a_doubt_that_was_cleared_up_is_told_as_that() -> None:
    sent = (0, "sent", {"batch": "a", "operations": 36, "bulk_uuid": "u"})
    doubt = (0, "in_doubt", {"batch": "a", "text": "The answer was lost"})

    assert told(sent)[-1] == "The shop took batch a with 36 rows; its receipt is u."
    assert (
        told(doubt, sent)[-1]
        == "The shop had taken batch a with 36 rows: it was found there; its receipt is u."
    )


@pytest.mark.parametrize("kind", sorted(SENTENCES))
def test_a_sentence_needs_no_particular_data(kind: str) -> None:
    """Old logs carry less, newer ones more; a report must come out of both."""
    [sentence] = told((0, kind, {"unheard_of": {"x": 1}}))

    assert sentence
    assert sentence.endswith((".", ":"))


def long_log(batches: int) -> list[Line]:
    lines: list[Line] = [ACCEPTED, prepared(1, *(f"b{n}" for n in range(batches))), (2, "read_whole", {})]
    for n in range(batches):
        lines += [sending(3 + n, f"b{n}"), sent(3 + n, f"b{n}"), confirmed(3 + n, f"b{n}")]
    return [*lines, ended(3 + batches)]


def test_hundreds_of_events_are_told_together_and_every_one_is_counted() -> None:
    events = log(*long_log(300))
    lines = timeline(events)

    assert len(lines) == 5
    assert sum(line.events for line in lines) == len(events)
    assert lines[3].text == (
        "In 4 min 59 s: 300 requests begun; 300 batches with 3,000 rows taken by the shop; 300 batches done "
        "(3,000 succeeded)."
    )


def test_few_events_are_told_one_by_one() -> None:
    assert [
        line.events for line in timeline(log(ACCEPTED, prepared(1, "a"), sending(2, "a"), sent(3, "a")))
    ] == [1] * 4


def test_an_endless_storm_does_not_make_an_endless_time_line() -> None:
    storm: list[Line] = []
    for n in range(400):
        storm += [
            sending(n, "a", n + 1),
            (n, "not_taken", {"batch": "a", "code": "shop.busy", "text": "The shop answered 503"}),
            (n, "waiting", {"code": "shop.busy", "text": "The shop answered 503"}),
        ]
    pause: Line = (400, "paused", {})
    lines = timeline(log(ACCEPTED, *storm, pause, ended(500)))

    assert [dict(line.kinds) for line in lines] == [
        {"accepted": 1}, {"sending": 400, "not_taken": 400, "waiting": 400}, {"paused": 1}, {"ended": 1},
    ]  # fmt: skip
    assert "a batch not taken by the shop 400 times" in lines[1].text
    assert "The shop answered 503 (800 times)" in lines[1].text


def test_each_batch_has_its_story() -> None:
    found = stories(log(*DOUBTFUL))

    assert {one.batch: (one.number, one.attempts, one.parent, one.eventful) for one in found.values()} == {
        "a": (1, 2, None, True), "b": (2, 1, None, True), "b.1": (3, 1, "b", True), "b.2": (4, 1, "b", True),
    }  # fmt: skip
    assert found["a"].receipts == ["uuid-a"]
    assert [(d["text"], d["resolved"]) for d in found["a"].doubts] == [
        ("The shop did not answer in time.", "The shop does not hold it; it goes again.")
    ]
    assert (found["b"].refused, found["b"].into) == ("The shop answered 400: no", ["b.1", "b.2"])
    assert found["b.2"].outcomes == {"succeeded": 4, "failed": 1}
    assert (found["a"].seconds, found["b.2"].seconds) == (46.0, 10.0)


def test_a_doubt_that_the_shop_resolves_by_holding_the_bulk_says_so() -> None:
    doubt: Line = (3, "in_doubt", {"batch": "a", "code": "shop.reset", "text": "The connection broke."})
    story = stories(log(ACCEPTED, prepared(1, "a"), sending(2, "a"), doubt, sent(9, "a")))["a"]

    assert story.doubts[0]["resolved"] == "The shop had taken it; its receipt was found there."


def test_the_time_is_told_part_by_part() -> None:
    spent = durations(log(*DOUBTFUL), BEGIN)

    assert {part: time.total_seconds() for part, time in spent.items()} == {
        "paused": 0, "away": 13.0, "reading": 3.0, "sending": 5.0, "consumer": 48.0, "own": 2.0,
    }  # fmt: skip
    assert sum(spent.values(), timedelta()) == timedelta(seconds=71)


def test_a_pause_and_a_stalled_consumer_are_told_apart_from_a_shop_that_is_away() -> None:
    lines = [
        ACCEPTED, (1, "read_whole", {}), prepared(1, "a"), sending(1, "a"), sent(2, "a"),
        (62, "waiting", {"code": "shop.stalled", "text": "No consumer runs."}),
        (100, "paused", {}), (130, "resumed", {}),
        (140, "waiting", {"code": "shop.unavailable", "text": "Away."}), confirmed(150, "a"), ended(150),
    ]  # fmt: skip
    spent = {part: time.total_seconds() for part, time in durations(log(*lines), BEGIN).items()}

    assert spent == {"paused": 30, "away": 10, "reading": 1, "sending": 1, "consumer": 108, "own": 0}


def test_time_between_an_end_and_a_retry_is_nobodys() -> None:
    lines = [ACCEPTED, ended(10), (1000, "retried", {"outcomes": {"failed": 1}}), ended(1005)]

    assert sum(durations(log(*lines), BEGIN).values(), timedelta()) == timedelta(seconds=15)


def test_an_import_under_way_counts_up_to_now() -> None:
    now = BEGIN + timedelta(seconds=30)

    assert sum(durations(log(ACCEPTED), now).values(), timedelta()) == timedelta(seconds=30)


KINDS = st.sampled_from([*SENTENCES, "unheard_of"])
MOMENTS = st.lists(
    st.tuples(st.floats(0, 50, allow_nan=False), KINDS, st.sampled_from(["a", "b"])), max_size=30
)


@given(MOMENTS)
def test_the_parts_always_add_up_to_the_whole_time(moments: list[tuple[float, str, str]]) -> None:
    at, lines = 0.0, [ACCEPTED]
    for seconds, kind, batch in moments:
        if kind not in ("ended", "accepted"):
            at += seconds
            lines.append((at, kind, {"batch": batch, "code": "shop.x", "text": "x"}))
    events = log(*lines, ended(at + 1))
    document = spent_document(durations(events, BEGIN))

    assert document["wall_seconds"] == pytest.approx((events[-1].at - BEGIN).total_seconds())
    assert sum(part["seconds"] for part in document["parts"]) == pytest.approx(document["wall_seconds"])
    assert sum(part["share"] for part in document["parts"]) == pytest.approx(1)
    assert [part["part"] for part in document["parts"]] == list(PARTS)


def test_the_pace_has_the_rows_over_time_and_its_changes() -> None:
    change: Line = (
        20,
        "paced",
        {"batch_size": 50, "in_flight": 2, "reason": "deadlock", "text": "Two deadlocks."},
    )
    found = pace(log(*DOUBTFUL[:-1], change, ended(71)))

    assert found["points"][0] == [0.0, 0, 0]
    assert found["points"][-1] == [71.0, 20, 20]
    assert [point[1] for point in found["points"]] == sorted(point[1] for point in found["points"])
    assert found["steps"] == [
        {"seconds": 20.0, "batch_size": 50, "in_flight": 2, "reason": "deadlock", "text": "Two deadlocks."}
    ]


def test_a_long_pace_is_thinned_and_keeps_its_ends() -> None:
    found = pace(log(*long_log(2000)))

    assert len(found["points"]) == 400
    assert (found["points"][0], found["points"][-1]) == ([0.0, 0, 0], [2003.0, 20_000, 20_000])
