"""A batch of which something stays open although the shop went on keeps no place.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "batches", sa.Column("lagging", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
