"""Papers about money: who sells, VAT by activity and day, invoices, payouts, finance codes, the breakfast grant.

Revision: 0026_add_money_papers; follows 0025_add_arrears.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026_add_money_papers"
down_revision = "0025_add_arrears"
branch_labels = None
depends_on = None

FROZEN = ("invoice", "invoice_line")
REFUSAL = "an invoice is never changed: issue a credit note"


def upgrade() -> None:
    with op.batch_alter_table("seller") as batch:
        batch.add_column(sa.Column("registration_kind", sa.String(6), nullable=False, server_default="none"))
        batch.add_column(sa.Column("vat_number", sa.String(20), nullable=False, server_default=""))
        batch.add_column(sa.Column("account_code", sa.String(20), nullable=False, server_default=""))
        batch.add_column(sa.Column("fee_basis_points", sa.Integer(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE seller SET registration_kind = CASE WHEN is_school THEN 'urn' ELSE 'ofsted' END "
        "WHERE registration IS NOT NULL"
    )
    with op.batch_alter_table("seller") as batch:
        for name in ("registration_kind", "vat_number", "account_code", "fee_basis_points"):
            batch.alter_column(name, server_default=None)
        batch.create_check_constraint(
            op.f("ck_seller_registration_kind_known"), "registration_kind IN ('none', 'ofsted', 'urn')"
        )
        batch.create_check_constraint(
            op.f("ck_seller_fee_is_a_part"), "fee_basis_points BETWEEN 0 AND 10000"
        )
    op.create_table(
        "vat_treatment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("treatment", sa.String(12), nullable=False),
        sa.Column("rate_basis_points", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.String(120), nullable=False),
        sa.Column("evidence", sa.String(300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "treatment IN ('non_business', 'exempt', 'standard')", name=op.f("ck_vat_treatment_treatment_known")
        ),
        sa.CheckConstraint(
            "rate_basis_points BETWEEN 0 AND 10000", name=op.f("ck_vat_treatment_rate_is_a_part")
        ),
        sa.CheckConstraint(
            "(treatment = 'standard') = (rate_basis_points > 0)",
            name=op.f("ck_vat_treatment_standard_has_a_rate"),
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_vat_treatment_activity_id_activity")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_vat_treatment_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vat_treatment")),
        sa.UniqueConstraint("activity_id", "from_on", name=op.f("uq_vat_treatment_activity_id_from_on")),
    )
    op.create_table(
        "seller_payout",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seller_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("sold_pence", sa.Integer(), nullable=False),
        sa.Column("refunded_pence", sa.Integer(), nullable=False),
        sa.Column("carried_pence", sa.Integer(), nullable=False),
        sa.Column("fee_pence", sa.Integer(), nullable=False),
        sa.Column("amount_pence", sa.Integer(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("from_on <= to_on", name=op.f("ck_seller_payout_from_before_to")),
        sa.CheckConstraint("amount_pence > 0", name=op.f("ck_seller_payout_amount_positive")),
        sa.CheckConstraint("fee_pence >= 0", name=op.f("ck_seller_payout_fee_not_negative")),
        sa.CheckConstraint(
            "amount_pence = sold_pence - refunded_pence + carried_pence - fee_pence",
            name=op.f("ck_seller_payout_adds_up"),
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_seller_payout_seller_id_seller")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_seller_payout_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seller_payout")),
        sa.UniqueConstraint("seller_id", "to_on", name=op.f("uq_seller_payout_seller_id_to_on")),
    )
    op.create_table(
        "finance_code",
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_finance_code")),
    )
    op.create_table(
        "grant_rate",
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("day_pence", sa.Integer(), nullable=False),
        sa.Column("pupil_pence", sa.Integer(), nullable=False),
        sa.CheckConstraint("day_pence >= 0", name=op.f("ck_grant_rate_day_not_negative")),
        sa.CheckConstraint("pupil_pence >= 0", name=op.f("ck_grant_rate_pupil_not_negative")),
        sa.PrimaryKeyConstraint("from_on", name=op.f("pk_grant_rate")),
    )
    _invoices()


def _invoices() -> None:
    op.create_table(
        "invoice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seller_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(11), nullable=False),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("total_pence", sa.Integer(), nullable=False),
        sa.Column("vat_pence", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('invoice', 'credit_note')", name=op.f("ck_invoice_kind_known")),
        sa.CheckConstraint("number > 0", name=op.f("ck_invoice_number_positive")),
        sa.CheckConstraint("from_on <= to_on", name=op.f("ck_invoice_from_before_to")),
        sa.CheckConstraint(
            "(kind = 'credit_note') = (corrects_id IS NOT NULL)", name=op.f("ck_invoice_credit_note_corrects")
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_invoice_seller_id_seller")),
        sa.ForeignKeyConstraint(["corrects_id"], ["invoice.id"], name=op.f("fk_invoice_corrects_id_invoice")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["family_account.id"], name=op.f("fk_invoice_account_id_family_account")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_invoice_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("seller_id", "year", "number", name=op.f("uq_invoice_seller_id_year_number")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_invoice_corrects_id")),
    )
    op.create_index(op.f("ix_invoice_account_id"), "invoice", ["account_id"])
    op.create_table(
        "invoice_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=False),
        sa.Column("amount_pence", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_pence <> 0", name=op.f("ck_invoice_line_amount_not_nothing")),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_line_invoice_id_invoice")
        ),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_invoice_line_place_id_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_line")),
        sa.UniqueConstraint("invoice_id", "place_id", name=op.f("uq_invoice_line_invoice_id_place_id")),
    )
    op.create_index(op.f("ix_invoice_line_place_id"), "invoice_line", ["place_id"])
    _freeze()


def _freeze() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in FROZEN:
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION invoice_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    for table in FROZEN:
        op.execute(
            f"CREATE TRIGGER {table}_is_kept BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION invoice_is_kept()"
        )


def downgrade() -> None:
    op.drop_table("invoice_line")
    op.drop_table("invoice")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION invoice_is_kept()")
    op.drop_table("grant_rate")
    op.drop_table("finance_code")
    op.drop_table("seller_payout")
    op.drop_table("vat_treatment")
    with op.batch_alter_table("seller") as batch:
        batch.drop_constraint(op.f("ck_seller_fee_is_a_part"), type_="check")
        batch.drop_constraint(op.f("ck_seller_registration_kind_known"), type_="check")
        for name in ("fee_basis_points", "account_code", "vat_number", "registration_kind"):
            batch.drop_column(name)
