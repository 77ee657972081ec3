"""The database refuses to change or delete what was posted to the ledger.

Revision: 0019_close_ledger; follows 0018_add_early_access.
"""

from alembic import op

revision = "0019_close_ledger"
down_revision = "0018_add_early_access"
branch_labels = None
depends_on = None

TABLES = ("ledger_entry", "ledger_line")
REFUSAL = "the ledger is only ever added to: post an entry that reverses this one"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION ledger_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_is_kept BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION ledger_is_kept()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            op.execute(f"DROP TRIGGER {table}_no_update")
            op.execute(f"DROP TRIGGER {table}_no_delete")
        return
    for table in TABLES:
        op.execute(f"DROP TRIGGER {table}_is_kept ON {table}")
    op.execute("DROP FUNCTION ledger_is_kept()")
