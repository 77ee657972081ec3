"""Medicine, accidents and notes: what may be given, each dose, accidents and near misses, what was added, who read it.

Revision: 0033_add_incidents; follows 0032_add_calls.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033_add_incidents"
down_revision = "0032_add_calls"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
FROZEN = {
    "incident": (
        "kind, pupil_id, session_id, happened_at, reported_at, reported_by_id, may_be_riddor, keep_until, row_key"
    ),
    "incident_addition": "incident_id, pupil_id, kind, at, user_id, row_key",
    "incident_reading": "incident_id, user_id, at",
    "medicine_given": (
        "pupil_id, session_id, medicine_id, given_at, recorded_at, given_by_id, undoes_id, keep_until, row_key"
    ),
}
REFUSAL = "what was reported is never changed: add to it"


def _key(table: str, column: str, to: str, **options: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"), **options)


def _sealed(table: str) -> tuple[sa.Column | sa.UniqueConstraint, ...]:
    return (
        sa.Column("row_key", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("row_key", name=op.f(f"uq_{table}_row_key")),
    )


def upgrade() -> None:
    _medicine()
    _medicine_given()
    _incident()
    _incident_parts()
    op.create_table(
        "child_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("for_family", sa.Boolean(), nullable=False),
        _key("child_note", "pupil_id", "pupil"),
        _key("child_note", "session_id", "session"),
        _key("child_note", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_child_note")),
        *_sealed("child_note"),
    )
    for column in ("pupil_id", "session_id", "at"):
        op.create_index(op.f(f"ix_child_note_{column}"), "child_note", [column])
    _freeze()


def _medicine() -> None:
    op.create_table(
        "medicine",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("said_by_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(6), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("agreed_at", AT, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("every_minutes", sa.Integer(), nullable=False),
        sa.Column("most_a_day", sa.Integer(), nullable=False),
        sa.Column("ended_at", AT, nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "source IN ('online', 'phone', 'paper', 'school')", name=op.f("ck_medicine_source_known")
        ),
        sa.CheckConstraint("every_minutes >= 0", name=op.f("ck_medicine_every_not_negative")),
        sa.CheckConstraint("most_a_day > 0", name=op.f("ck_medicine_most_positive")),
        sa.CheckConstraint(
            "ends_on IS NULL OR starts_on <= ends_on", name=op.f("ck_medicine_ends_after_start")
        ),
        _key("medicine", "pupil_id", "pupil"),
        *(_key("medicine", one, "user_account") for one in ("said_by_id", "recorded_by_id", "ended_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medicine")),
        *_sealed("medicine"),
    )
    op.create_index(op.f("ix_medicine_pupil_id"), "medicine", ["pupil_id"])


def _medicine_given() -> None:
    op.create_table(
        "medicine_given",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("medicine_id", sa.Integer(), nullable=False),
        sa.Column("given_at", AT, nullable=False),
        sa.Column("recorded_at", AT, nullable=False),
        sa.Column("given_by_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=True),
        sa.Column("second_at", AT, nullable=True),
        sa.Column("second_how", sa.String(3), nullable=True),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        sa.Column("keep_until", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "second_id IS NULL OR second_id <> given_by_id", name=op.f("ck_medicine_given_second_is_another")
        ),
        sa.CheckConstraint(
            "(second_id IS NULL) = (second_at IS NULL)", name=op.f("ck_medicine_given_second_has_a_time")
        ),
        sa.CheckConstraint(
            "second_how IS NULL OR second_how IN ('pin', 'own')", name=op.f("ck_medicine_given_second_how_known")
        ),
        sa.CheckConstraint(
            "given_at <= recorded_at", name=op.f("ck_medicine_given_given_before_recorded")
        ),
        _key("medicine_given", "pupil_id", "pupil"),
        _key("medicine_given", "session_id", "session"),
        _key("medicine_given", "medicine_id", "medicine"),
        _key("medicine_given", "given_by_id", "user_account"),
        _key("medicine_given", "second_id", "user_account"),
        _key("medicine_given", "undoes_id", "medicine_given"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medicine_given")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_medicine_given_undoes_id")),
        *_sealed("medicine_given"),
    )
    op.create_index("ix_medicine_given_pupil_id_given_at", "medicine_given", ["pupil_id", "given_at"])
    for column in ("session_id", "medicine_id"):
        op.create_index(op.f(f"ix_medicine_given_{column}"), "medicine_given", [column])


def _incident() -> None:
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(9), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=True),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("happened_at", AT, nullable=False),
        sa.Column("reported_at", AT, nullable=False),
        sa.Column("reported_by_id", sa.Integer(), nullable=False),
        sa.Column("may_be_riddor", sa.Boolean(), nullable=False),
        sa.Column("keep_until", sa.Date(), nullable=False),
        sa.CheckConstraint("kind IN ('accident', 'near_miss')", name=op.f("ck_incident_kind_known")),
        sa.CheckConstraint(
            "kind = 'near_miss' OR pupil_id IS NOT NULL", name=op.f("ck_incident_accident_has_a_child")
        ),
        sa.CheckConstraint(
            "happened_at <= reported_at", name=op.f("ck_incident_happened_before_reported")
        ),
        _key("incident", "pupil_id", "pupil"),
        _key("incident", "session_id", "session"),
        _key("incident", "reported_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        *_sealed("incident"),
    )
    op.create_index("ix_incident_kind_happened_at", "incident", ["kind", "happened_at"])
    for column in ("pupil_id", "session_id"):
        op.create_index(op.f(f"ix_incident_{column}"), "incident", [column])


def _incident_parts() -> None:
    op.create_table(
        "incident_addition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(11), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('correction', 'follow_up', 'office', 'riddor_told', 'riddor_not')",
            name=op.f("ck_incident_addition_kind_known"),
        ),
        _key("incident_addition", "incident_id", "incident", ondelete="CASCADE"),
        _key("incident_addition", "pupil_id", "pupil"),
        _key("incident_addition", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_addition")),
        *_sealed("incident_addition"),
    )
    for column in ("incident_id", "pupil_id"):
        op.create_index(op.f(f"ix_incident_addition_{column}"), "incident_addition", [column])
    op.create_table(
        "incident_reading",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", AT, nullable=False),
        _key("incident_reading", "incident_id", "incident", ondelete="CASCADE"),
        _key("incident_reading", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_reading")),
    )
    for column in ("incident_id", "user_id"):
        op.create_index(op.f(f"ix_incident_reading_{column}"), "incident_reading", [column])


def _freeze() -> None:
    """The second person of a dose is written once, into an empty field; sealed words may be sealed with a new key."""
    second = "medicine_given_second_once", "second_id, second_at, second_how", "medicine_given"
    guards = [(f"{table}_is_kept", columns, table, "") for table, columns in FROZEN.items()]
    guards.append((*second, "WHEN (OLD.second_id IS NOT NULL) "))
    if op.get_bind().dialect.name == "sqlite":
        for name, columns, table, when in guards:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE UPDATE OF {columns} ON {table} FOR EACH ROW {when}"
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION report_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    for name, columns, table, when in guards:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE UPDATE OF {columns} ON {table} "
            f"FOR EACH ROW {when}EXECUTE FUNCTION report_is_kept()"
        )


def downgrade() -> None:
    for table in (
        "child_note",
        "incident_reading",
        "incident_addition",
        "incident",
        "medicine_given",
        "medicine",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION report_is_kept()")
