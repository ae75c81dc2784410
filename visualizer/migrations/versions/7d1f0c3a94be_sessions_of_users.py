"""sessions of users

Revision ID: 7d1f0c3a94be
Revises: 2b7c41d09e5a
Create Date: 2026-11-23 15:30:00

"""
import sqlalchemy as sa
from alembic import op

revision = "7d1f0c3a94be"
down_revision = "2b7c41d09e5a"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "login_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("started", sa.DateTime(), nullable=False),
        sa.Column("seen", sa.DateTime(), nullable=False),
        sa.Column("browser", sa.String(length=60), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key_hash"),
    )
    op.create_index("ix_login_session_user_id", "login_session", ["user_id"])
    # Not by copying the table: files point at users, and would go with them.
    op.drop_column("user", "session_token")


def downgrade():
    op.add_column("user", sa.Column("session_token", sa.String(length=32), nullable=False, server_default=""))
    op.drop_index("ix_login_session_user_id", "login_session")
    op.drop_table("login_session")
