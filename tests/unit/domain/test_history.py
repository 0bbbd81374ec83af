"""The event log alone tells the state, and in every state the rows add up."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st

from importer.domain.commands import RETRIABLE, VERBS
from importer.domain.history import Event, EventKind, apply, rebuild
from importer.domain.imports import Import, ImportStatus
from importer.domain.rows import Outcome

START = datetime(2026, 1, 1, tzinfo=UTC)
ACCEPTED = {
    "shop": "main",
    "mapping": "products",
    "entity": "product",
    "kept": {"name": "a.csv", "file": "imports/1/source", "size": 10, "sha256": "00"},
    "dry_run": False,
}


class Log:
    """Writes a history as the store does: each event follows from the state before it."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.states: list[Import] = []
        self.write(EventKind.ACCEPTED, ACCEPTED)

    def write(self, kind: EventKind, data: dict[str, Any]) -> None:
        seq = len(self.events) + 1
        event = Event(import_id="imp_1", seq=seq, at=START + timedelta(seconds=seq), kind=kind, data=data)
        self.events.append(event)
        self.states.append(apply(self.states[-1] if self.states else None, event))


@st.composite
def histories(draw: st.DrawFn) -> Log:
    """An import's life: frames, batches that succeed, are refused and split, or go again in part; a person who pauses,
    resumes and cancels it; perhaps an early end, and attempts after it."""
    log = Log()
    number: Callable[[int], int] = lambda most: draw(st.integers(0, most))  # noqa: E731
    open_batches: list[tuple[str, int]] = []
    log.write(EventKind.COUNTED, {"rows": 100, "columns": {}})
    for frame in range(number(3)):
        sizes = [1 + number(9) for _ in range(number(3))]
        fresh = [(f"{frame}.{place}", size) for place, size in enumerate(sizes)]
        outcomes = {"invalid": number(5), "skipped": number(5)}
        batches = [{"batch": name, "operations": size} for name, size in fresh]
        rows = sum(sizes) + sum(outcomes.values())
        log.write(EventKind.ROWS_PREPARED, {"rows": rows, "outcomes": outcomes, "batches": batches})
        open_batches += fresh
        steer(draw, log)
    log.write(EventKind.READ_WHOLE, {})
    for attempt in range(1 + number(2)):
        if attempt:
            open_batches = begin_again(draw, log)
        deliver(draw, log, open_batches)
        end(log, open_batches)
    return log


def steer(draw: st.DrawFn, log: Log) -> None:
    """One of the commands that fit the state, or none."""
    fitting = [verb for verb in VERBS.values() if log.states[-1].status in verb.before]
    verb = draw(st.sampled_from([None, *fitting]))
    if verb is not None:
        log.write(
            verb.kind, {"by": "nils", "note": "", "done": 0, "in_flight": 0, "not_sent": 0, "not_read": 0}
        )


def begin_again(draw: st.DrawFn, log: Log) -> list[tuple[str, int]]:
    """A retry of some outcomes: in a new batch, and perhaps in one whose fate was not known."""
    state = log.states[-1]
    chosen = draw(st.sets(st.sampled_from(sorted(RETRIABLE))))
    outcomes = {
        outcome.value: state.counts[outcome] for outcome in sorted(chosen) if state.counts.get(outcome)
    }
    rows = sum(outcomes.values())
    old = min(rows, state.counts.get(Outcome.UNKNOWN, 0)) if Outcome.UNKNOWN in chosen else 0
    new = [(f"a{state.attempt}", rows - old)] if rows > old else []
    reopened = [(f"o{state.attempt}", old)] if old else []
    log.write(EventKind.RETRIED, {
        "attempt": state.attempt + 1, "outcomes": outcomes, "by": "nils", "note": "",
        "batches": [{"batch": name, "operations": size} for name, size in new],
        "reopened": [{"batch": name, "operations": size, "sent": draw(st.booleans())} for name, size in reopened],
    })  # fmt: skip
    return new + reopened


def deliver(draw: st.DrawFn, log: Log, open_batches: list[tuple[str, int]]) -> None:
    number: Callable[[int], int] = lambda most: draw(st.integers(0, most))  # noqa: E731
    for _ in range(number(12)):
        if not open_batches:
            break
        steer(draw, log)
        if log.states[-1].cancelling and draw(st.booleans()):
            name, size = open_batches.pop(number(len(open_batches) - 1))
            log.write(EventKind.WITHDRAWN, {"batches": [name], "outcomes": {"not_sent": size}})
            continue
        name, size = open_batches.pop(number(len(open_batches) - 1))
        again = number(size)
        into = [{"batch": f"{name}.r", "operations": again}] if again else []
        kind = draw(st.sampled_from([EventKind.REFUSED, EventKind.CONFIRMED]))
        done = {draw(st.sampled_from(["succeeded", "failed", "unknown"])): size - again}
        if kind is EventKind.CONFIRMED:
            log.write(EventKind.SENT, {"batch": name, "bulk_uuid": "u", "operations": size})
        log.write(kind, {"batch": name, "outcomes": done, "into": into, "code": "c", "text": "t"})
        open_batches += [(f"{name}.r", again)] if again else []


def end(log: Log, open_batches: list[tuple[str, int]]) -> None:
    left = sum(size for _, size in open_batches)
    outcomes = {"not_sent": left} if left else {}
    status = "cancelled" if log.states[-1].cancelling else "failed" if left else "completed"
    log.write(EventKind.ENDED, {"status": status, "outcomes": outcomes, "reason": None})


@given(histories())
def test_rows_add_up_after_every_event(log: Log) -> None:
    assert all(state.equation_holds for state in log.states)
    assert all(count > 0 for state in log.states for count in state.counts.values())


@given(histories())
def test_the_log_alone_gives_the_same_state(log: Log) -> None:
    assert rebuild(log.events) == log.states[-1]


@given(histories())
def test_an_ended_import_has_no_pending_row_and_no_open_batch(log: Log) -> None:
    state = log.states[-1]

    assert state.ended
    assert Outcome.PENDING not in state.counts
    assert state.open_batches == 0


@given(histories())
def test_an_import_was_begun_once_and_once_more_for_each_retry(log: Log) -> None:
    retries = sum(event.kind is EventKind.RETRIED for event in log.events)

    assert log.states[-1].attempt == 1 + retries
    assert all(state.sent >= 0 for state in log.states)


@given(histories())
def test_a_person_who_stops_an_import_is_obeyed_until_they_say_otherwise(log: Log) -> None:
    for before, event, after in zip(log.states, log.events[1:], log.states[1:], strict=False):
        if before.stopped and event.kind not in (EventKind.RESUMED, EventKind.CANCELLING, EventKind.ENDED):
            assert after.status is before.status
            assert not after.may_send


def test_waiting_is_over_when_the_shop_moves_again() -> None:
    log = Log()
    log.write(
        EventKind.ROWS_PREPARED, {"rows": 1, "outcomes": {}, "batches": [{"batch": "b", "operations": 1}]}
    )

    log.write(EventKind.WAITING, {"code": "shop.unavailable", "text": "away"})
    since = log.states[-1].waiting_since
    log.write(EventKind.WAITING, {"code": "shop.token", "text": "refused"})
    assert log.states[-1].waiting_since == since  # one wait, though its reason changed

    log.write(EventKind.SENT, {"batch": "b", "bulk_uuid": "u", "operations": 1})
    assert log.states[-1].waiting is None
    assert log.states[-1].waiting_since is None


def test_a_file_read_to_its_end_is_delivering() -> None:
    log = Log()
    log.write(EventKind.COUNTED, {"rows": 1, "columns": {}})
    assert log.states[-1].status is ImportStatus.PREPARING

    log.write(EventKind.READ_WHOLE, {})
    assert log.states[-1].status is ImportStatus.DELIVERING
    assert log.states[-1].settled
