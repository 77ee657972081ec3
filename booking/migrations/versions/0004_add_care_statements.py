"""Add what each adult says of a child's care, the office's decisions, confirmations, and collection passwords.

Revision: 0004_add_care_statements; follows 0003_seal_private_words.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004_add_care_statements"
down_revision = "0003_seal_private_words"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
TABLES = ("care_statement", "care_decision", "care_confirmation", "collection_password")


def upgrade() -> None:
    _table(
        "care_statement",
        _user("said_by_id"),
        sa.Column("source", sa.String(6), nullable=False),
        _user("recorded_by_id"),
        sa.Column("at", AT, nullable=False),
        sa.CheckConstraint(
            "source IN ('online', 'phone', 'paper', 'school')", name=op.f("ck_care_statement_source_known")
        ),
        users=("said_by_id", "recorded_by_id"),
    )
    _table(
        "care_decision",
        _user("decided_by_id", nullable=False),
        sa.Column("at", AT, nullable=False),
        users=("decided_by_id",),
    )
    _table(
        "care_confirmation",
        _user("user_id"),
        sa.Column("at", AT, nullable=False),
        users=("user_id",),
        is_sealed=False,
    )
    _table(
        "collection_password",
        _user("given_by_id", nullable=False),
        sa.Column("changed_at", AT, nullable=False),
        sa.UniqueConstraint(
            "pupil_id", "given_by_id", name=op.f("uq_collection_password_pupil_id_given_by_id")
        ),
        users=("given_by_id",),
    )


def _user(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _table(name: str, *items: sa.schema.SchemaItem, users: tuple[str, ...], is_sealed: bool = True) -> None:
    """A table about one pupil, with its private part sealed unless it has none."""
    sealed = (
        sa.Column("row_key", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("row_key", name=op.f(f"uq_{name}_row_key")),
    )
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        *items,
        *(sealed if is_sealed else ()),
        sa.ForeignKeyConstraint(
            ["pupil_id"], ["pupil.id"], name=op.f(f"fk_{name}_pupil_id_pupil"), ondelete="CASCADE"
        ),
        *(
            sa.ForeignKeyConstraint([user], ["user_account.id"], name=op.f(f"fk_{name}_{user}_user_account"))
            for user in users
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_pupil_id"), name, ["pupil_id"])


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
