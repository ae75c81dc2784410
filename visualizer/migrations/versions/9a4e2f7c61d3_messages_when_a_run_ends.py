"""messages when a run ends

Revision ID: 9a4e2f7c61d3
Revises: 5d30f6b1a2c8

"""
import sqlalchemy as sa
from alembic import op

revision = "9a4e2f7c61d3"
down_revision = "5d30f6b1a2c8"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("user") as user:
        user.add_column(sa.Column("message_way", sa.String(10), nullable=False, server_default=""))
        user.add_column(sa.Column("message_to", sa.String(500), nullable=False, server_default=""))
        user.add_column(sa.Column("message_problem", sa.String(300), nullable=False, server_default=""))
    with op.batch_alter_table("run") as run:
        run.add_column(sa.Column("messaged", sa.Boolean(), nullable=False, server_default=sa.false()))
        run.add_column(sa.Column("message_tries", sa.Integer(), nullable=False, server_default="0"))
        run.add_column(sa.Column("message_tried", sa.DateTime(), nullable=True))


def downgrade():
    with op.batch_alter_table("run") as run:
        for name in ("messaged", "message_tries", "message_tried"):
            run.drop_column(name)
    # Not by copying the table: files point at users, and would go with them.
    for name in ("message_way", "message_to", "message_problem"):
        op.drop_column("user", name)
