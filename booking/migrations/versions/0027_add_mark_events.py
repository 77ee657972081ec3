"""Marks are events with an id of their own; their words are sealed; days are closed, and corrected by two people.

Revision: 0027_add_mark_events; follows 0026_add_money_papers.
"""

import json
import uuid

import sqlalchemy as sa
from alembic import op

from booking.core.vault import open_sealed, seal

revision = "0027_add_mark_events"
down_revision = "0026_add_money_papers"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
REFUSAL = "a mark is never changed: note another that names it"
FACTS_REFUSAL = "the request log is only ever added to"
KEPT = (
    "uid, session_id, pupil_id, what, at, recorded_at, user_id, sent_by_id, source, device_id, browser, "
    "sequence, device_at, undoes_uid"
)
MARKS = (
    "'arrived', 'absent', 'collected', 'left_alone', 'to_activity', 'to_bus', 'walk_in', 'undone', 'settled'"
)
OLD_MARKS = "'arrived', 'absent', 'collected', 'left_alone', 'to_activity', 'walk_in', 'undone'"
OLD_FACTS = (
    "'asked', 'held', 'booked', 'offered', 'waiting', 'turned_away', 'expired', 'cancelled', 'attended', 'walk_in'"
)
FACTS = f"{OLD_FACTS}, 'no_show'"
PLAIN = sa.table(
    "mark",
    sa.column("id", sa.Integer()),
    sa.column("uid", sa.String()),
    sa.column("row_key", sa.String()),
    sa.column("sealed", sa.LargeBinary()),
    sa.column("detail", sa.String()),
    sa.column("undoes_id", sa.Integer()),
    sa.column("undoes_uid", sa.String()),
)


def upgrade() -> None:
    with op.batch_alter_table("mark") as batch:
        batch.add_column(sa.Column("uid", sa.String(36), nullable=True))
        batch.add_column(sa.Column("sent_by_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("source", sa.String(6), nullable=False, server_default="page"))
        batch.add_column(sa.Column("device_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("browser", sa.String(36), nullable=True))
        batch.add_column(sa.Column("sequence", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("device_at", AT, nullable=True))
        batch.add_column(sa.Column("undoes_uid", sa.String(36), nullable=True))
        batch.add_column(sa.Column("row_key", sa.String(32), nullable=True))
        batch.add_column(sa.Column("sealed", sa.LargeBinary(), nullable=True))
    _fill()
    with op.batch_alter_table("mark") as batch:
        batch.alter_column("source", existing_type=sa.String(6), server_default=None)
        for name, kind in (("uid", sa.String(36)), ("row_key", sa.String(32)), ("sealed", sa.LargeBinary())):
            batch.alter_column(name, existing_type=kind, nullable=False)
        batch.drop_constraint(op.f("ck_mark_undone_names_a_mark"), type_="check")
        batch.drop_constraint(op.f("ck_mark_what_known"), type_="check")
        batch.drop_constraint(op.f("fk_mark_undoes_id_mark"), type_="foreignkey")
        batch.drop_constraint(op.f("uq_mark_undoes_id"), type_="unique")
        batch.drop_column("undoes_id")
        batch.drop_column("detail")
        batch.create_check_constraint(op.f("ck_mark_what_known"), f"what IN ({MARKS})")
        batch.create_check_constraint(
            op.f("ck_mark_source_known"), "source IN ('page', 'tablet', 'paper', 'office')"
        )
        batch.create_check_constraint(
            op.f("ck_mark_undone_names_a_mark"),
            "(what IN ('undone', 'settled')) = (undoes_uid IS NOT NULL)",
        )
        batch.create_unique_constraint(op.f("uq_mark_uid"), ["uid"])
        batch.create_unique_constraint(op.f("uq_mark_row_key"), ["row_key"])
        batch.create_foreign_key(op.f("fk_mark_sent_by_id_user_account"), "user_account", ["sent_by_id"], ["id"])
        batch.create_foreign_key(op.f("fk_mark_device_id_register_device"), "register_device", ["device_id"], ["id"])
        batch.create_index(op.f("ix_mark_undoes_uid"), ["undoes_uid"])
    _keep_marks()
    _add_days()
    _allow_facts(FACTS)


def _fill() -> None:
    """Give each mark an id of its own, name undone marks by it, and seal the words."""
    connection = op.get_bind()
    rows = connection.execute(sa.select(PLAIN.c.id, PLAIN.c.detail, PLAIN.c.undoes_id)).all()
    uids = {row.id: str(uuid.uuid4()) for row in rows}
    values = []
    for row in rows:
        key = uuid.uuid4().hex
        said = json.dumps({"detail": row.detail} if row.detail else {}, ensure_ascii=False)
        values.append(
            {
                "of": row.id,
                "uid": uids[row.id],
                "row_key": key,
                "sealed": seal(said, table="mark", column="sealed", row_key=key),
                "undoes_uid": uids.get(row.undoes_id),
            }
        )
    if values:
        connection.execute(sa.update(PLAIN).where(PLAIN.c.id == sa.bindparam("of")), values)


def _keep_marks() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER mark_no_update BEFORE UPDATE OF {KEPT} ON mark "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION mark_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER mark_is_kept BEFORE UPDATE OF {KEPT} ON mark FOR EACH ROW EXECUTE FUNCTION mark_is_kept()"
    )


def _add_days() -> None:
    op.create_table(
        "closed_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("closed_at", AT, nullable=False),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("open_questions", sa.Integer(), nullable=False),
        sa.Column("no_shows", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["closed_by_id"], ["user_account.id"], name=op.f("fk_closed_day_closed_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_closed_day")),
    )
    op.create_table(
        "mark_correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(11), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("undoes_uid", sa.String(36), nullable=True),
        sa.Column("mark_uid", sa.String(36), nullable=False),
        sa.Column("state", sa.String(7), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", AT, nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", AT, nullable=True),
        sa.Column("row_key", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "state IN ('asked', 'made', 'refused')", name=op.f("ck_mark_correction_state_known")
        ),
        sa.CheckConstraint(f"what IN ({MARKS})", name=op.f("ck_mark_correction_what_known")),
        sa.CheckConstraint(
            "what <> 'undone' OR undoes_uid IS NOT NULL", name=op.f("ck_mark_correction_undone_names_a_mark")
        ),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> asked_by_id",
            name=op.f("ck_mark_correction_decided_by_another"),
        ),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL)", name=op.f("ck_mark_correction_decided_when_not_asked")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name=op.f("fk_mark_correction_session_id_session")
        ),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_mark_correction_pupil_id_pupil")),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_mark_correction_asked_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_mark_correction_decided_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mark_correction")),
        sa.UniqueConstraint("mark_uid", name=op.f("uq_mark_correction_mark_uid")),
        sa.UniqueConstraint("row_key", name=op.f("uq_mark_correction_row_key")),
    )
    op.create_index(op.f("ix_mark_correction_session_id"), "mark_correction", ["session_id"])
    op.create_index(op.f("ix_mark_correction_pupil_id"), "mark_correction", ["pupil_id"])


def _allow_facts(allowed: str) -> None:
    """Change what may stand in the request log; SQLite makes the table anew, so its guards are put up again."""
    with op.batch_alter_table("request_fact") as batch:
        batch.drop_constraint(op.f("ck_request_fact_what_known"), type_="check")
        batch.create_check_constraint(op.f("ck_request_fact_what_known"), f"what IN ({allowed})")
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER request_fact_no_{act.lower()} BEFORE {act} ON request_fact "
                f"BEGIN SELECT RAISE(ABORT, '{FACTS_REFUSAL}'); END"
            )


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        op.execute("DROP TRIGGER mark_no_update")
        for act in ("update", "delete"):
            op.execute(f"DROP TRIGGER request_fact_no_{act}")
    else:
        op.execute("DROP TRIGGER mark_is_kept ON mark")
        op.execute("DROP FUNCTION mark_is_kept()")
        op.execute("ALTER TABLE request_fact DISABLE TRIGGER request_fact_is_kept")
    op.execute("DELETE FROM request_fact WHERE what = 'no_show'")
    if not is_sqlite:
        op.execute("ALTER TABLE request_fact ENABLE TRIGGER request_fact_is_kept")
    _allow_facts(OLD_FACTS)
    op.drop_table("mark_correction")
    op.drop_table("closed_day")
    op.execute("DELETE FROM mark WHERE what = 'settled'")
    op.execute("DELETE FROM mark WHERE what = 'undone' AND undoes_uid NOT IN (SELECT uid FROM mark)")
    op.execute(
        "DELETE FROM mark WHERE what = 'undone' AND EXISTS (SELECT 1 FROM mark AS other "
        "WHERE other.what = 'undone' AND other.undoes_uid = mark.undoes_uid AND other.id < mark.id)"
    )
    op.execute("UPDATE mark SET what = 'left_alone' WHERE what = 'to_bus'")
    with op.batch_alter_table("mark") as batch:
        batch.add_column(sa.Column("detail", sa.String(160), nullable=True))
        batch.add_column(sa.Column("undoes_id", sa.Integer(), nullable=True))
    _open()
    with op.batch_alter_table("mark") as batch:
        batch.drop_index(op.f("ix_mark_undoes_uid"))
        for name in ("undone_names_a_mark", "what_known", "source_known"):
            batch.drop_constraint(op.f(f"ck_mark_{name}"), type_="check")
        for name in ("fk_mark_sent_by_id_user_account", "fk_mark_device_id_register_device"):
            batch.drop_constraint(op.f(name), type_="foreignkey")
        for name in ("uq_mark_uid", "uq_mark_row_key"):
            batch.drop_constraint(op.f(name), type_="unique")
        for name in KEPT.split(", "):
            if name in {"uid", "sent_by_id", "source", "device_id", "browser", "sequence", "device_at", "undoes_uid"}:
                batch.drop_column(name)
        batch.drop_column("row_key")
        batch.drop_column("sealed")
        batch.create_check_constraint(op.f("ck_mark_what_known"), f"what IN ({OLD_MARKS})")
        batch.create_check_constraint(
            op.f("ck_mark_undone_names_a_mark"), "(what = 'undone') = (undoes_id IS NOT NULL)"
        )
        batch.create_foreign_key(op.f("fk_mark_undoes_id_mark"), "mark", ["undoes_id"], ["id"])
        batch.create_unique_constraint(op.f("uq_mark_undoes_id"), ["undoes_id"])


def _open() -> None:
    """The way back: words in the open again, and undone marks named by their number."""
    connection = op.get_bind()
    read = sa.select(PLAIN.c.id, PLAIN.c.uid, PLAIN.c.row_key, PLAIN.c.sealed, PLAIN.c.undoes_uid)
    rows = connection.execute(read).all()
    ids = {row.uid: row.id for row in rows}
    values = []
    for row in rows:
        said = json.loads(open_sealed(row.sealed, table="mark", column="sealed", row_key=row.row_key))
        values.append({"of": row.id, "detail": said.get("detail"), "undoes_id": ids.get(row.undoes_uid)})
    if values:
        connection.execute(sa.update(PLAIN).where(PLAIN.c.id == sa.bindparam("of")), values)
