"""A step that fails again and again is set aside; duties of the clock are done once, whoever does them.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    none = sa.text("0")
    op.add_column("steps", sa.Column("crashes", sa.Integer(), nullable=False, server_default=none))
    op.add_column("steps", sa.Column("lost", sa.Integer(), nullable=False, server_default=none))
    op.add_column("steps", sa.Column("told_at", sa.Float(), nullable=False, server_default=none))
    op.add_column("steps", sa.Column("dead_at", sa.Float()))
    op.add_column("steps", sa.Column("reason", sa.Text()))
    op.create_table(
        "duties",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("next_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_duties"),
    )
