"""Add text messages: the outbox's channel, and since when a person wants texts.

Revision: 0016_add_text_messages; follows 0015_add_family_requests.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016_add_text_messages"
down_revision = "0015_add_family_requests"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user_account", sa.Column("texts_since", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("outbox_message") as batch:
        batch.add_column(sa.Column("channel", sa.String(5), nullable=False, server_default="email"))
        batch.create_check_constraint("channel_known", "channel IN ('email', 'text')")
        batch.create_check_constraint("text_has_a_reader", "channel = 'email' OR user_id IS NOT NULL")


def downgrade() -> None:
    op.execute("DELETE FROM outbox_message WHERE channel = 'text'")
    with op.batch_alter_table("outbox_message") as batch:
        batch.drop_constraint(op.f("ck_outbox_message_text_has_a_reader"), type_="check")
        batch.drop_constraint(op.f("ck_outbox_message_channel_known"), type_="check")
        batch.drop_column("channel")
    with op.batch_alter_table("user_account") as batch:
        batch.drop_column("texts_since")
