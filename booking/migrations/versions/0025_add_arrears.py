"""What families owe: the school's terms, notes, plans of instalments, late collection, and who said yes to money out.

Revision: 0025_add_arrears; follows 0024_add_bank_statements.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025_add_arrears"
down_revision = "0024_add_bank_statements"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "arrears_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=11), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("row_key", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "kind <> 'promise' OR until IS NOT NULL", name=op.f("ck_arrears_note_promise_has_a_day")
        ),
        sa.CheckConstraint(
            "kind IN ('contact', 'promise', 'hardship', 'let_through', 'reminder', 'plan_missed')",
            name=op.f("ck_arrears_note_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["family_account.id"], name=op.f("fk_arrears_note_account_id_family_account")
        ),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["user_account.id"], name=op.f("fk_arrears_note_ended_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_arrears_note_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_note")),
        sa.UniqueConstraint("key", name=op.f("uq_arrears_note_key")),
        sa.UniqueConstraint("row_key", name=op.f("uq_arrears_note_row_key")),
    )
    op.create_index("ix_arrears_note_account_id_kind", "arrears_note", ["account_id", "kind"], unique=False)
    op.create_table(
        "money_terms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("days_to_pay", sa.Integer(), nullable=False),
        sa.Column("reminder_days", sa.JSON(), nullable=False),
        sa.Column("second_yes_pence", sa.Integer(), nullable=False),
        sa.Column("late_pence", sa.Integer(), nullable=True),
        sa.Column("late_minutes", sa.Integer(), nullable=False),
        sa.Column("late_grace_minutes", sa.Integer(), nullable=False),
        sa.Column("late_cap_pence", sa.Integer(), nullable=False),
        sa.Column("late_from", sa.Time(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("days_to_pay BETWEEN 0 AND 90", name=op.f("ck_money_terms_days_known")),
        sa.CheckConstraint("late_cap_pence > 0", name=op.f("ck_money_terms_late_has_a_cap")),
        sa.CheckConstraint(
            "late_minutes > 0 AND late_grace_minutes >= 0", name=op.f("ck_money_terms_late_minutes_known")
        ),
        sa.CheckConstraint(
            "late_pence IS NULL OR late_pence > 0", name=op.f("ck_money_terms_late_costs_something")
        ),
        sa.CheckConstraint("second_yes_pence >= 0", name=op.f("ck_money_terms_limit_not_negative")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_money_terms_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_terms")),
        sa.UniqueConstraint("starts_on", name=op.f("uq_money_terms_starts_on")),
    )
    op.create_table(
        "payment_plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("row_key", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["family_account.id"], name=op.f("fk_payment_plan_account_id_family_account")
        ),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["user_account.id"], name=op.f("fk_payment_plan_ended_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_payment_plan_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_plan")),
        sa.UniqueConstraint("row_key", name=op.f("uq_payment_plan_row_key")),
    )
    op.create_index(op.f("ix_payment_plan_account_id"), "payment_plan", ["account_id"], unique=False)
    op.create_index(
        "uq_payment_plan_account_live",
        "payment_plan",
        ["account_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "plan_instalment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount_pence", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_pence > 0", name=op.f("ck_plan_instalment_amount_positive")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["payment_plan.id"], name=op.f("fk_plan_instalment_plan_id_payment_plan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_instalment")),
        sa.UniqueConstraint("plan_id", "due_on", name=op.f("uq_plan_instalment_plan_id_due_on")),
    )
    op.create_table(
        "late_charge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("free_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("out_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount_pence", sa.Integer(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_why", sa.String(length=9), nullable=True),
        sa.CheckConstraint(
            "ended_why IN ('corrected', 'waived')", name=op.f("ck_late_charge_ended_why_known")
        ),
        sa.CheckConstraint(
            "(ended_why IS NULL) = (ended_at IS NULL)", name=op.f("ck_late_charge_ended_with_a_reason")
        ),
        sa.CheckConstraint("amount_pence > 0", name=op.f("ck_late_charge_amount_positive")),
        sa.CheckConstraint("out_at > free_until", name=op.f("ck_late_charge_out_after_the_end")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["family_account.id"], name=op.f("fk_late_charge_account_id_family_account")
        ),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_late_charge_pupil_id_pupil")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name=op.f("fk_late_charge_session_id_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_charge")),
    )
    op.create_index(op.f("ix_late_charge_account_id"), "late_charge", ["account_id"], unique=False)
    op.create_index(op.f("ix_late_charge_session_id"), "late_charge", ["session_id"], unique=False)
    op.create_index(
        "uq_late_charge_pupil_date",
        "late_charge",
        ["pupil_id", "date"],
        unique=True,
        sqlite_where=sa.text("ended_why IS NULL OR ended_why <> 'corrected'"),
        postgresql_where=sa.text("ended_why IS NULL OR ended_why <> 'corrected'"),
    )
    op.create_table(
        "money_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=9), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("amount_pence", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("late_charge_id", sa.Integer(), nullable=True),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_key", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'waive') = (late_charge_id IS NOT NULL)",
            name=op.f("ck_money_decision_waive_has_a_charge"),
        ),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL)", name=op.f("ck_money_decision_decided_has_a_time")
        ),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> asked_by_id OR state = 'withdrawn'",
            name=op.f("ck_money_decision_decided_by_another"),
        ),
        sa.CheckConstraint(
            "kind <> 'write_off' OR state <> 'approved' OR decided_by_id IS NOT NULL",
            name=op.f("ck_money_decision_written_off_by_two"),
        ),
        sa.CheckConstraint(
            "kind = 'refund' OR payment_id IS NULL",
            name=op.f("ck_money_decision_only_refunds_name_a_payment"),
        ),
        sa.CheckConstraint(
            "kind IN ('refund', 'write_off', 'waive')", name=op.f("ck_money_decision_kind_known")
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'approved', 'refused', 'withdrawn')",
            name=op.f("ck_money_decision_state_known"),
        ),
        sa.CheckConstraint("amount_pence > 0", name=op.f("ck_money_decision_amount_positive")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["family_account.id"], name=op.f("fk_money_decision_account_id_family_account")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_money_decision_asked_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_money_decision_decided_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["late_charge_id"], ["late_charge.id"], name=op.f("fk_money_decision_late_charge_id_late_charge")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_money_decision_payment_id_payment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_decision")),
        sa.UniqueConstraint("key", name=op.f("uq_money_decision_key")),
        sa.UniqueConstraint("row_key", name=op.f("uq_money_decision_row_key")),
    )
    op.create_index(op.f("ix_money_decision_account_id"), "money_decision", ["account_id"], unique=False)
    op.create_index(op.f("ix_money_decision_state"), "money_decision", ["state"], unique=False)


def downgrade() -> None:
    for table in (
        "money_decision",
        "late_charge",
        "plan_instalment",
        "payment_plan",
        "money_terms",
        "arrears_note",
    ):
        op.drop_table(table)
