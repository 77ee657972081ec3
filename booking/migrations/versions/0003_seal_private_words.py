"""Seal care profiles and group facts; add restrictions, objections, and the log of who saw what.

Revision: 0003_seal_private_words; follows 0002_add_api_tokens.
"""

import json
import uuid

import sqlalchemy as sa
from alembic import op

from booking.core.vault import open_sealed, seal

revision = "0003_seal_private_words"
down_revision = "0002_add_api_tokens"
branch_labels = None
depends_on = None

CARE = {"allergies": sa.JSON(), "diet": sa.JSON(), "medical": sa.Text(), "support": sa.Text()}
FACT = {"kind": sa.String(20), "value": sa.String(20)}
PURPOSES = {"ethnicity": "monitoring", "language": "monitoring", "sex": "monitoring"}
AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _seal("care_profile", CARE)
    op.drop_index("ix_group_fact_kind_pupil_id", table_name="group_fact")
    _seal("group_fact", FACT)
    _add_log()
    op.create_table(
        "group_objection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", AT, nullable=False),
        sa.CheckConstraint(
            "withdrawn_on IS NULL OR received_on <= withdrawn_on",
            name=op.f("ck_group_objection_withdrawn_after"),
        ),
        sa.ForeignKeyConstraint(
            ["pupil_id"], ["pupil.id"], name=op.f("fk_group_objection_pupil_id_pupil"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_group_objection_recorded_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_objection")),
    )
    op.create_index(op.f("ix_group_objection_pupil_id"), "group_objection", ["pupil_id"])
    _add_restrictions()


def _seal(name: str, columns: dict[str, sa.types.TypeEngine]) -> None:
    """Add the sealed column, fill it from the plain ones, and take those away."""
    with op.batch_alter_table(name) as batch:
        batch.add_column(sa.Column("row_key", sa.String(32), nullable=True))
        batch.add_column(sa.Column("sealed", sa.LargeBinary(), nullable=True))
    table = sa.table(
        name,
        sa.column("id", sa.Integer()),
        sa.column("row_key", sa.String()),
        sa.column("sealed", sa.LargeBinary()),
        sa.column("purpose", sa.String()),
        *(sa.column(column, kind) for column, kind in columns.items()),
    )
    connection = op.get_bind()
    read = sa.select(table.c.id, *(table.c[column] for column in columns))
    for row in connection.execute(read).mappings().all():
        key = uuid.uuid4().hex
        said = json.dumps({column: row[column] for column in columns}, ensure_ascii=False, sort_keys=True)
        values = {"row_key": key, "sealed": seal(said, table=name, column="sealed", row_key=key)}
        if name == "group_fact":
            values["purpose"] = PURPOSES.get(row["kind"], "entitlement")
        connection.execute(sa.update(table).where(table.c.id == row["id"]).values(**values))
    with op.batch_alter_table(name) as batch:
        batch.alter_column("row_key", existing_type=sa.String(32), nullable=False)
        batch.alter_column("sealed", existing_type=sa.LargeBinary(), nullable=False)
        batch.create_unique_constraint(op.f(f"uq_{name}_row_key"), ["row_key"])
        for column in columns:
            batch.drop_column(column)


def _add_log() -> None:
    op.create_table(
        "access_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("act", sa.String(6), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("fields", sa.String(60), nullable=False),
        sa.Column("reason", sa.String(60), nullable=False),
        sa.CheckConstraint(
            "act IN ('view', 'print', 'export', 'change')", name=op.f("ck_access_entry_act_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_entry")),
    )
    for column in ("month", "user_id", "pupil_id"):
        op.create_index(op.f(f"ix_access_entry_{column}"), "access_entry", [column])
    op.create_table(
        "chain_seal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chain", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("sealed_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_seal")),
        sa.UniqueConstraint("chain", "number", name=op.f("uq_chain_seal_chain_number")),
    )
    op.create_table(
        "chain_dropped",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chain", sa.String(40), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("last_digest", sa.String(64), nullable=False),
        sa.Column("dropped_at", AT, nullable=False),
        sa.Column("dropped_by_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_dropped")),
        sa.UniqueConstraint("chain", name=op.f("uq_chain_dropped_chain")),
    )
    refusal = "the log of who saw what is only ever added to"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER access_entry_no_update BEFORE UPDATE ON access_entry "
            f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        )
        op.execute(
            f"CREATE TRIGGER access_entry_no_delete BEFORE DELETE ON access_entry "
            f"WHEN NOT EXISTS (SELECT 1 FROM chain_dropped WHERE chain = 'access ' || OLD.month) "
            f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        )
        return
    op.execute(
        f"""
        CREATE FUNCTION access_entry_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' AND EXISTS (
                SELECT 1 FROM chain_dropped WHERE chain = 'access ' || OLD.month
            ) THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION '{refusal}';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER access_entry_is_kept BEFORE UPDATE OR DELETE ON access_entry "
        "FOR EACH ROW EXECUTE FUNCTION access_entry_is_kept()"
    )


def _add_restrictions() -> None:
    users = ("adult_id", "evidence_seen_by_id", "asked_by_id", "confirmed_by_id", "lift_asked_by_id", "lifted_by_id")
    op.create_table(
        "restriction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("adult_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("evidence_seen_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", AT, nullable=False),
        sa.Column("confirmed_by_id", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", AT, nullable=True),
        sa.Column("lift_asked_by_id", sa.Integer(), nullable=True),
        sa.Column("lifted_by_id", sa.Integer(), nullable=True),
        sa.Column("lifted_at", AT, nullable=True),
        sa.Column("row_key", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('court_order', 'bail', 'safeguarding')", name=op.f("ck_restriction_kind_known")
        ),
        sa.CheckConstraint("starts_on <= review_on", name=op.f("ck_restriction_review_after_start")),
        sa.CheckConstraint(
            "confirmed_by_id IS NULL OR confirmed_by_id <> asked_by_id",
            name=op.f("ck_restriction_confirmed_by_another"),
        ),
        sa.CheckConstraint(
            "lifted_by_id IS NULL OR lifted_by_id <> lift_asked_by_id",
            name=op.f("ck_restriction_lifted_by_another"),
        ),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_restriction_pupil_id_pupil")),
        *(
            sa.ForeignKeyConstraint(
                [column], ["user_account.id"], name=op.f(f"fk_restriction_{column}_user_account")
            )
            for column in users
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restriction")),
        sa.UniqueConstraint("row_key", name=op.f("uq_restriction_row_key")),
    )
    op.create_index(op.f("ix_restriction_pupil_id"), "restriction", ["pupil_id"])
    op.create_index(op.f("ix_restriction_adult_id"), "restriction", ["adult_id"])


def downgrade() -> None:
    op.drop_table("restriction")
    op.drop_table("group_objection")
    op.drop_table("access_entry")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION access_entry_is_kept()")
    op.drop_table("chain_dropped")
    op.drop_table("chain_seal")
    _open("group_fact", FACT)
    op.create_index("ix_group_fact_kind_pupil_id", "group_fact", ["kind", "pupil_id"])
    _open("care_profile", CARE)


def _open(name: str, columns: dict[str, sa.types.TypeEngine]) -> None:
    """The way back: plain columns again, filled from the sealed one."""
    with op.batch_alter_table(name) as batch:
        for column, kind in columns.items():
            batch.add_column(sa.Column(column, kind, nullable=True))
    table = sa.table(
        name,
        sa.column("id", sa.Integer()),
        sa.column("row_key", sa.String()),
        sa.column("sealed", sa.LargeBinary()),
        *(sa.column(column, kind) for column, kind in columns.items()),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(table.c.id, table.c.row_key, table.c.sealed)).all():
        said = json.loads(open_sealed(row.sealed, table=name, column="sealed", row_key=row.row_key))
        connection.execute(sa.update(table).where(table.c.id == row.id).values(**said))
    with op.batch_alter_table(name) as batch:
        batch.drop_constraint(op.f(f"uq_{name}_row_key"), type_="unique")
        batch.drop_column("row_key")
        batch.drop_column("sealed")
