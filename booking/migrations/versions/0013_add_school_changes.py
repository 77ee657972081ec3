"""Add what the school changes after families have booked, and who has been told.

Revision: 0013_add_school_changes; follows 0012_add_booking_rules.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013_add_school_changes"
down_revision = "0012_add_booking_rules"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "school_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.CheckConstraint(
            "kind IN ('closure', 'called_off', 'cut', 'moved', 'left')",
            name=op.f("ck_school_change_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_school_change_user_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name=op.f("fk_school_change_session_id_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school_change")),
    )
    op.create_index(op.f("ix_school_change_date"), "school_change", ["date"])
    op.create_table(
        "change_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("fallback_place_id", sa.Integer(), nullable=True),
        sa.Column("credit_pence", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(9), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(6), nullable=True),
        sa.CheckConstraint(
            "answer IN ('read', 'stays', 'collected')", name=op.f("ck_change_notice_answer_known")
        ),
        sa.CheckConstraint(
            "channel IN ('online', 'phone', 'hatch')", name=op.f("ck_change_notice_channel_known")
        ),
        sa.CheckConstraint("credit_pence >= 0", name=op.f("ck_change_notice_credit_not_negative")),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_change_notice_{column}_{table}"))
            for column, table in (
                ("change_id", "school_change"),
                ("place_id", "place"),
                ("account_id", "family_account"),
                ("pupil_id", "pupil"),
                ("fallback_place_id", "place"),
                ("answered_by_id", "user_account"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_notice")),
        sa.UniqueConstraint("change_id", "place_id", name=op.f("uq_change_notice_change_id_place_id")),
    )
    op.create_index(op.f("ix_change_notice_account_id"), "change_notice", ["account_id"])


def downgrade() -> None:
    op.drop_table("change_notice")
    op.drop_table("school_change")
