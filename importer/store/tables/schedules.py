"""Schedules, their runs, and the files that they took."""

from sqlalchemy import JSON, Boolean, Column, Index, String, Table, Text

from importer.store.tables.columns import Moment, metadata

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
    Column("since", Moment),  # it has had this rhythm since then: runs of others before that are not followed
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
    Column("follows_at", Moment),  # due time of the run of another schedule that this one follows
    Index(None, "schedule", "follows_at", unique=True),
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
