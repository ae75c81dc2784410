"""runs that go on with what the last one saved

Revision ID: e3a95c1d7b40
Revises: 9a4e2f7c61d3

"""
import sqlalchemy as sa
from alembic import op

revision = "e3a95c1d7b40"
down_revision = "9a4e2f7c61d3"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("run", sa.Column("continued_after", sa.Integer(), nullable=True))


def downgrade():
    op.drop_column("run", "continued_after")
