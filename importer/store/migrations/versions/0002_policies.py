"""an import may be checked before anything is sent, and end at so many wrong rows"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("imports") as table:
        table.add_column(sa.Column("check_first", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("max_errors", sa.Integer(), nullable=True))
