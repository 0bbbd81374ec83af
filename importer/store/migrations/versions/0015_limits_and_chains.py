"""An import has safety limits and may be held; a run of a schedule may follow that of another one, once.

Revision ID: 0015
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("imports", sa.Column("limits", sa.JSON(), nullable=True))
    op.add_column("imports", sa.Column("held", sa.JSON(), nullable=True))
    op.add_column("schedules", sa.Column("since", sa.String(length=32), nullable=True))
    op.add_column("schedule_fires", sa.Column("follows_at", sa.String(length=32), nullable=True))
    op.create_index(
        "ix_schedule_fires_schedule_follows_at", "schedule_fires", ["schedule", "follows_at"], unique=True
    )
