"""Add early windows: a published rule, the runs that it is for, and the families that have a personal link.

Revision: 0018_add_early_access; follows 0017_add_newcomer_requests.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018_add_early_access"
down_revision = "0017_add_newcomer_requests"
branch_labels = None
depends_on = None


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def upgrade() -> None:
    op.create_table(
        "early_window",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("grounds", sa.JSON(), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_reason", sa.String(200), nullable=True),
        sa.CheckConstraint("share BETWEEN 1 AND 100", name=op.f("ck_early_window_share_in_bounds")),
        _refers("early_window", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_early_window")),
    )
    op.create_table(
        "early_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        _refers("early_run", "window_id", "early_window"),
        _refers("early_run", "run_id", "run"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_early_run")),
        sa.UniqueConstraint("window_id", "run_id", name=op.f("uq_early_run_window_id_run_id")),
    )
    op.create_index(op.f("ix_early_run_run_id"), "early_run", ["run_id"])
    op.create_table(
        "early_access",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_by_id", sa.Integer(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by_id", sa.Integer(), nullable=True),
        sa.Column("row_key", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "opened_at IS NULL OR sent_at <= opened_at", name=op.f("ck_early_access_opened_after_sent")
        ),
        _refers("early_access", "window_id", "early_window"),
        _refers("early_access", "account_id", "family_account"),
        _refers("early_access", "pupil_id", "pupil"),
        _refers("early_access", "opened_by_id", "user_account"),
        _refers("early_access", "withdrawn_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_early_access")),
        sa.UniqueConstraint(
            "window_id", "account_id", "pupil_id", name=op.f("uq_early_access_window_id_account_id_pupil_id")
        ),
        sa.UniqueConstraint("row_key", name=op.f("uq_early_access_row_key")),
    )
    for column in ("account_id", "pupil_id", "token_digest"):
        op.create_index(op.f(f"ix_early_access_{column}"), "early_access", [column])


def downgrade() -> None:
    op.drop_table("early_access")
    op.drop_table("early_run")
    op.drop_table("early_window")
