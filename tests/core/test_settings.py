"""A wrong environment stops the start with one line that names what is wrong."""

from pathlib import Path

import pytest

from booking.core.errors import SettingsError
from booking.core.settings import DEFAULT_SECRET, read_settings

SAFE = {
    "BOOKING_ENV": "production",
    "SECRET_KEY": "s" * 40,
    "BASE_URL": "https://book.school.example",
    "STRIPE_SECRET_KEY": "sk_live_x",
    "STRIPE_WEBHOOK_SECRET": "whsec_x,whsec_y",
    "FIELD_KEYS": "k" * 44,
    "MAIL_URL": "smtps://mail.school.example",
}


def test_a_safe_production_starts(tmp_path: Path) -> None:
    settings = read_settings(SAFE, instance=tmp_path)
    assert settings.is_production
    assert settings.stripe_webhook_secrets == ("whsec_x", "whsec_y")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SECRET_KEY", DEFAULT_SECRET, "SECRET_KEY"),
        ("SECRET_KEY", "short", "SECRET_KEY"),
        ("FLASK_DEBUG", "1", "FLASK_DEBUG"),
        ("BASE_URL", "http://book.school.example", "BASE_URL"),
        ("BOOKING_CLOCK_OFFSET", "1d", "BOOKING_CLOCK_OFFSET"),
        ("STRIPE_API_BASE", "http://127.0.0.1:8001", "STRIPE_API_BASE"),
        ("STRIPE_SECRET_KEY", "", "STRIPE_SECRET_KEY"),
        ("STRIPE_SECRET_KEY", "sk_test_x", "STRIPE_SECRET_KEY"),
        ("STRIPE_WEBHOOK_SECRET", "", "STRIPE_WEBHOOK_SECRET"),
        ("FIELD_KEYS", "", "FIELD_KEYS"),
        ("MAIL_URL", "", "MAIL_URL"),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL"),
        ("SCHOOL_TIMEZONE", "Europe/Atlantis", "SCHOOL_TIMEZONE"),
        ("TRUSTED_PROXIES", "two", "TRUSTED_PROXIES"),
        ("BOOKING_ENV", "staging", "BOOKING_ENV"),
    ],
)
def test_each_unsafe_value_is_refused_by_name(tmp_path: Path, name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as refused:
        read_settings({**SAFE, name: value}, instance=tmp_path)
    assert "\n" not in str(refused.value)


def test_plain_postgresql_addresses_get_the_locked_driver(tmp_path: Path) -> None:
    settings = read_settings({"DATABASE_URL": "postgresql://u@h/d"}, instance=tmp_path)
    assert settings.database_url == "postgresql+psycopg://u@h/d"
