"""Add preference rounds: what families rank, a committed draw, and runs that a round gives out.

Revision: 0014_add_preference_rounds; follows 0013_add_school_changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014_add_preference_rounds"
down_revision = "0013_add_school_changes"
branch_labels = None
depends_on = None


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def upgrade() -> None:
    op.create_table(
        "preference_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("period_id", sa.Integer(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("confirm_hours", sa.Integer(), nullable=False),
        sa.Column("criteria", sa.JSON(), nullable=False),
        sa.Column("commitment", sa.String(64), nullable=False),
        sa.Column("open_seed", sa.String(64), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digest", sa.String(64), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("row_key", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_preference_round_opens_before_close")),
        sa.CheckConstraint("most BETWEEN 1 AND 5", name=op.f("ck_preference_round_most_in_bounds")),
        sa.CheckConstraint(
            "confirm_hours BETWEEN 1 AND 336", name=op.f("ck_preference_round_confirm_in_bounds")
        ),
        _refers("preference_round", "period_id", "period"),
        _refers("preference_round", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preference_round")),
        sa.UniqueConstraint("row_key", name=op.f("uq_preference_round_row_key")),
    )
    op.create_table(
        "round_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.JSON(), nullable=False),
        _refers("round_run", "round_id", "preference_round"),
        _refers("round_run", "run_id", "run"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_run")),
        sa.UniqueConstraint("run_id", name=op.f("uq_round_run_run_id")),
    )
    op.create_index(op.f("ix_round_run_round_id"), "round_run", ["round_id"])
    op.create_table(
        "preference",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("random_id", sa.String(16), nullable=False),
        sa.Column("ranks", sa.JSON(), nullable=False),
        sa.Column("got", sa.JSON(), nullable=True),
        sa.Column("row_key", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _refers("preference", "round_id", "preference_round"),
        _refers("preference", "account_id", "family_account"),
        _refers("preference", "pupil_id", "pupil"),
        _refers("preference", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preference")),
        sa.UniqueConstraint("round_id", "pupil_id", name=op.f("uq_preference_round_id_pupil_id")),
        sa.UniqueConstraint("random_id", name=op.f("uq_preference_random_id")),
        sa.UniqueConstraint("row_key", name=op.f("uq_preference_row_key")),
    )
    op.create_index(op.f("ix_preference_account_id"), "preference", ["account_id"])
    op.add_column("run", sa.Column("in_round", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("run") as batch:
        batch.drop_column("in_round")
    op.drop_table("preference")
    op.drop_table("round_run")
    op.drop_table("preference_round")
