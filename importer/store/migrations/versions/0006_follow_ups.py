"""Rows may have a second operation, in a batch of a later phase.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("batches", "import_rows", "earlier_rows"):
        op.add_column(
            table, sa.Column("follow_up", sa.Boolean(), nullable=False, server_default=sa.text("false"))
        )
