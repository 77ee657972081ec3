"""Add printers, the hours of paper, every sheet that was sent to a printer, and the buses that children go home by.

Revision: 0031_add_sent_sheets; follows 0030_add_day_notes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0031_add_sent_sheets"
down_revision = "0030_add_day_notes"
branch_labels = None
depends_on = None

STATES = "state IN ('waiting', 'accepted', 'printed', 'failed', 'too_late', 'void')"


def _refers(table: str, column: str, to: str, **more: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"), **more)


def upgrade() -> None:
    op.create_table(
        "printer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("uri", sa.String(250), nullable=False),
        sa.Column("prints", sa.JSON(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=True),
        sa.Column("certificate", sa.String(64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        _refers("printer", "room_id", "room"),
        _refers("printer", "made_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printer")),
    )
    op.create_table(
        "paper_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("minutes_before", sa.Integer(), nullable=False),
        sa.Column("going_home_at", sa.Time(), nullable=False),
        sa.Column("kitchen_at", sa.Time(), nullable=False),
        sa.Column("contacts_at", sa.Time(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_paper_rules_only_one")),
        sa.CheckConstraint("minutes_before BETWEEN 5 AND 120", name=op.f("ck_paper_rules_minutes_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_rules")),
    )
    _sent_sheet()
    _buses()


def _sent_sheet() -> None:
    op.create_table(
        "sent_sheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("printer_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("bundle", sa.String(12), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("job_number", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(64), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(200), nullable=True),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(STATES, name=op.f("ck_sent_sheet_state_known")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_sent_sheet_attempts_not_negative")),
        sa.CheckConstraint(
            "state NOT IN ('accepted', 'printed') OR sent_at IS NOT NULL",
            name=op.f("ck_sent_sheet_sent_has_an_instant"),
        ),
        sa.CheckConstraint("due_at <= until_at", name=op.f("ck_sent_sheet_due_before_the_end")),
        _refers("sent_sheet", "printer_id", "printer"),
        _refers("sent_sheet", "session_id", "session"),
        _refers("sent_sheet", "asked_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_sheet")),
        sa.UniqueConstraint("key", name=op.f("uq_sent_sheet_key")),
    )
    op.create_index(op.f("ix_sent_sheet_day"), "sent_sheet", ["day"])
    op.create_index("ix_sent_sheet_state_next_try_at", "sent_sheet", ["state", "next_try_at"])


def _buses() -> None:
    op.create_table(
        "bus",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("leaves_at", sa.Time(), nullable=False),
        sa.Column("driver", sa.String(120), nullable=False),
        sa.Column("phone", sa.String(30), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bus")),
        sa.UniqueConstraint("name", name=op.f("uq_bus_name")),
    )
    op.create_table(
        "bus_seat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bus_id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        sa.Column("stop", sa.String(80), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "until_on IS NULL OR from_on <= until_on", name=op.f("ck_bus_seat_ends_after_start")
        ),
        _refers("bus_seat", "bus_id", "bus"),
        _refers("bus_seat", "pupil_id", "pupil", ondelete="CASCADE"),
        _refers("bus_seat", "set_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bus_seat")),
    )
    for name in ("bus_id", "pupil_id"):
        op.create_index(op.f(f"ix_bus_seat_{name}"), "bus_seat", [name])


def downgrade() -> None:
    for table in ("bus_seat", "bus", "sent_sheet", "paper_rules", "printer"):
        op.drop_table(table)
