"""What processes share: steps, duties, the paces of shops, tokens."""

from sqlalchemy import JSON, Column, Float, Integer, String, Table, Text

from importer.store.tables.columns import Moment, metadata

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
