"""What happens to card payments afterwards: a bank that has not said yes yet, disputes, kept cards, money worries.

Revision: 0021_add_card_care; follows 0020_add_tenders.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021_add_card_care"
down_revision = "0020_add_tenders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment", sa.Column("awaited_since", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "dispute",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("stripe_dispute_id", sa.String(120), nullable=False),
        sa.Column("amount_pence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(6), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_pence > 0", name=op.f("ck_dispute_amount_positive")),
        sa.CheckConstraint("state IN ('opened', 'won', 'lost')", name=op.f("ck_dispute_state_known")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_dispute_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("stripe_dispute_id", name=op.f("uq_dispute_stripe_dispute_id")),
    )
    op.create_index(op.f("ix_dispute_payment_id"), "dispute", ["payment_id"])
    op.create_table(
        "card_customer",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("stripe_customer_id", sa.String(120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forget_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_card_customer_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_card_customer")),
        sa.UniqueConstraint("stripe_customer_id", name=op.f("uq_card_customer_stripe_customer_id")),
    )
    op.create_table(
        "money_worry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("what", sa.String(200), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('difference', 'stuck', 'dispute', 'refund')", name=op.f("ck_money_worry_kind_known")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["family_account.id"], name=op.f("fk_money_worry_account_id_family_account")
        ),
        sa.ForeignKeyConstraint(
            ["seen_by_id"], ["user_account.id"], name=op.f("fk_money_worry_seen_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_worry")),
        sa.UniqueConstraint("key", name=op.f("uq_money_worry_key")),
    )
    op.create_index(op.f("ix_money_worry_account_id"), "money_worry", ["account_id"])


def downgrade() -> None:
    op.drop_table("money_worry")
    op.drop_table("card_customer")
    op.drop_table("dispute")
    op.drop_column("payment", "awaited_since")
