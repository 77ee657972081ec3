"""More ways to pay: Tax-Free Childcare and vouchers, parts of a basket, and the ledger accounts for all of money.

Revision: 0020_add_tenders; follows 0019_close_ledger.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020_add_tenders"
down_revision = "0019_close_ledger"
branch_labels = None
depends_on = None

OLD_KINDS = "kind IN ('family', 'income', 'card', 'cash', 'fees')"
KINDS = (
    "kind IN ('family', 'income', 'discount', 'card', 'cash', 'bank', 'tfc', 'voucher', 'pot', 'fees', "
    "'disputes', 'late', 'bad_debt', 'payout')"
)


def upgrade() -> None:
    op.create_table(
        "voucher_firm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("our_number", sa.String(40), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher_firm")),
        sa.UniqueConstraint("name", name=op.f("uq_voucher_firm_name")),
    )
    op.create_table(
        "child_reference",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_child_reference_pupil_id_pupil")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["family_account.id"], name=op.f("fk_child_reference_account_id_family_account")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_child_reference_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_child_reference")),
        sa.UniqueConstraint("reference", name=op.f("uq_child_reference_reference")),
        sa.UniqueConstraint("pupil_id", "account_id", name=op.f("uq_child_reference_pupil_id_account_id")),
    )
    op.create_index(op.f("ix_child_reference_account_id"), "child_reference", ["account_id"])
    with op.batch_alter_table("payment") as batch:
        batch.add_column(sa.Column("pupil_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("voucher_firm_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_payment_pupil_id_pupil"), "pupil", ["pupil_id"], ["id"])
        batch.create_foreign_key(
            op.f("fk_payment_voucher_firm_id_voucher_firm"), "voucher_firm", ["voucher_firm_id"], ["id"]
        )
        batch.create_index(op.f("ix_payment_pupil_id"), ["pupil_id"])
        batch.drop_constraint(op.f("ck_payment_tender_known"), type_="check")
        batch.drop_constraint(op.f("ck_payment_only_the_office_without_basket"), type_="check")
        batch.create_check_constraint(
            op.f("ck_payment_tender_known"), "tender IN ('card', 'credit', 'office', 'tfc', 'voucher')"
        )
        batch.create_check_constraint(
            op.f("ck_payment_credit_pays_a_basket"), "basket_id IS NOT NULL OR tender <> 'credit'"
        )
        batch.create_check_constraint(
            op.f("ck_payment_voucher_has_a_firm"), "(tender = 'voucher') = (voucher_firm_id IS NOT NULL)"
        )
    op.create_table(
        "payment_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("amount_pence", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_pence > 0", name=op.f("ck_payment_line_amount_positive")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_payment_line_payment_id_payment")
        ),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_payment_line_place_id_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_line")),
        sa.UniqueConstraint("payment_id", "place_id", name=op.f("uq_payment_line_payment_id_place_id")),
        sa.UniqueConstraint("payment_id", "position", name=op.f("uq_payment_line_payment_id_position")),
    )
    op.create_index(op.f("ix_payment_line_place_id"), "payment_line", ["place_id"])
    with op.batch_alter_table("ledger_account") as batch:
        batch.drop_constraint(op.f("ck_ledger_account_kind_known"), type_="check")
        batch.create_check_constraint(op.f("ck_ledger_account_kind_known"), KINDS)


def downgrade() -> None:
    with op.batch_alter_table("ledger_account") as batch:
        batch.drop_constraint(op.f("ck_ledger_account_kind_known"), type_="check")
        batch.create_check_constraint(op.f("ck_ledger_account_kind_known"), OLD_KINDS)
    op.drop_table("payment_line")
    with op.batch_alter_table("payment") as batch:
        for name in ("voucher_has_a_firm", "credit_pays_a_basket", "tender_known"):
            batch.drop_constraint(op.f(f"ck_payment_{name}"), type_="check")
        batch.create_check_constraint(op.f("ck_payment_tender_known"), "tender IN ('card', 'credit', 'office')")
        batch.create_check_constraint(
            op.f("ck_payment_only_the_office_without_basket"), "basket_id IS NOT NULL OR tender = 'office'"
        )
        batch.drop_index(op.f("ix_payment_pupil_id"))
        batch.drop_constraint(op.f("fk_payment_voucher_firm_id_voucher_firm"), type_="foreignkey")
        batch.drop_constraint(op.f("fk_payment_pupil_id_pupil"), type_="foreignkey")
        batch.drop_column("voucher_firm_id")
        batch.drop_column("pupil_id")
    op.drop_table("child_reference")
    op.drop_table("voucher_firm")
