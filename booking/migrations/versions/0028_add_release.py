"""Walk-ins: whether the school charges them, from a day on, and the places that were booked for them by that rule.

Revision: 0028_add_release; follows 0027_add_mark_events.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028_add_release"
down_revision = "0027_add_mark_events"
branch_labels = None
depends_on = None

IS_LIVING = "ended_at IS NULL"


def upgrade() -> None:
    with op.batch_alter_table("money_terms") as batch:
        batch.add_column(sa.Column("walk_ins_pay", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("money_terms") as batch:
        batch.alter_column("walk_ins_pay", server_default=None)
    op.create_table(
        "walk_in_place",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["pupil_id"], ["pupil.id"], name=op.f("fk_walk_in_place_pupil_id_pupil")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name=op.f("fk_walk_in_place_session_id_session")
        ),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_walk_in_place_place_id_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walk_in_place")),
        sa.UniqueConstraint("place_id", name=op.f("uq_walk_in_place_place_id")),
    )
    op.create_index(op.f("ix_walk_in_place_session_id"), "walk_in_place", ["session_id"])
    op.create_index(
        "uq_walk_in_place_living",
        "walk_in_place",
        ["pupil_id", "session_id"],
        unique=True,
        sqlite_where=sa.text(IS_LIVING),
        postgresql_where=sa.text(IS_LIVING),
    )


def downgrade() -> None:
    op.drop_table("walk_in_place")
    with op.batch_alter_table("money_terms") as batch:
        batch.drop_column("walk_ins_pay")
