"""Promises of a shared basket that wait for its card payment, where childcare schemes may be used, and the rule for money that comes short.

Revision: 0022_add_promises; follows 0021_add_card_care.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022_add_promises"
down_revision = "0021_add_card_care"
branch_labels = None
depends_on = None

STATES = "state IN ('started', 'waiting', 'promised', 'paid', 'given_up', 'failed')"
OLD_STATES = "state IN ('started', 'promised', 'paid', 'given_up', 'failed')"


def upgrade() -> None:
    op.create_table(
        "childcare_approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seller_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=True),
        sa.Column("takes_tfc", sa.Boolean(), nullable=False),
        sa.Column("takes_vouchers", sa.Boolean(), nullable=False),
        sa.Column("takes_universal_credit", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.String(200), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "ends_on IS NULL OR starts_on <= ends_on", name=op.f("ck_childcare_approval_ends_after_start")
        ),
        sa.CheckConstraint("evidence <> ''", name=op.f("ck_childcare_approval_has_evidence")),
        sa.CheckConstraint(
            "takes_tfc OR takes_vouchers OR takes_universal_credit",
            name=op.f("ck_childcare_approval_takes_something"),
        ),
        sa.ForeignKeyConstraint(
            ["seller_id"], ["seller.id"], name=op.f("fk_childcare_approval_seller_id_seller")
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_childcare_approval_activity_id_activity")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_childcare_approval_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_childcare_approval")),
    )
    op.create_index(op.f("ix_childcare_approval_seller_id"), "childcare_approval", ["seller_id"])
    with op.batch_alter_table("payment") as batch:
        batch.add_column(sa.Column("waits_for_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_payment_waits_for_id_payment"), "payment", ["waits_for_id"], ["id"])
        batch.create_index(op.f("ix_payment_waits_for_id"), ["waits_for_id"])
        batch.drop_constraint(op.f("ck_payment_state_known"), type_="check")
        batch.create_check_constraint(op.f("ck_payment_state_known"), STATES)
        batch.create_check_constraint(
            op.f("ck_payment_waits_for_a_payment"), "state <> 'waiting' OR waits_for_id IS NOT NULL"
        )
    op.add_column("booking_rules", sa.Column("unpaid_days", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("booking_rules", "unpaid_days")
    op.execute("UPDATE payment SET state = 'given_up' WHERE state = 'waiting'")
    with op.batch_alter_table("payment") as batch:
        batch.drop_constraint(op.f("ck_payment_waits_for_a_payment"), type_="check")
        batch.drop_constraint(op.f("ck_payment_state_known"), type_="check")
        batch.create_check_constraint(op.f("ck_payment_state_known"), OLD_STATES)
        batch.drop_index(op.f("ix_payment_waits_for_id"))
        batch.drop_constraint(op.f("fk_payment_waits_for_id_payment"), type_="foreignkey")
        batch.drop_column("waits_for_id")
    op.drop_table("childcare_approval")
