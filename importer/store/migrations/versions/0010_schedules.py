"""Schedules are due at a time, fire once, and remember the files that they took.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("rhythm", sa.Text(), nullable=False),
        sa.Column("next_at", sa.String(length=32), nullable=False),
        sa.Column("fired_at", sa.String(length=32)),
        sa.Column("succeeded_at", sa.String(length=32)),
        sa.Column("import_id", sa.String(length=32)),
        sa.Column("alarm", sa.JSON()),
        sa.Column("alarm_at", sa.String(length=32)),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_schedules")),
    )
    op.create_table(
        "schedule_fires",
        sa.Column("schedule", sa.String(length=64), nullable=False),
        sa.Column("fire_at", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("look_at", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("manual", sa.Boolean(), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("schedule", "fire_at", name=op.f("pk_schedule_fires")),
    )
    op.create_index(op.f("ix_schedule_fires_status"), "schedule_fires", ["status"])
    op.create_table(
        "schedule_files",
        sa.Column("schedule", sa.String(length=80), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("fire_at", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("import_id", sa.String(length=32), nullable=False),
        sa.Column("taken_at", sa.String(length=32), nullable=False),
        sa.Column("put_away", sa.Boolean(), nullable=False),
        sa.Column("paused_at", sa.String(length=32)),
        sa.PrimaryKeyConstraint("schedule", "sha256", name=op.f("pk_schedule_files")),
    )
    op.create_index(op.f("ix_schedule_files_schedule_fire_at"), "schedule_files", ["schedule", "fire_at"])
