"""Add what families without a child at the school ask for: care before or after school.

Revision: 0017_add_newcomer_requests; follows 0016_add_text_messages.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017_add_newcomer_requests"
down_revision = "0016_add_text_messages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "newcomer_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(11), nullable=False),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("email_digest", sa.String(64), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_by", sa.Date(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("row_key", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "state IN ('unconfirmed', 'asked', 'yes', 'no')", name=op.f("ck_newcomer_request_state_known")
        ),
        sa.CheckConstraint(
            "state = 'unconfirmed' OR (asked_at IS NOT NULL AND answer_by IS NOT NULL)",
            name=op.f("ck_newcomer_request_has_a_day"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('yes', 'no') OR (answered_by_id IS NOT NULL AND answered_at IS NOT NULL)",
            name=op.f("ck_newcomer_request_answered_by_a_person"),
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["user_account.id"], name=op.f("fk_newcomer_request_answered_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_newcomer_request")),
        sa.UniqueConstraint("row_key", name=op.f("uq_newcomer_request_row_key")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_newcomer_request_token_digest")),
    )
    op.create_index(op.f("ix_newcomer_request_email_digest"), "newcomer_request", ["email_digest"])


def downgrade() -> None:
    op.drop_table("newcomer_request")
