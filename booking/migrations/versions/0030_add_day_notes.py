"""Add what is so of a child on one day, the lists of absences, and the rule for the places of who is away.

Revision: 0030_add_day_notes; follows 0027_add_mark_events.
"""

import sqlalchemy as sa
from alembic import op

revision = "0030_add_day_notes"
down_revision = "0027_add_mark_events"
branch_labels = None
depends_on = None

SOURCES = "source IN ('pasted', 'file', 'nobody')"
KINDS = "kind IN ('away', 'leaves_early', 'not_coming', 'late', 'collected_by')"


def _refers(table: str, column: str, to: str, **more: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"), **more)


def upgrade() -> None:
    op.create_table(
        "absence_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("source", sa.String(6), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(SOURCES, name=op.f("ck_absence_list_source_known")),
        _refers("absence_list", "user_id", "user_account"),
        _refers("absence_list", "taken_back_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence_list")),
    )
    op.create_index(op.f("ix_absence_list_day"), "absence_list", ["day"])
    _day_note()
    with op.batch_alter_table("booking_rules") as batch:
        batch.add_column(sa.Column("absences_by", sa.Time(), nullable=False, server_default="14:30:00"))
        batch.add_column(sa.Column("away_frees_at", sa.Time(), nullable=True))
        batch.add_column(sa.Column("day_offer_minutes", sa.Integer(), nullable=False, server_default="60"))
    with op.batch_alter_table("booking_rules") as batch:
        for name in ("absences_by", "day_offer_minutes"):
            batch.alter_column(name, server_default=None)
        batch.create_check_constraint(
            op.f("ck_booking_rules_day_offer_has_an_end"), "day_offer_minutes BETWEEN 10 AND 240"
        )


def _day_note() -> None:
    op.create_table(
        "day_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column("at_time", sa.Time(), nullable=True),
        sa.Column("source", sa.String(6), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_by_id", sa.Integer(), nullable=True),
        sa.Column("entered_by_id", sa.Integer(), nullable=True),
        sa.Column("list_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("ended_by_list_id", sa.Integer(), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_by_id", sa.Integer(), nullable=True),
        sa.Column("row_key", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_day_note_kind_known")),
        sa.CheckConstraint("source IN ('office', 'parent')", name=op.f("ck_day_note_source_known")),
        sa.CheckConstraint(
            "kind <> 'leaves_early' OR at_time IS NOT NULL", name=op.f("ck_day_note_leaving_has_an_hour")
        ),
        sa.CheckConstraint(
            "kind NOT IN ('away', 'leaves_early') OR session_id IS NULL",
            name=op.f("ck_day_note_of_school_has_no_session"),
        ),
        _refers("day_note", "pupil_id", "pupil", ondelete="CASCADE"),
        _refers("day_note", "session_id", "session"),
        _refers("day_note", "told_by_id", "user_account"),
        _refers("day_note", "entered_by_id", "user_account"),
        _refers("day_note", "list_id", "absence_list"),
        _refers("day_note", "ended_by_id", "user_account"),
        _refers("day_note", "ended_by_list_id", "absence_list"),
        _refers("day_note", "cleared_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_note")),
        sa.UniqueConstraint("row_key", name=op.f("uq_day_note_row_key")),
    )
    op.create_index("ix_day_note_day_pupil_id", "day_note", ["day", "pupil_id"])
    for name in ("pupil_id", "session_id", "list_id", "ended_by_list_id"):
        op.create_index(op.f(f"ix_day_note_{name}"), "day_note", [name])


def downgrade() -> None:
    with op.batch_alter_table("booking_rules") as batch:
        batch.drop_constraint(op.f("ck_booking_rules_day_offer_has_an_end"), type_="check")
        for name in ("day_offer_minutes", "away_frees_at", "absences_by"):
            batch.drop_column(name)
    op.drop_table("day_note")
    op.drop_table("absence_list")
