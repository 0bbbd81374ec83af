"""Each shop has a pace; a batch in flight names the entities that it writes.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batches", sa.Column("written", sa.LargeBinary()))
    op.create_table(
        "paces",
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("in_flight", sa.Float(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("slowed_at", sa.String(length=32)),
        sa.Column("closed_at", sa.String(length=32)),
        sa.Column("closed_until", sa.String(length=32)),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("reason", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("shop", name=op.f("pk_paces")),
    )
