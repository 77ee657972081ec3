"""Add requests to be linked to a child.

Revision: 0008_add_linking; follows 0007_add_sign_ins.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008_add_linking"
down_revision = "0007_add_sign_ins"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "link_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("token_digest", sa.String(64), nullable=True),
        sa.Column("state", sa.String(11), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("pupil_id", sa.Integer(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", AT, nullable=True),
        sa.Column("row_key", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "state IN ('unconfirmed', 'asked', 'linked', 'refused')", name=op.f("ck_link_request_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_link_request_user_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_link_request_decided_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_link_request_pupil_id_pupil")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_request")),
        sa.UniqueConstraint("row_key", name=op.f("uq_link_request_row_key")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_link_request_token_digest")),
    )
    op.create_index(op.f("ix_link_request_user_id"), "link_request", ["user_id"])


def downgrade() -> None:
    op.drop_table("link_request")
