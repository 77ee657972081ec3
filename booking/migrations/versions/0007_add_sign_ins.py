"""Add sign-ins, trusted devices, passkeys, code apps, recovery codes, one-time letters, tablets, PINs and day passes.

Revision: 0007_add_sign_ins; follows 0006_add_import_runs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007_add_sign_ins"
down_revision = "0006_add_import_runs"
branch_labels = None
depends_on = None
AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "code_app",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("confirmed_at", AT, nullable=True),
        sa.Column("last_counter", sa.BigInteger(), nullable=False),
        sa.Column("row_key", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_code_app_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_app")),
        sa.UniqueConstraint("row_key", name=op.f("uq_code_app_row_key")),
        sa.UniqueConstraint("user_id", name=op.f("uq_code_app_user_id")),
    )
    op.create_table(
        "day_pass",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("agency", sa.String(length=120), nullable=False),
        sa.Column("identity_seen", sa.String(length=120), nullable=False),
        sa.Column("vetting_seen", sa.String(length=120), nullable=False),
        sa.Column("seen_by_id", sa.Integer(), nullable=False),
        sa.Column("pin_hash", sa.String(length=255), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("ends_at", AT, nullable=False),
        sa.Column("ended_at", AT, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.CheckConstraint("created_at < ends_at", name=op.f("ck_day_pass_ends_after_start")),
        sa.CheckConstraint("tries >= 0 AND tries <= 5", name=op.f("ck_day_pass_at_most_five_tries")),
        sa.ForeignKeyConstraint(
            ["seen_by_id"], ["user_account.id"], name=op.f("fk_day_pass_seen_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_day_pass_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_pass")),
    )
    op.create_index(op.f("ix_day_pass_day"), "day_pass", ["day"], unique=False)
    op.create_index(op.f("ix_day_pass_user_id"), "day_pass", ["user_id"], unique=False)
    op.create_table(
        "passkey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.String(length=1400), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("user_handle", sa.String(length=88), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("last_used_at", AT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_passkey_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    op.create_index(op.f("ix_passkey_user_id"), "passkey", ["user_id"], unique=False)
    op.create_table(
        "passkey_challenge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("user_handle", sa.String(length=88), nullable=True),
        sa.Column("expires_at", AT, nullable=False),
        sa.CheckConstraint(
            "purpose IN ('sign_in', 'add', 'prove')", name=op.f("ck_passkey_challenge_purpose_known")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_passkey_challenge_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey_challenge")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_passkey_challenge_token_digest")),
    )
    op.create_index(
        op.f("ix_passkey_challenge_expires_at"), "passkey_challenge", ["expires_at"], unique=False
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("handle", sa.String(length=4), nullable=False),
        sa.Column("code_hash", sa.String(length=255), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("used_at", AT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_recovery_code_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("user_id", "handle", name=op.f("uq_recovery_code_user_id_handle")),
    )
    op.create_table(
        "register_device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("ended_at", AT, nullable=True),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_register_device_made_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_device")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_register_device_token_digest")),
    )
    op.create_table(
        "trusted_device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=80), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("ended_at", AT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_trusted_device_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trusted_device")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_trusted_device_token_digest")),
    )
    op.create_index(op.f("ix_trusted_device_user_id"), "trusted_device", ["user_id"], unique=False)
    op.create_table(
        "sign_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=8), nullable=False),
        sa.Column("how", sa.String(length=10), nullable=False),
        sa.Column("is_strong", sa.Boolean(), nullable=False),
        sa.Column("device", sa.String(length=80), nullable=False),
        sa.Column("tablet_id", sa.Integer(), nullable=True),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("last_seen_at", AT, nullable=False),
        sa.Column("proved_at", AT, nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("trusted_until", AT, nullable=True),
        sa.Column("ended_at", AT, nullable=True),
        sa.Column("ended_why", sa.String(length=20), nullable=True),
        sa.CheckConstraint(
            "how IN ('password', 'passkey', 'code', 'letter', 'recovery', 'link', 'pin')",
            name=op.f("ck_sign_in_how_known"),
        ),
        sa.CheckConstraint(
            "stage IN ('whole', 'code', 'letter', 'set_up')", name=op.f("ck_sign_in_stage_known")
        ),
        sa.CheckConstraint("created_at <= expires_at", name=op.f("ck_sign_in_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["tablet_id"], ["register_device.id"], name=op.f("fk_sign_in_tablet_id_register_device")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_sign_in_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_sign_in_token_digest")),
    )
    op.create_index(op.f("ix_sign_in_tablet_id"), "sign_in", ["tablet_id"], unique=False)
    op.create_index(op.f("ix_sign_in_user_id"), "sign_in", ["user_id"], unique=False)
    op.create_table(
        "staff_pin",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("pin_hash", sa.String(length=255), nullable=False),
        sa.Column("set_at", AT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.CheckConstraint("tries >= 0 AND tries <= 5", name=op.f("ck_staff_pin_at_most_five_tries")),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["register_device.id"],
            name=op.f("fk_staff_pin_device_id_register_device"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_staff_pin_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_pin")),
        sa.UniqueConstraint("device_id", "user_id", name=op.f("uq_staff_pin_device_id_user_id")),
    )
    op.create_index(op.f("ix_staff_pin_user_id"), "staff_pin", ["user_id"], unique=False)
    op.create_table(
        "day_pass_session",
        sa.Column("day_pass_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["day_pass_id"],
            ["day_pass.id"],
            name=op.f("fk_day_pass_session_day_pass_id_day_pass"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name=op.f("fk_day_pass_session_session_id_session")
        ),
        sa.PrimaryKeyConstraint("day_pass_id", "session_id", name=op.f("pk_day_pass_session")),
    )
    op.create_index(op.f("ix_day_pass_session_session_id"), "day_pass_session", ["session_id"], unique=False)
    op.create_table(
        "one_time_secret",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("sign_in_id", sa.Integer(), nullable=True),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("used_at", AT, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("row_key", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('new_device', 'reset', 'email')", name=op.f("ck_one_time_secret_purpose_known")
        ),
        sa.CheckConstraint("tries >= 0 AND tries <= 5", name=op.f("ck_one_time_secret_at_most_five_tries")),
        sa.ForeignKeyConstraint(
            ["sign_in_id"],
            ["sign_in.id"],
            name=op.f("fk_one_time_secret_sign_in_id_sign_in"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_one_time_secret_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_secret")),
        sa.UniqueConstraint("row_key", name=op.f("uq_one_time_secret_row_key")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_one_time_secret_token_digest")),
    )
    op.create_index(op.f("ix_one_time_secret_email"), "one_time_secret", ["email"], unique=False)
    op.create_index(op.f("ix_one_time_secret_sign_in_id"), "one_time_secret", ["sign_in_id"], unique=False)
    op.create_index(op.f("ix_one_time_secret_user_id"), "one_time_secret", ["user_id"], unique=False)
    op.create_index("ix_sign_in_attempt_address_at", "sign_in_attempt", ["address", "at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_sign_in_attempt_address_at", table_name="sign_in_attempt")
    op.drop_index(op.f("ix_one_time_secret_user_id"), table_name="one_time_secret")
    op.drop_index(op.f("ix_one_time_secret_sign_in_id"), table_name="one_time_secret")
    op.drop_index(op.f("ix_one_time_secret_email"), table_name="one_time_secret")
    op.drop_table("one_time_secret")
    op.drop_index(op.f("ix_day_pass_session_session_id"), table_name="day_pass_session")
    op.drop_table("day_pass_session")
    op.drop_index(op.f("ix_staff_pin_user_id"), table_name="staff_pin")
    op.drop_table("staff_pin")
    op.drop_index(op.f("ix_sign_in_user_id"), table_name="sign_in")
    op.drop_index(op.f("ix_sign_in_tablet_id"), table_name="sign_in")
    op.drop_table("sign_in")
    op.drop_index(op.f("ix_trusted_device_user_id"), table_name="trusted_device")
    op.drop_table("trusted_device")
    op.drop_table("register_device")
    op.drop_table("recovery_code")
    op.drop_index(op.f("ix_passkey_challenge_expires_at"), table_name="passkey_challenge")
    op.drop_table("passkey_challenge")
    op.drop_index(op.f("ix_passkey_user_id"), table_name="passkey")
    op.drop_table("passkey")
    op.drop_index(op.f("ix_day_pass_user_id"), table_name="day_pass")
    op.drop_index(op.f("ix_day_pass_day"), table_name="day_pass")
    op.drop_table("day_pass")
    op.drop_table("code_app")
