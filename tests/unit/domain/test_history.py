"""The event log alone tells the state, and in every state the rows add up."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st

from importer.domain.batches import NewBatch
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
def histories(draw: st.DrawFn) -> Log:
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
