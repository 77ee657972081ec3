"""Money that came in by bank: files, their lines, and whose each line is; a payment may be undone.

Revision: 0024_add_bank_statements; follows 0023_add_prices.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024_add_bank_statements"
down_revision = "0023_add_prices"
branch_labels = None
depends_on = None

OLD_STATES = "state IN ('started', 'waiting', 'promised', 'paid', 'given_up', 'failed')"
STATES = "state IN ('started', 'waiting', 'promised', 'paid', 'given_up', 'failed', 'undone')"


def _foreign(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def upgrade() -> None:
    op.create_table(
        "bank_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("bank", sa.String(40), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("known_count", sa.Integer(), nullable=False),
        sa.Column("out_count", sa.Integer(), nullable=False),
        sa.Column("total_pence", sa.Integer(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("voucher_firm_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('csv', 'ofx', 'camt', 'remittance')", name=op.f("ck_bank_file_kind_known")
        ),
        sa.CheckConstraint(
            "(kind = 'remittance') = (voucher_firm_id IS NOT NULL)",
            name=op.f("ck_bank_file_remittance_has_a_firm"),
        ),
        _foreign("bank_file", "voucher_firm_id", "voucher_firm"),
        _foreign("bank_file", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_file")),
        sa.UniqueConstraint("digest", name=op.f("uq_bank_file_digest")),
    )
    op.create_table(
        "bank_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("amount_pence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("double_of_id", sa.Integer(), nullable=True),
        sa.Column("split_by_id", sa.Integer(), nullable=True),
        sa.Column("row_key", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'matched', 'split', 'set_aside')", name=op.f("ck_bank_line_state_known")
        ),
        sa.CheckConstraint("amount_pence > 0", name=op.f("ck_bank_line_amount_positive")),
        sa.CheckConstraint(
            "(state = 'split') = (split_by_id IS NOT NULL)",
            name=op.f("ck_bank_line_split_has_its_remittance"),
        ),
        _foreign("bank_line", "file_id", "bank_file"),
        _foreign("bank_line", "double_of_id", "bank_line"),
        _foreign("bank_line", "split_by_id", "bank_file"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_line")),
        sa.UniqueConstraint("digest", name=op.f("uq_bank_line_digest")),
        sa.UniqueConstraint("split_by_id", name=op.f("uq_bank_line_split_by_id")),
        sa.UniqueConstraint("row_key", name=op.f("uq_bank_line_row_key")),
    )
    op.create_index(op.f("ix_bank_line_file_id"), "bank_line", ["file_id"])
    op.create_index(op.f("ix_bank_line_state"), "bank_line", ["state"])
    op.create_index("ix_bank_line_on_amount_pence", "bank_line", ["on", "amount_pence"])
    op.create_table(
        "line_match",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=True),
        sa.Column("tender", sa.String(8), nullable=False),
        sa.Column("amount_pence", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("amount_pence > 0", name=op.f("ck_line_match_amount_positive")),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_line_match_score_is_of_hundred")),
        sa.CheckConstraint(
            "tender IN ('tfc', 'voucher', 'office')", name=op.f("ck_line_match_tender_known")
        ),
        _foreign("line_match", "line_id", "bank_line"),
        _foreign("line_match", "account_id", "family_account"),
        _foreign("line_match", "pupil_id", "pupil"),
        _foreign("line_match", "payment_id", "payment"),
        _foreign("line_match", "decided_by_id", "user_account"),
        _foreign("line_match", "undone_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_match")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_line_match_payment_id")),
    )
    op.create_index(op.f("ix_line_match_line_id"), "line_match", ["line_id"])
    op.create_index(op.f("ix_line_match_account_id"), "line_match", ["account_id"])
    _allow_states(STATES)


def downgrade() -> None:
    op.execute("UPDATE payment SET state = 'failed' WHERE state = 'undone'")
    _allow_states(OLD_STATES)
    for table in ("line_match", "bank_line", "bank_file"):
        op.drop_table(table)


def _allow_states(allowed: str) -> None:
    with op.batch_alter_table("payment") as batch:
        batch.drop_constraint(op.f("ck_payment_state_known"), type_="check")
        batch.create_check_constraint(op.f("ck_payment_state_known"), allowed)
