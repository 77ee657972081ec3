"""Add what families ask of the school in words, with the answer by a named person.

Revision: 0015_add_family_requests; follows 0014_add_preference_rounds.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015_add_family_requests"
down_revision = "0014_add_preference_rounds"
branch_labels = None
depends_on = None

REFERS = (
    ("account_id", "family_account"),
    ("pupil_id", "pupil"),
    ("user_id", "user_account"),
    ("basket_id", "basket"),
    ("answered_by_id", "user_account"),
)


def upgrade() -> None:
    op.create_table(
        "family_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("basket_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("row_key", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('support', 'wraparound')", name=op.f("ck_family_request_kind_known")),
        sa.CheckConstraint(
            "state IN ('asked', 'yes', 'no', 'withdrawn')", name=op.f("ck_family_request_state_known")
        ),
        sa.CheckConstraint(
            "state NOT IN ('yes', 'no') OR answered_by_id IS NOT NULL",
            name=op.f("ck_family_request_answered_by_a_person"),
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_family_request_{column}_{table}"))
            for column, table in REFERS
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_request")),
        sa.UniqueConstraint("row_key", name=op.f("uq_family_request_row_key")),
    )
    op.create_index(op.f("ix_family_request_account_id"), "family_request", ["account_id"])
    op.create_index(op.f("ix_family_request_pupil_id"), "family_request", ["pupil_id"])


def downgrade() -> None:
    op.drop_table("family_request")
