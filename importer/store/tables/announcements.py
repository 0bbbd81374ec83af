"""What is told to the world outside, and to whom."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from importer.store.tables.columns import Moment, metadata

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
