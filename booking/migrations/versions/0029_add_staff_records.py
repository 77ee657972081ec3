"""Add staff records, certificates, the dated rota, staff's own marks, the staffing rule, and sellers' documents.

Revision: 0029_add_staff_records; follows 0028_add_release.
"""

import sqlalchemy as sa
from alembic import op

revision = "0029_add_staff_records"
down_revision = "0028_add_release"
branch_labels = None
depends_on = None


def _key(table: str, column: str, to: str, **options: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"), **options)


def _check(table: str, name: str, words: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(words, name=op.f(f"ck_{table}_{name}"))


def _id(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def upgrade() -> None:
    _records()
    _rota()
    _rules()
    op.create_table(
        "seller_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seller_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("reference", sa.String(200), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("good_until", sa.Date(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_by_id", sa.Integer(), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        _check(
            "seller_document",
            "kind_known",
            "kind IN ('dbs_assurance', 'insurance', 'safeguarding_policy', 'first_aid', 'agreement')",
        ),
        _check("seller_document", "ends_after_start", "from_on <= good_until"),
        _key("seller_document", "seller_id", "seller"),
        _key("seller_document", "seen_by_id", "user_account"),
        _id("seller_document"),
    )
    op.create_index(op.f("ix_seller_document_seller_id"), "seller_document", ["seller_id"])


def _records() -> None:
    op.create_table(
        "staff_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("seller_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("ratio_role", sa.String(10), nullable=False),
        sa.Column("counts_in_ratio", sa.Boolean(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("dbs_checked_on", sa.Date(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("is_agency", sa.Boolean(), nullable=False),
        _check(
            "staff_record",
            "ratio_role_known",
            "ratio_role IN ('leader', 'assistant', 'apprentice', 'student', 'volunteer')",
        ),
        _check("staff_record", "level_known", "level IN (0, 2, 3, 6)"),
        _check("staff_record", "ends_after_start", "ends_on IS NULL OR starts_on <= ends_on"),
        _key("staff_record", "user_id", "user_account"),
        _key("staff_record", "seller_id", "seller"),
        _id("staff_record"),
        sa.UniqueConstraint("user_id", name=op.f("uq_staff_record_user_id")),
    )
    op.create_index(op.f("ix_staff_record_seller_id"), "staff_record", ["seller_id"])
    op.create_table(
        "staff_certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_by_id", sa.Integer(), nullable=True),
        _check(
            "staff_certificate",
            "kind_known",
            "kind IN ('paediatric_first_aid', 'emergency_paediatric_first_aid', 'first_aid_at_work', "
            "'food_hygiene', 'safeguarding')",
        ),
        _key("staff_certificate", "staff_id", "staff_record"),
        _key("staff_certificate", "seen_by_id", "user_account"),
        _id("staff_certificate"),
        sa.UniqueConstraint(
            "staff_id", "kind", "expires_on", name=op.f("uq_staff_certificate_staff_id_kind_expires_on")
        ),
    )


def _rota() -> None:
    op.create_table(
        "rota_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("is_leader", sa.Boolean(), nullable=False),
        _check("rota_line", "ends_after_start", "to_on IS NULL OR from_on <= to_on"),
        _key("rota_line", "run_id", "run"),
        _key("rota_line", "staff_id", "staff_record"),
        _id("rota_line"),
        sa.UniqueConstraint("run_id", "staff_id", "from_on", name=op.f("uq_rota_line_run_id_staff_id_from_on")),
    )
    op.create_index(op.f("ix_rota_line_staff_id"), "rota_line", ["staff_id"])
    op.create_table(
        "rota_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("is_here", sa.Boolean(), nullable=False),
        sa.Column("is_leader", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        _key("rota_change", "session_id", "session"),
        _key("rota_change", "staff_id", "staff_record"),
        _key("rota_change", "user_id", "user_account"),
        _id("rota_change"),
        sa.UniqueConstraint("session_id", "staff_id", name=op.f("uq_rota_change_session_id_staff_id")),
    )
    op.create_index(op.f("ix_rota_change_staff_id"), "rota_change", ["staff_id"])
    op.create_table(
        "staff_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(6), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        _check("staff_mark", "what_known", "what IN ('in', 'out', 'undone')"),
        _check("staff_mark", "undone_names_a_mark", "(what = 'undone') = (undoes_id IS NOT NULL)"),
        _key("staff_mark", "staff_id", "staff_record"),
        _key("staff_mark", "user_id", "user_account"),
        _key("staff_mark", "undoes_id", "staff_mark"),
        _id("staff_mark"),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_staff_mark_undoes_id")),
    )
    op.create_index(op.f("ix_staff_mark_staff_id"), "staff_mark", ["staff_id"])
    op.create_index("ix_staff_mark_day_staff_id", "staff_mark", ["day", "staff_id"])


def _rules() -> None:
    op.create_table(
        "staffing_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("least_adults", sa.Integer(), nullable=False),
        sa.Column("least_first_aiders", sa.Integer(), nullable=False),
        sa.Column("first_aider_each_session", sa.Boolean(), nullable=False),
        sa.Column("limits_places", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.String(120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        _check("staffing_rule", "least_adults_in_reason", "least_adults BETWEEN 1 AND 10"),
        _check("staffing_rule", "first_aiders_in_reason", "least_first_aiders BETWEEN 1 AND 10"),
        _key("staffing_rule", "user_id", "user_account"),
        _id("staffing_rule"),
        sa.UniqueConstraint("from_on", name=op.f("uq_staffing_rule_from_on")),
    )
    op.create_table(
        "staffing_ratio",
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("year_group", sa.String(2), nullable=False),
        sa.Column("children_per_adult", sa.Integer(), nullable=False),
        _check(
            "staffing_ratio",
            "year_group_known",
            "year_group IN ('N1', 'N2', 'R', '1', '2', '3', '4', '5', '6')",
        ),
        _check("staffing_ratio", "ratio_in_reason", "children_per_adult BETWEEN 1 AND 40"),
        _key("staffing_ratio", "rule_id", "staffing_rule", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("rule_id", "year_group", name=op.f("pk_staffing_ratio")),
    )


def downgrade() -> None:
    for table in (
        "seller_document",
        "staffing_ratio",
        "staffing_rule",
        "staff_mark",
        "rota_change",
        "rota_line",
        "staff_certificate",
        "staff_record",
    ):
        op.drop_table(table)
