"""Add the school's booking rules, families on waiting lists, blocks and needed consents; close the request log.

Revision: 0012_add_booking_rules; follows 0011_add_corrections.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012_add_booking_rules"
down_revision = "0011_add_corrections"
branch_labels = None
depends_on = None

REFUSAL = "the request log is only ever added to"


def upgrade() -> None:
    op.create_table(
        "booking_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("waiting_order", sa.String(14), nullable=False),
        sa.Column("offer_hours", sa.Integer(), nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=False),
        sa.Column("quiet_until", sa.Time(), nullable=False),
        sa.Column("list_ends_hours", sa.Integer(), nullable=False),
        sa.Column("most_skips", sa.Integer(), nullable=False),
        sa.Column("arrears_limit_pence", sa.Integer(), nullable=True),
        sa.Column("support_days", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_booking_rules_only_one")),
        sa.CheckConstraint(
            "waiting_order IN ('joined', 'siblings_first', 'nothing_first')",
            name=op.f("ck_booking_rules_order_known"),
        ),
        sa.CheckConstraint("offer_hours BETWEEN 1 AND 72", name=op.f("ck_booking_rules_offer_has_an_end")),
        sa.CheckConstraint(
            "list_ends_hours >= 0 AND most_skips >= 0", name=op.f("ck_booking_rules_not_negative")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_rules")),
    )
    with op.batch_alter_table("waiting_entry") as batch:
        batch.add_column(sa.Column("party", sa.String(12), nullable=True))
        batch.add_column(sa.Column("fits", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch.add_column(sa.Column("skipped", sa.Integer(), nullable=False, server_default="0"))
        batch.create_index("ix_waiting_entry_party", ["party"])
    with op.batch_alter_table("run") as batch:
        batch.add_column(sa.Column("sold_as", sa.String(7), nullable=False, server_default="session"))
        batch.add_column(sa.Column("block_pence", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("needs_consent", sa.String(30), nullable=True))
        batch.create_check_constraint("sold_as_known", "sold_as IN ('session', 'block', 'both')")
        batch.create_check_constraint(
            "block_has_a_price", "sold_as = 'session' OR (block_pence IS NOT NULL AND block_pence >= 0)"
        )
    with op.batch_alter_table("room") as batch:
        batch.add_column(sa.Column("minutes_away", sa.Integer(), nullable=False, server_default="0"))
        batch.create_check_constraint("not_far", "minutes_away BETWEEN 0 AND 120")
    _close_request_log()


def _close_request_log() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER request_fact_no_{act.lower()} BEFORE {act} ON request_fact "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION request_fact_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER request_fact_is_kept BEFORE UPDATE OR DELETE ON request_fact "
        "FOR EACH ROW EXECUTE FUNCTION request_fact_is_kept()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER request_fact_no_update")
        op.execute("DROP TRIGGER request_fact_no_delete")
    else:
        op.execute("DROP TRIGGER request_fact_is_kept ON request_fact")
        op.execute("DROP FUNCTION request_fact_is_kept()")
    with op.batch_alter_table("room") as batch:
        batch.drop_constraint(op.f("ck_room_not_far"), type_="check")
        batch.drop_column("minutes_away")
    with op.batch_alter_table("run") as batch:
        batch.drop_constraint(op.f("ck_run_block_has_a_price"), type_="check")
        batch.drop_constraint(op.f("ck_run_sold_as_known"), type_="check")
        for name in ("needs_consent", "block_pence", "sold_as"):
            batch.drop_column(name)
    with op.batch_alter_table("waiting_entry") as batch:
        batch.drop_index("ix_waiting_entry_party")
        for name in ("skipped", "fits", "party"):
            batch.drop_column(name)
    op.drop_table("booking_rules")
