"""one unfinished run of a script at a time

Revision ID: 5d30f6b1a2c8
Revises: 7d1f0c3a94be

"""
import sqlalchemy as sa
from alembic import op

revision = "5d30f6b1a2c8"
down_revision = "7d1f0c3a94be"
branch_labels = None
depends_on = None

_UNFINISHED = sa.text("state IN ('queued', 'running')")


def upgrade():
    op.create_index(
        "ix_run_unfinished", "run", ["file_id"], unique=True, sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED
    )


def downgrade():
    op.drop_index("ix_run_unfinished", "run")
