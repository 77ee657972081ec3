"""Add the imports that were done, and what stood there before.

Revision: 0006_add_import_runs; follows 0005_add_retention.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006_add_import_runs"
down_revision = "0005_add_retention"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "import_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("file_name", sa.String(120), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("is_expected", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("phase", sa.String(10), nullable=False),
        sa.Column("problem", sa.String(200), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("same", sa.Integer(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("applied_at", AT, nullable=True),
        sa.Column("undone_at", AT, nullable=True),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('csv', 'ctf', 'roll_over')", name=op.f("ck_import_run_kind_known")),
        sa.CheckConstraint(
            "state IN ('waiting', 'applied', 'refused', 'undone')", name=op.f("ck_import_run_state_known")
        ),
        sa.CheckConstraint(
            "phase IN ('waiting', 'reading', 'writing', 'done')", name=op.f("ck_import_run_phase_known")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], ["user_account.id"], name=op.f(f"fk_import_run_{column}_user_account")
            )
            for column in ("user_id", "undone_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["job.id"], name=op.f("fk_import_run_job_id_job"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index(op.f("ix_import_run_made_at"), "import_run", ["made_at"])
    op.create_table(
        "import_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("table_name", sa.String(40), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(7), nullable=False),
        sa.Column("row_key", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "act IN ('added', 'changed', 'removed')", name=op.f("ck_import_change_act_known")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["import_run.id"], name=op.f("fk_import_change_run_id_import_run"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["pupil_id"], ["pupil.id"], name=op.f("fk_import_change_pupil_id_pupil"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_change")),
        sa.UniqueConstraint("row_key", name=op.f("uq_import_change_row_key")),
        sa.UniqueConstraint(
            "run_id", "table_name", "row_id", name=op.f("uq_import_change_run_id_table_name_row_id")
        ),
    )
    op.create_index(op.f("ix_import_change_pupil_id"), "import_change", ["pupil_id"])


def downgrade() -> None:
    op.drop_table("import_change")
    op.drop_table("import_run")
