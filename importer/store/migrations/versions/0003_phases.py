"""Batches belong to a phase and a scope, rows that did not succeed to a scope.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batches", sa.Column("phase", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("batches", sa.Column("scope", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("import_rows", sa.Column("scope", sa.String(length=64), nullable=False, server_default=""))
    op.create_index(op.f("ix_import_rows_import_id_key"), "import_rows", ["import_id", "key"])
