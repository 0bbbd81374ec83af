"""The event log alone tells the state, and in every state the rows add up."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st

from importer.domain.batches import NewBatch
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


Named = tuple[str, list[int]]
"""A batch and the rows of its operations."""


class Life:
    """An import row by row: its open batches, those of second operations apart, and the rows that are settled."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.log = Log()
        self.rows = 0
        self.more: set[int] = set()
        self.settled: set[int] = set()
        self.first: list[Named] = []
        self.later: list[Named] = []

    def number(self, most: int) -> int:
        return self.draw(st.integers(0, most))

    def frame(self, name: str) -> None:
        fresh: list[Named] = []
        for place in range(self.number(3)):
            size = 1 + self.number(5)
            fresh.append((f"{name}.{place}", list(range(self.rows, self.rows + size))))
            self.rows += size
        second = [row for _, rows in fresh for row in rows if self.draw(st.booleans())]
        follow_ups = [(f"{name}.p", second)] if second else []
        outcomes = {"invalid": self.number(5), "skipped": self.number(5)}
        batches = [told(one) for one in fresh] + [told(one, follow_up=True) for one in follow_ups]
        rows = sum(len(rows) for _, rows in fresh) + sum(outcomes.values())
        self.log.write(EventKind.ROWS_PREPARED, {"rows": rows, "outcomes": outcomes, "batches": batches})
        self.more |= set(second)
        self.first += fresh
        self.later += follow_ups

    def step(self) -> None:
        """One batch of the first phase that has any goes; what did not succeed at first is dropped from later ones."""
        lane, follow_up = (self.first, False) if self.first else (self.later, True)
        name, rows = lane.pop(self.number(len(lane) - 1))
        due = [row for row in rows if row not in self.settled]
        if len(due) < len(rows):
            self.leave(lane, name, EventKind.BLOCKED, [], due, "blocked", follow_up=follow_up)
            return
        again, kind = self.number(len(rows)), self.draw(st.sampled_from(LEAVING))
        outcome = "blocked" if kind is EventKind.BLOCKED else self.draw(st.sampled_from(SAID))
        if kind is EventKind.CONFIRMED:
            self.log.write(EventKind.SENT, {"bulk_uuid": "u", **told((name, rows), follow_up=follow_up)})
        elif outcome == "succeeded":
            outcome = "failed"
        self.leave(lane, name, kind, rows[again:], rows[:again], outcome, follow_up=follow_up)

    def leave(
        self,
        lane: list[Named],
        name: str,
        kind: EventKind,
        done: list[int],
        rest: list[int],
        outcome: str,
        *,
        follow_up: bool,
    ) -> None:
        goes_on = self.more if outcome == "succeeded" and not follow_up else set[int]()
        settled = [row for row in done if row not in goes_on]
        into = [(f"{name}.r", rest)] if rest else []
        self.settled |= set(settled)
        lane += into
        data = {"outcomes": {outcome: len(settled)}, "into": [told(one, follow_up=follow_up) for one in into]}
        self.log.write(kind, {"batch": name, "code": "c", "text": "t", **data})


LEAVING = [EventKind.REFUSED, EventKind.CONFIRMED, EventKind.BLOCKED]
SAID = ["succeeded", "failed", "unknown"]


def told(batch: Named, *, follow_up: bool = False) -> dict[str, Any]:
    name, rows = batch
    return NewBatch(id=name, operations=len(rows), content_hash="", file="", follow_up=follow_up).told


@st.composite
def lives(draw: st.DrawFn) -> Log:
    """An import's life: frames, batches that succeed, are refused and split, are blocked, or go again in part; rows with
    a second operation; perhaps an early end."""
    life = Life(draw)
    life.log.write(EventKind.COUNTED, {"rows": 100, "columns": {}})
    for frame in range(life.number(3)):
        life.frame(str(frame))
    life.log.write(EventKind.READ_WHOLE, {})
    for _ in range(life.number(16)):
        if life.first or life.later:
            life.step()
    left = life.rows - len(life.settled)
    over = not life.first and not life.later
    assert not (over and left), "the life itself is wrong: nothing is open and a row is not settled"
    status = "completed" if over else "failed"
    outcomes = {"not_sent": left} if left else {}
    life.log.write(EventKind.ENDED, {"status": status, "outcomes": outcomes, "reason": None})
    return life.log


@st.composite
def steered(draw: st.DrawFn) -> Log:
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
        taken = name in taken_before(log)
        kind = (
            EventKind.CONFIRMED if taken else draw(st.sampled_from([EventKind.REFUSED, EventKind.CONFIRMED]))
        )
        done = {draw(st.sampled_from(["succeeded", "failed", "unknown"])): size - again}
        if kind is EventKind.CONFIRMED and not taken:
            log.write(EventKind.SENT, {"batch": name, "bulk_uuid": "u", "operations": size})
        log.write(kind, {"batch": name, "outcomes": done, "into": into, "code": "c", "text": "t"})
        open_batches += [(f"{name}.r", again)] if again else []


def taken_before(log: Log) -> set[str]:
    """Batches that the shop had taken when a retry opened them again: their receipt is known, and comes only once."""
    retries = [event.data for event in log.events if event.kind is EventKind.RETRIED]
    return {batch["batch"] for data in retries for batch in data["reopened"] if batch["sent"]}


def end(log: Log, open_batches: list[tuple[str, int]]) -> None:
    left = sum(size for _, size in open_batches)
    outcomes = {"not_sent": left} if left else {}
    status = "cancelled" if log.states[-1].cancelling else "failed" if left else "completed"
    log.write(EventKind.ENDED, {"status": status, "outcomes": outcomes, "reason": None})


def histories() -> st.SearchStrategy[Log]:
    return st.one_of(lives(), steered())


@given(histories())
def test_rows_add_up_after_every_event(log: Log) -> None:
    assert all(state.equation_holds for state in log.states)
    assert all(count > 0 for state in log.states for count in state.counts.values())


@given(histories())
def test_a_row_counts_once_as_sent_however_many_operations_it_has(log: Log) -> None:
    for state in log.states:
        never_sent = sum(state.counts.get(outcome, 0) for outcome in (Outcome.INVALID, Outcome.SKIPPED))
        assert 0 <= state.sent <= state.rows_read - never_sent


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
