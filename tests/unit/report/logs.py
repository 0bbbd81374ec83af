"""Logs written by hand: `(seconds, kind, data)` for each event."""

from datetime import UTC, datetime, timedelta
from typing import Any

from importer.domain.history import Event, EventKind

BEGIN = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)

Line = tuple[float, str, dict[str, Any]]

ACCEPTED: Line = (0, "accepted", {
    "shop": "main", "mapping": "products", "entity": "product", "dry_run": False,
    "kept": {"name": "list.csv", "file": "f", "size": 1234, "sha256": "ab"},
})  # fmt: skip


def log(*lines: Line) -> list[Event]:
    """Kinds that the domain does not know stay plain words, as those of a newer version would be."""
    known = {kind.value for kind in EventKind}
    return [
        Event(
            import_id="imp_1",
            seq=seq,
            at=BEGIN + timedelta(seconds=seconds),
            kind=EventKind(kind) if kind in known else kind,  # type: ignore[arg-type]
            data=data,
        )
        for seq, (seconds, kind, data) in enumerate(lines, 1)
    ]


def prepared(seconds: float, *batches: str, operations: int = 10) -> Line:
    made = [{"batch": batch, "operations": operations} for batch in batches]
    return seconds, "rows_prepared", {"rows": operations * len(made), "outcomes": {}, "batches": made}


def sending(seconds: float, batch: str, attempt: int = 1) -> Line:
    return seconds, "sending", {"batch": batch, "attempt": attempt, "content_hash": "x"}


def sent(seconds: float, batch: str, operations: int = 10) -> Line:
    return seconds, "sent", {"batch": batch, "bulk_uuid": f"uuid-{batch}", "operations": operations}


def confirmed(seconds: float, batch: str, **outcomes: int) -> Line:
    return seconds, "confirmed", {"batch": batch, "outcomes": outcomes or {"succeeded": 10}, "into": []}


def ended(seconds: float, status: str = "completed") -> Line:
    return seconds, "ended", {"status": status, "outcomes": {}, "reason": None}


DOUBTFUL = [
    ACCEPTED,
    (1, "counted", {"rows": 20, "columns": {}}),
    prepared(2, "a", "b"),
    (3, "read_whole", {}),
    sending(4, "a"),
    (6, "in_doubt", {"batch": "a", "code": "shop.timeout", "text": "The shop did not answer in time."}),
    (6, "waiting", {"code": "shop.timeout", "text": "The shop did not answer in time."}),
    (16, "not_taken", {"batch": "a", "code": "shop.not_taken", "text": "The shop holds no such bulk; it is sent again."}),
    sending(17, "a", 2),
    sent(19, "a"),
    sending(20, "b"),
    (21, "refused", {"batch": "b", "code": "shop.refused", "text": "The shop answered 400: no",
                     "outcomes": {}, "into": [{"batch": "b.1", "operations": 5}, {"batch": "b.2", "operations": 5}]}),
    confirmed(50, "a"),
    sending(50, "b.1"),
    sent(51, "b.1", 5),
    confirmed(60, "b.1", succeeded=5),
    sending(60, "b.2"),
    sent(61, "b.2", 5),
    confirmed(70, "b.2", succeeded=4, failed=1),
    ended(71),
]  # fmt: skip
"""An answer that got lost, a request that was refused and halved."""
