"""the ETag that coverage was read with"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column(
        "coverage",
        sa.Column("source_etag", sa.Text(), nullable=True),
        schema="integration_monitor",
    )


def downgrade() -> None:
    op.drop_column("coverage", "source_etag", schema="integration_monitor")
