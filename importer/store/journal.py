"""Appending an event and moving the projection with it, in one transaction: the only way state changes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from importer.domain import history
from importer.domain.announcements import of_import
from importer.domain.errors import unknown_import
from importer.domain.history import Event, EventKind, apply
from importer.domain.imports import ENDED, Import, ImportStatus, KeptFile, Reason
from importer.domain.limits import Limits
from importer.domain.rows import Counts, Outcome, RowError
from importer.store.announcements import announce
from importer.store.tables import import_events, import_rows, imports

SETTLED_ONCE = ("idempotency_key", "request_hash", "files_cleared")
"""Columns of `imports` that are not part of the projection."""


async def load(connection: AsyncConnection, import_id: str, *, to_change: bool = False) -> Import:
    """Raises UnknownName. `to_change`: nobody else changes it until the transaction ends."""
    query = select(imports).where(imports.c.id == import_id)
    query = query.with_for_update() if to_change else query
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise unknown_import(import_id)
    return from_row(row)


def is_unfinished() -> ColumnElement[bool]:
    return imports.c.status.not_in([status.value for status in ENDED])


async def append(
    connection: AsyncConnection,
    state: Import,
    kind: EventKind,
    data: Mapping[str, Any],
    at: datetime,
) -> Import:
    """The next event of the import, the projection that follows from it, and what the world outside is told of it."""
    event = Event(import_id=state.id, seq=state.seq + 1, at=at, kind=kind, data=data)
    after = apply(state, event)
    await connection.execute(insert(import_events).values(**_event_row(event)))
    await connection.execute(update(imports).where(imports.c.id == state.id).values(**to_row(after)))
    told = of_import(state, after, at)
    if told is not None:
        await announce(connection, told)
    return after


async def begin(connection: AsyncConnection, event: Event, **once: Any) -> Import:
    """The first event: it makes the import."""
    state = apply(None, event)
    await connection.execute(insert(imports).values(**to_row(state), **once))
    await connection.execute(insert(import_events).values(**_event_row(event)))
    return state


async def events(connection: AsyncConnection, import_id: str, *, after: int = 0) -> list[Event]:
    query = (
        select(import_events)
        .where(import_events.c.import_id == import_id, import_events.c.seq > after)
        .order_by(import_events.c.seq)
    )
    rows = (await connection.execute(query)).mappings().all()
    return [Event(**{**row, "kind": EventKind(row["kind"])}) for row in rows]


async def rebuild(connection: AsyncConnection, import_id: str, *, keep: bool) -> Import:
    """The state that the log tells, from nothing else; kept as the projection if wanted."""
    state = history.rebuild(await events(connection, import_id))
    if state is None:
        raise unknown_import(import_id)
    if keep:
        await connection.execute(update(imports).where(imports.c.id == import_id).values(**to_row(state)))
    return state


async def add_rows(
    connection: AsyncConnection, import_id: str, errors: Sequence[RowError], *, follow_up: bool = False
) -> None:
    """Errors of rows that have their final outcome; several errors of one row are numbered.

    `follow_up`: the first operations of these rows succeeded, a later one is what did not.
    """
    numbers: dict[int, int] = {}
    rows = []
    for error in errors:
        numbers[error.row] = numbers.get(error.row, 0) + 1
        place = {"import_id": import_id, "number": numbers[error.row], "follow_up": follow_up}
        rows.append({**place, **_without_nul(asdict(error))})
    if rows:
        await connection.execute(insert(import_rows), rows)


def _without_nul(values: dict[str, Any]) -> dict[str, Any]:
    """PostgreSQL keeps no text with a NUL; its picture is what a person would see in its place."""
    return {
        name: value.replace("\x00", "\u2400") if isinstance(value, str) and "\x00" in value else value
        for name, value in values.items()
    }


def outcomes(counts: Counts) -> dict[str, int]:
    """Counts as an event carries them."""
    return {outcome.value: number for outcome, number in counts.items() if number}


def kept_file(file: KeptFile) -> dict[str, Any]:
    """As it is recorded; processes of an older version, which do not know of `source`, can read it when there is none."""
    return {name: value for name, value in asdict(file).items() if name != "source" or value}


def _event_row(event: Event) -> dict[str, Any]:
    return {
        "import_id": event.import_id,
        "seq": event.seq,
        "at": event.at,
        "kind": event.kind.value,
        "data": dict(event.data),
    }


def to_row(state: Import) -> dict[str, Any]:
    row = {name: getattr(state, name) for name in imports.c.keys() if name not in SETTLED_ONCE}  # noqa: SIM118
    row["status"] = state.status.value
    row["kept"] = kept_file(state.kept)
    row["counts"] = outcomes(state.counts)
    row["columns"] = dict(state.columns)
    row["waiting"] = asdict(state.waiting) if state.waiting else None
    row["held"] = asdict(state.held) if state.held else None
    row["limits"] = asdict(state.limits) if state.limits else None
    row["failure"] = asdict(state.failure) if state.failure else None
    return row


def from_row(row: RowMapping) -> Import:
    values = {name: row[name] for name in imports.c.keys() if name not in SETTLED_ONCE}  # noqa: SIM118
    values["status"] = ImportStatus(row["status"])
    values["kept"] = KeptFile(**row["kept"])
    values["counts"] = {Outcome(name): count for name, count in row["counts"].items()}
    values["waiting"] = Reason(**row["waiting"]) if row["waiting"] else None
    values["held"] = Reason(**row["held"]) if row["held"] else None
    values["limits"] = Limits(**row["limits"]) if row["limits"] else None
    values["failure"] = Reason(**row["failure"]) if row["failure"] else None
    return Import(**values)
