"""What a price is made of: rates and who has them, pots and whom they pay for, and the lines of a place's price.

Revision: 0023_add_prices; follows 0022_add_promises.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023_add_prices"
down_revision = "0022_add_promises"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(15), nullable=False),
        sa.Column("budget_pence", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('pupil_premium', 'hardship', 'breakfast_grant', 'other')",
            name=op.f("ck_pot_kind_known"),
        ),
        sa.CheckConstraint("budget_pence >= 0", name=op.f("ck_pot_budget_not_negative")),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_pot_ends_after_start")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pot")),
        sa.UniqueConstraint("name", name=op.f("uq_pot_name")),
    )
    op.create_table(
        "funding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pot_id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(11), nullable=False),
        sa.Column("entitlement", sa.String(20), nullable=True),
        sa.Column("pupil_id", sa.Integer(), nullable=True),
        sa.Column("code_digest", sa.String(64), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("pays", sa.String(7), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(rule = 'child') = (pupil_id IS NOT NULL)", name=op.f("ck_funding_rule_has_child")
        ),
        sa.CheckConstraint(
            "(rule = 'code') = (code_digest IS NOT NULL)", name=op.f("ck_funding_rule_has_code")
        ),
        sa.CheckConstraint(
            "(rule = 'entitlement') = (entitlement IS NOT NULL)", name=op.f("ck_funding_rule_has_entitlement")
        ),
        sa.CheckConstraint(
            "amount >= 0 AND (pays <> 'percent' OR amount <= 100)", name=op.f("ck_funding_amount_in_bounds")
        ),
        sa.CheckConstraint("pays IN ('all', 'percent', 'pence')", name=op.f("ck_funding_pays_known")),
        sa.CheckConstraint("rule = 'code' OR account_id IS NULL", name=op.f("ck_funding_account_by_code")),
        sa.CheckConstraint("rule IN ('entitlement', 'child', 'code')", name=op.f("ck_funding_rule_known")),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_funding_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["family_account.id"], name=op.f("fk_funding_account_id_family_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_funding_decided_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["pot_id"], ["pot.id"], name=op.f("fk_funding_pot_id_pot")),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_funding_pupil_id_pupil")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funding")),
    )
    op.create_index(op.f("ix_funding_account_id"), "funding", ["account_id"])
    op.create_index(op.f("ix_funding_pot_id"), "funding", ["pot_id"])
    op.create_index(op.f("ix_funding_pupil_id"), "funding", ["pupil_id"])
    op.create_index("uq_funding_code_digest", "funding", ["code_digest"], unique=True)
    op.create_table(
        "rate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("takes", sa.String(7), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("weekday", sa.Integer(), nullable=True),
        sa.Column("days_before", sa.Integer(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'early') = (days_before IS NOT NULL)", name=op.f("ck_rate_early_has_days")
        ),
        sa.CheckConstraint(
            "(kind = 'weekday') = (weekday IS NOT NULL)", name=op.f("ck_rate_weekday_has_a_day")
        ),
        sa.CheckConstraint(
            "amount >= 0 AND (takes <> 'percent' OR amount <= 100)", name=op.f("ck_rate_amount_in_bounds")
        ),
        sa.CheckConstraint(
            "kind IN ('sibling', 'staff', 'early', 'weekday', 'child')", name=op.f("ck_rate_kind_known")
        ),
        sa.CheckConstraint("takes IN ('percent', 'pence', 'fixed')", name=op.f("ck_rate_takes_known")),
        sa.CheckConstraint("activity_id IS NULL OR run_id IS NULL", name=op.f("ck_rate_one_scope")),
        sa.CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name=op.f("ck_rate_ends_after_start")),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_rate_activity_id_activity")),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_rate_made_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_rate_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate")),
    )
    op.create_table(
        "rate_holder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rate_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("pupil_id", sa.Integer(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(account_id IS NULL) <> (pupil_id IS NULL)", name=op.f("ck_rate_holder_account_or_child")
        ),
        sa.CheckConstraint(
            "ended_at IS NULL OR given_at <= ended_at", name=op.f("ck_rate_holder_ends_after_start")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["family_account.id"], name=op.f("fk_rate_holder_account_id_family_account")
        ),
        sa.ForeignKeyConstraint(
            ["given_by_id"], ["user_account.id"], name=op.f("fk_rate_holder_given_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_rate_holder_pupil_id_pupil")),
        sa.ForeignKeyConstraint(["rate_id"], ["rate.id"], name=op.f("fk_rate_holder_rate_id_rate")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_holder")),
    )
    op.create_index(op.f("ix_rate_holder_account_id"), "rate_holder", ["account_id"])
    op.create_index(op.f("ix_rate_holder_pupil_id"), "rate_holder", ["pupil_id"])
    op.create_index(op.f("ix_rate_holder_rate_id"), "rate_holder", ["rate_id"])
    op.create_table(
        "price_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("amount_pence", sa.Integer(), nullable=False),
        sa.Column("rate_id", sa.Integer(), nullable=True),
        sa.Column("pot_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'funding') = (pot_id IS NOT NULL)", name=op.f("ck_price_line_funding_has_a_pot")
        ),
        sa.CheckConstraint(
            "(kind IN ('full', 'block')) = (amount_pence > 0)",
            name=op.f("ck_price_line_full_above_off_below"),
        ),
        sa.CheckConstraint(
            "(kind IN ('full', 'block', 'funding')) = (rate_id IS NULL)",
            name=op.f("ck_price_line_discount_has_a_rate"),
        ),
        sa.CheckConstraint(
            "kind IN ('full', 'block', 'sibling', 'staff', 'early', 'weekday', 'child', 'funding')",
            name=op.f("ck_price_line_kind_known"),
        ),
        sa.CheckConstraint("amount_pence <> 0", name=op.f("ck_price_line_amount_not_nothing")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_price_line_place_id_place")),
        sa.ForeignKeyConstraint(["pot_id"], ["pot.id"], name=op.f("fk_price_line_pot_id_pot")),
        sa.ForeignKeyConstraint(["rate_id"], ["rate.id"], name=op.f("fk_price_line_rate_id_rate")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_line")),
        sa.UniqueConstraint("place_id", "kind", name=op.f("uq_price_line_place_id_kind")),
    )
    op.create_index(op.f("ix_price_line_pot_id"), "price_line", ["pot_id"])


def downgrade() -> None:

    op.drop_index(op.f("ix_price_line_pot_id"), table_name="price_line")
    op.drop_table("price_line")
    op.drop_index(op.f("ix_rate_holder_rate_id"), table_name="rate_holder")
    op.drop_index(op.f("ix_rate_holder_pupil_id"), table_name="rate_holder")
    op.drop_index(op.f("ix_rate_holder_account_id"), table_name="rate_holder")
    op.drop_table("rate_holder")
    op.drop_table("rate")
    op.drop_index("uq_funding_code_digest", table_name="funding")
    op.drop_index(op.f("ix_funding_pupil_id"), table_name="funding")
    op.drop_index(op.f("ix_funding_pot_id"), table_name="funding")
    op.drop_index(op.f("ix_funding_account_id"), table_name="funding")
    op.drop_table("funding")
    op.drop_table("pot")
