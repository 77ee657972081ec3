"""A wrong environment stops the start with one line that names what is wrong."""

from pathlib import Path

import pytest

from booking.core.errors import SettingsError
from booking.core.settings import DEFAULT_SECRET, NotifyService, read_settings

TEMPLATE = "f33517ff-2a88-4f6e-b855-c550268ce08a"
SAFE = {
    "BOOKING_ENV": "production",
    "SECRET_KEY": "s" * 40,
    "BASE_URL": "https://book.school.example",
    "STRIPE_SECRET_KEY": "sk_live_x",
    "STRIPE_WEBHOOK_SECRET": "whsec_x,whsec_y",
    "FIELD_KEYS": "k" * 44,
    "MAIL_URL": "smtps://mail.school.example",
    "SMS_URL": f"notify://{TEMPLATE}?sender=s-1",
    "NOTIFY_API_KEY": f"texts-{TEMPLATE}-{TEMPLATE}",
}


def test_a_safe_production_starts(tmp_path: Path) -> None:
    settings = read_settings(SAFE, instance=tmp_path)
    assert settings.is_production
    assert settings.stripe_webhook_secrets == ("whsec_x", "whsec_y")
    assert settings.notify == NotifyService(TEMPLATE, "s-1", None)
    assert settings.sends_texts
    assert f"texts-{TEMPLATE}" not in repr(settings)


def test_texts_are_optional_and_not_offered_in_production_without_a_service(tmp_path: Path) -> None:
    without = {name: value for name, value in SAFE.items() if name not in {"SMS_URL", "NOTIFY_API_KEY"}}
    assert not read_settings(without, instance=tmp_path).sends_texts
    assert read_settings({}, instance=tmp_path).sends_texts


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
        ("SMS_URL", "notify://x", "SMS_URL"),
        ("SMS_URL", f"https://{TEMPLATE}", "SMS_URL"),
        ("SMS_URL", f"{SAFE['SMS_URL']}&base=http://127.0.0.1:9", "SMS_URL has a base"),
        ("NOTIFY_API_KEY", "", "NOTIFY_API_KEY"),
        ("NOTIFY_API_KEY", "key", "NOTIFY_API_KEY"),
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
