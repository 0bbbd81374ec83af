"""Tokens have a scope, may be limited to shops, may end, and know when they were used last.

A token that was there before may do what it could do: everything.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "tokens", sa.Column("scope", sa.String(length=16), nullable=False, server_default=sa.text("'admin'"))
    )
    op.add_column("tokens", sa.Column("shops", sa.Text(), nullable=True))
    op.add_column("tokens", sa.Column("expires_at", sa.String(length=32), nullable=True))
    op.add_column("tokens", sa.Column("used_at", sa.String(length=32), nullable=True))
