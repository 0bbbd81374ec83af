"""The event log alone tells the state, and in every state the rows add up."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st

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
    """An import's life: frames, batches that succeed, are refused and split, or go again in part; perhaps an early end."""
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
    log.write(EventKind.READ_WHOLE, {})
    for _ in range(number(12)):
        if not open_batches:
            break
        name, size = open_batches.pop(number(len(open_batches) - 1))
        again = number(size)
        into = [{"batch": f"{name}.r", "operations": again}] if again else []
        kind = draw(st.sampled_from([EventKind.REFUSED, EventKind.CONFIRMED]))
        done = {draw(st.sampled_from(["succeeded", "failed", "unknown"])): size - again}
        if kind is EventKind.CONFIRMED:
            log.write(EventKind.SENT, {"batch": name, "bulk_uuid": "u", "operations": size})
        log.write(kind, {"batch": name, "outcomes": done, "into": into, "code": "c", "text": "t"})
        open_batches += [(f"{name}.r", again)] if again else []
    left = sum(size for _, size in open_batches)
    outcomes = {"not_sent": left} if left else {}
    status = "completed" if not left else "failed"
    log.write(EventKind.ENDED, {"status": status, "outcomes": outcomes, "reason": None})
    return log


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
