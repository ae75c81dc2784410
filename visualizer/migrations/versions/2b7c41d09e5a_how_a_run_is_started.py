"""how a run is started: arguments, environment variables, graphics processors, gentle stop

Revision ID: 2b7c41d09e5a
Revises: 1056dacec1ad

"""
import sqlalchemy as sa
from alembic import op

revision = "2b7c41d09e5a"
down_revision = "1056dacec1ad"
branch_labels = None
depends_on = None

_COLUMNS = ("stop_gently", "arguments", "environment", "gpu_count", "gpus")


def upgrade():
    with op.batch_alter_table("run") as run:
        run.add_column(sa.Column("stop_gently", sa.Boolean(), nullable=False, server_default=sa.false()))
        run.add_column(sa.Column("arguments", sa.Text(), nullable=False, server_default=""))
        run.add_column(sa.Column("environment", sa.Text(), nullable=False, server_default=""))
        run.add_column(sa.Column("gpu_count", sa.Integer(), nullable=False, server_default="0"))
        run.add_column(sa.Column("gpus", sa.Text(), nullable=False, server_default=""))


def downgrade():
    with op.batch_alter_table("run") as run:
        for name in _COLUMNS:
            run.drop_column(name)
