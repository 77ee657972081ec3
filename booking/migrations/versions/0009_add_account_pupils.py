"""Add accounts that nobody signs in to, and where parental responsibility is known from.

Revision: 0009_add_account_pupils; follows 0008_add_linking.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009_add_account_pupils"
down_revision = "0008_add_linking"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_pupil",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["family_account.id"],
            name=op.f("fk_account_pupil_account_id_family_account"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["pupil_id"], ["pupil.id"], name=op.f("fk_account_pupil_pupil_id_pupil"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "pupil_id", name=op.f("pk_account_pupil")),
    )
    op.create_index(op.f("ix_account_pupil_pupil_id"), "account_pupil", ["pupil_id"])
    op.add_column("guardianship", sa.Column("responsibility_source", sa.String(80), nullable=True))
    op.add_column("guardianship", sa.Column("responsibility_on", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("guardianship") as batch:
        batch.drop_column("responsibility_on")
        batch.drop_column("responsibility_source")
    op.drop_table("account_pupil")
