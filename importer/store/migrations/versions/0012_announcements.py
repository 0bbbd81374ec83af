"""Announcements of imports and schedules, the webhooks that get them, and the log of their deliveries.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("id", sa.String(length=48), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("shop", sa.String(length=64)),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.String(length=32), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("addressed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcements")),
    )
    op.create_index(op.f("ix_announcements_addressed_due_at"), "announcements", ["addressed", "due_at"])
    op.create_table(
        "deliveries",
        sa.Column("announcement_id", sa.String(length=48), nullable=False),
        sa.Column("receiver", sa.String(length=96), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["announcements.id"],
            name=op.f("fk_deliveries_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("announcement_id", "receiver", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_status_due_at"), "deliveries", ["status", "due_at"])
    op.create_index(
        op.f("ix_deliveries_receiver_announcement_id"), "deliveries", ["receiver", "announcement_id"]
    )
    op.create_table(
        "delivery_tries",
        sa.Column("announcement_id", sa.String(length=48), nullable=False),
        sa.Column("receiver", sa.String(length=96), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("ms", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id", "receiver"],
            ["deliveries.announcement_id", "deliveries.receiver"],
            name=op.f("fk_delivery_tries_announcement_id_receiver"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("announcement_id", "receiver", "number", name=op.f("pk_delivery_tries")),
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("shop", sa.String(length=64)),
        sa.Column("events", sa.JSON()),
        sa.Column("secret", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
