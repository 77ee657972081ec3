"""Add requests to erase a child's or an adult's data.

Revision: 0010_add_erasure; follows 0009_add_account_pupils.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010_add_erasure"
down_revision = "0009_add_account_pupils"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "erasure_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", AT, nullable=False),
        sa.Column("confirmed_by_id", sa.Integer(), nullable=True),
        sa.Column("done_at", AT, nullable=True),
        sa.CheckConstraint("(pupil_id IS NULL) <> (user_id IS NULL)", name=op.f("ck_erasure_request_about_one")),
        sa.CheckConstraint(
            "confirmed_by_id IS NULL OR confirmed_by_id <> asked_by_id",
            name=op.f("ck_erasure_request_confirmed_by_another"),
        ),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_erasure_request_pupil_id_pupil")),
        *(
            sa.ForeignKeyConstraint(
                [column], ["user_account.id"], name=op.f(f"fk_erasure_request_{column}_user_account")
            )
            for column in ("user_id", "asked_by_id", "confirmed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_request")),
    )
    op.create_index(op.f("ix_erasure_request_pupil_id"), "erasure_request", ["pupil_id"])
    op.create_index(op.f("ix_erasure_request_user_id"), "erasure_request", ["user_id"])


def downgrade() -> None:
    op.drop_table("erasure_request")
