"""Custody: who was rung about a child, steps that were done, children passed from hand to hand, the school's own clock.

Revision: 0032_add_calls; follows 0031_add_sent_sheets.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032_add_calls"
down_revision = "0031_add_sent_sheets"
branch_labels = None
depends_on = None

ABOUT = "('not_here', 'nobody_came', 'nowhere', 'two_places', 'not_handed_over', 'release', 'other')"


def upgrade() -> None:
    op.create_table(
        "call_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column("about", sa.String(15), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("row_key", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(f"about IN {ABOUT}", name=op.f("ck_call_log_about_known")),
        sa.ForeignKeyConstraint(
            ["pupil_id"], ["pupil.id"], name=op.f("fk_call_log_pupil_id_pupil"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_call_log_session_id_session")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_call_log_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_log")),
        sa.UniqueConstraint("row_key", name=op.f("uq_call_log_row_key")),
    )
    op.create_index("ix_call_log_pupil_id_at", "call_log", ["pupil_id", "at"])
    op.create_index(op.f("ix_call_log_session_id"), "call_log", ["session_id"])
    _custody()


def _custody() -> None:
    op.create_table(
        "custody_act",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(15), nullable=False),
        sa.Column("what", sa.String(7), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("row_key", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(f"kind IN {ABOUT}", name=op.f("ck_custody_act_kind_known")),
        sa.CheckConstraint("what IN ('step', 'settled')", name=op.f("ck_custody_act_what_known")),
        sa.CheckConstraint(
            "(what = 'step') = (minutes IS NOT NULL)", name=op.f("ck_custody_act_step_has_minutes")
        ),
        sa.ForeignKeyConstraint(
            ["pupil_id"], ["pupil.id"], name=op.f("fk_custody_act_pupil_id_pupil"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name=op.f("fk_custody_act_session_id_session")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_custody_act_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_act")),
        sa.UniqueConstraint("row_key", name=op.f("uq_custody_act_row_key")),
    )
    op.create_index(op.f("ix_custody_act_pupil_id"), "custody_act", ["pupil_id"])
    op.create_index("ix_custody_act_session_id_pupil_id", "custody_act", ["session_id", "pupil_id"])
    op.create_table(
        "handover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=False),
        sa.Column("to_id", sa.Integer(), nullable=False),
        sa.Column("end_of", sa.String(8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("end_of IN ('sent', 'received')", name=op.f("ck_handover_end_known")),
        sa.CheckConstraint("from_id <> to_id", name=op.f("ck_handover_goes_somewhere_else")),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_handover_pupil_id_pupil")),
        sa.ForeignKeyConstraint(["from_id"], ["session.id"], name=op.f("fk_handover_from_id_session")),
        sa.ForeignKeyConstraint(["to_id"], ["session.id"], name=op.f("fk_handover_to_id_session")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_handover_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    op.create_index(op.f("ix_handover_pupil_id"), "handover", ["pupil_id"])
    op.create_index("ix_handover_from_id_pupil_id", "handover", ["from_id", "pupil_id"])
    op.create_index(op.f("ix_handover_to_id"), "handover", ["to_id"])
    op.create_table(
        "custody_terms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("not_here_minutes", sa.Integer(), nullable=False),
        sa.Column("way_minutes", sa.Integer(), nullable=False),
        sa.Column("collect_minutes", sa.Integer(), nullable=False),
        sa.Column("closes_at", sa.Time(), nullable=False),
        sa.Column("not_here_steps", sa.JSON(), nullable=False),
        sa.Column("nobody_came_steps", sa.JSON(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "not_here_minutes BETWEEN 0 AND 120", name=op.f("ck_custody_terms_not_here_known")
        ),
        sa.CheckConstraint("way_minutes BETWEEN 1 AND 60", name=op.f("ck_custody_terms_way_known")),
        sa.CheckConstraint("collect_minutes BETWEEN 0 AND 60", name=op.f("ck_custody_terms_collect_known")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_custody_terms_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_terms")),
        sa.UniqueConstraint("from_on", name=op.f("uq_custody_terms_from_on")),
    )


def downgrade() -> None:
    op.drop_table("custody_terms")
    op.drop_table("handover")
    op.drop_table("custody_act")
    op.drop_table("call_log")
