"""The tables. Times are UTC, kept as ISO 8601 text so that both databases order and show them alike."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    },
)


class Moment(TypeDecorator[datetime]):
    """An aware moment, stored as UTC text with microseconds: sorts as time does."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return value.astimezone(UTC).isoformat(timespec="microseconds") if value is not None else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return datetime.fromisoformat(value) if value is not None else None


imports = Table(
    "imports",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("status", String(16), nullable=False, index=True),
    Column("shop", String(64), nullable=False),
    Column("mapping", String(128), nullable=False),
    Column("entity", String(64), nullable=False),
    Column("kept", JSON, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("patience", Float),
    Column("check_first", Boolean, nullable=False),
    Column("max_errors", Integer),
    Column("accepted_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("seq", Integer, nullable=False),
    Column("rows_total", Integer),
    Column("rows_read", Integer, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("batches", Integer, nullable=False),
    Column("open_batches", Integer, nullable=False),
    Column("read_whole", Boolean, nullable=False),
    Column("columns", JSON, nullable=False),
    Column("waiting", JSON),
    Column("waiting_since", Moment),
    Column("failure", JSON),
    Column("idempotency_key", String(255), unique=True),
    Column("request_hash", String(64), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("files_removed_at", Moment),
    Column("files_cleared", Boolean, nullable=False),  # what was removed is known to be gone
)

import_events = Table(
    "import_events",
    metadata,
    Column("import_id", ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("data", JSON, nullable=False),
)

import_rows = Table(
    "import_rows",
    metadata,
    Column("import_id", ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),  # a row may have several errors
    Column("line", Integer, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("code", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("fix", Text, nullable=False),
    Column("column", String(255)),
    Column("key", Text),
    Column("value", Text),
    Column("scope", String(64), nullable=False),
    Column("follow_up", Boolean, nullable=False),  # the row's first operation succeeded, a later one did not
    Index(None, "import_id", "key"),
)

earlier_rows = Table(  # reasons of rows that went again, by the attempt that ended with them
    "earlier_rows",
    metadata,
    Column("import_id", ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    *(
        Column(column.name, column.type, primary_key=column.primary_key, nullable=column.nullable)
        for column in import_rows.c
        if column.name != "import_id"
    ),
)

batches = Table(
    "batches",
    metadata,
    Column("id", String(96), primary_key=True),
    Column("import_id", ForeignKey("imports.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("parent", String(96)),
    Column("shop", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("operations", Integer, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("file", String(255), nullable=False),
    Column("phase", Integer, nullable=False),
    Column("scope", String(64), nullable=False),
    Column("follow_up", Boolean, nullable=False),  # its rows have had an operation before
    Column("bulk_uuid", String(64)),
    Column("sending_at", Moment),
    Column("sent_at", Moment),
    Column("lagging", Boolean, nullable=False),  # it stays open although the shop went on: its place is free
    Column("written", LargeBinary),  # fingerprints of the entities it writes, while it is in flight
    UniqueConstraint("import_id", "number"),
    Index(None, "shop", "status"),
    Index(None, "import_id", "status", "number"),
)

steps = Table(
    "steps",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("target", String(96), primary_key=True),
    Column("shop", String(64), nullable=False),
    Column("entity", String(64), nullable=False),
    Column("due_at", Float, nullable=False, index=True),  # seconds since 1970; also the end of a lease
    Column("attempt", Integer, nullable=False),
    Column("worker", String(64)),
    Column("crashes", Integer, nullable=False),  # defects in a row
    Column("lost", Integer, nullable=False),  # leases in a row that ran out: its worker died
    Column("told_at", Float, nullable=False),  # when its message is to arrive; 0: none is under way
    Column("dead_at", Float),  # set aside until a person gives it back
    Column("reason", Text),  # why it is dead
)

duties = Table(
    "duties",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("next_at", Float, nullable=False),  # seconds since 1970
)

paces = Table(
    "paces",
    metadata,
    Column("shop", String(64), primary_key=True),
    Column("in_flight", Float, nullable=False),
    Column("size", Integer, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("slowed_at", Moment),
    Column("closed_at", Moment),
    Column("closed_until", Moment),
    Column("failures", Integer, nullable=False),
    Column("reason", JSON, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("scope", String(16), nullable=False),
    Column("shops", Text),  # a JSON list of names; nothing: all shops
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("used_at", Moment),  # to the minute
)

schedules = Table(
    "schedules",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("rhythm", Text, nullable=False),  # the cron text and the time zone that `next_at` follows from
    Column("next_at", Moment, nullable=False),
    Column("fired_at", Moment),
    Column("succeeded_at", Moment),
    Column("import_id", String(32)),
    Column("alarm", JSON),
    Column("alarm_at", Moment),
)

schedule_fires = Table(
    "schedule_fires",
    metadata,
    Column("schedule", String(64), primary_key=True),
    Column("fire_at", Moment, primary_key=True),
    Column("status", String(16), nullable=False, index=True),
    Column("look_at", Moment, nullable=False),  # when it is gone on with; also the end of a lease
    Column("text", Text, nullable=False),
    Column("manual", Boolean, nullable=False),
    Column("seen", JSON, nullable=False),
    Column("left_out", JSON, nullable=False),
)

schedule_files = Table(  # what was taken, for ever: the same content never goes in twice
    "schedule_files",
    metadata,
    Column("schedule", String(80), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("fire_at", Moment, nullable=False),
    Column("name", Text, nullable=False),
    Column("mark", Text, nullable=False),
    Column("import_id", String(32), nullable=False),
    Column("taken_at", Moment, nullable=False),
    Column("put_away", Boolean, nullable=False),
    Column("paused_at", Moment),
    Index(None, "schedule", "fire_at"),
)

announcements = Table(  # the outbox: what the world outside is told
    "announcements",
    metadata,
    Column("id", String(48), primary_key=True),  # sorts by time
    Column("kind", String(32), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("shop", String(64)),
    Column("at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("data", JSON, nullable=False),
    Column("addressed", Boolean, nullable=False),  # it has its deliveries
    Index(None, "addressed", "due_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("announcement_id", ForeignKey("announcements.id", ondelete="CASCADE"), primary_key=True),
    Column("receiver", String(96), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),  # when it is tried; also the end of a lease
    Index(None, "status", "due_at"),
    Index(None, "receiver", "announcement_id"),
)

delivery_tries = Table(
    "delivery_tries",
    metadata,
    Column("announcement_id", String(48), primary_key=True),
    Column("receiver", String(96), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("status", Integer),  # what the receiver answered
    Column("ms", Integer, nullable=False),
    Column("error", Text, nullable=False),
    ForeignKeyConstraint(
        ["announcement_id", "receiver"],
        ["deliveries.announcement_id", "deliveries.receiver"],
        ondelete="CASCADE",
    ),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("url", Text, nullable=False),
    Column("shop", String(64)),
    Column("events", JSON(none_as_null=True)),
    Column("secret", String(128), nullable=False),  # signing needs it as it is
    Column("created_at", Moment, nullable=False),
)
