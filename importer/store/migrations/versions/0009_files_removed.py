"""Files of imports that ended long ago are removed; the import says since when.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("imports", sa.Column("files_removed_at", sa.String(32)))
    op.add_column(
        "imports", sa.Column("files_cleared", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
