"""Reads the environment once into one frozen value, and refuses what would be unsafe."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from booking.core.clock import parse_offset
from booking.core.errors import SettingsError

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_SECRET = "only-for-a-school-on-this-machine"  # noqa: S105  refused in production
DEFAULT_FIELD_KEY = "only-for-a-school-that-is-tried-out"
SHORTEST_SECRET = 32
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_NOTIFY_KEY = re.compile(rf".*{_UUID}-{_UUID}")


@dataclass(frozen=True)
class NotifyService:
    """How texts leave by GOV.UK Notify: the template with one placeholder, the sender's id, another address for tests."""

    template_id: str
    sender_id: str | None
    api_base: str | None


@dataclass(frozen=True)
class Settings:
    """Everything the product takes from outside; contract.md's table of the environment in types."""

    env: str
    secret_key: str
    database_url: str
    instance: Path
    redis_url: str | None
    stripe_secret_key: str | None
    stripe_webhook_secrets: tuple[str, ...]
    stripe_api_base: str | None
    mail_url: str | None
    notify: NotifyService | None
    notify_api_key: str | None = field(repr=False)
    school_timezone: str
    base_url: str
    trusted_proxies: int
    field_keys: tuple[str, ...] = field(repr=False, default=())
    clock_offset: str = "0"
    metrics_token: str | None = None
    debug: bool = False

    @property
    def is_production(self) -> bool:
        """True when real families use it, so that every unsafe default is refused."""
        return self.env == "production"

    @property
    def sealing_keys(self) -> tuple[str, ...]:
        """`FIELD_KEYS`; where a school is only tried out, the key that production refuses stands behind them."""
        return self.field_keys if self.is_production else (*self.field_keys, DEFAULT_FIELD_KEY)

    @property
    def sends_texts(self) -> bool:
        """True when a parent may ask for texts: by GOV.UK Notify, or as files where a school is only tried out."""
        return self.notify is not None or not self.is_production

    @property
    def is_https(self) -> bool:
        """True when the address that people type is https, which turns on `__Host-` cookies and HSTS."""
        return self.base_url.startswith("https://")

    @property
    def uses_double(self) -> bool:
        """True when payments go to the stand-in for Stripe on this machine: test money only."""
        return self.stripe_api_base is not None and _is_loopback(self.stripe_api_base)


def _is_loopback(url: str) -> bool:
    return (urlsplit(url).hostname or "") in {"localhost", "127.0.0.1", "::1"}


def _split(value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (value or "").split(",") if part.strip())


def read_settings(environ: Mapping[str, str] | None = None, *, instance: Path | None = None) -> Settings:
    """Read and check the environment; raises `SettingsError` with one line that names the variable."""
    env = os.environ if environ is None else environ
    folder = Path(env.get("BOOKING_INSTANCE") or instance or ROOT / "instance").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    port = env.get("PORT", "8000")
    settings = Settings(
        env=env.get("BOOKING_ENV", "development"),
        secret_key=env.get("SECRET_KEY", DEFAULT_SECRET),
        database_url=_database_url(env.get("DATABASE_URL"), folder),
        instance=folder,
        redis_url=env.get("REDIS_URL") or None,
        stripe_secret_key=env.get("STRIPE_SECRET_KEY") or None,
        stripe_webhook_secrets=_split(env.get("STRIPE_WEBHOOK_SECRET")),
        stripe_api_base=env.get("STRIPE_API_BASE") or None,
        mail_url=env.get("MAIL_URL") or None,
        notify=_notify(env.get("SMS_URL")),
        notify_api_key=env.get("NOTIFY_API_KEY") or None,
        school_timezone=env.get("SCHOOL_TIMEZONE", "Europe/London"),
        base_url=env.get("BASE_URL", f"http://localhost:{port}").rstrip("/"),
        trusted_proxies=_whole_number(env, "TRUSTED_PROXIES"),
        field_keys=_split(env.get("FIELD_KEYS")),
        clock_offset=env.get("BOOKING_CLOCK_OFFSET", "0") or "0",
        metrics_token=env.get("METRICS_TOKEN") or None,
        debug=env.get("FLASK_DEBUG", "0") not in {"", "0", "false"},
    )
    _check(settings)
    return settings


def _whole_number(env: Mapping[str, str], name: str) -> int:
    value = env.get(name, "0") or "0"
    if not value.isdigit():
        raise SettingsError(f"{name} is {value!r}; it must be a whole number of proxies, 0 or more.")
    return int(value)


def _database_url(url: str | None, folder: Path) -> str:
    if not url:
        return f"sqlite:///{folder / 'booking.db'}"
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingsError("DATABASE_URL must start with sqlite:/// or postgresql+psycopg://.")
    return url


def _notify(url: str | None) -> NotifyService | None:
    """`notify://TEMPLATE_ID`, with `?sender=ID` and for tests `&base=http://...`."""
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme != "notify" or not re.fullmatch(_UUID, parts.netloc):
        raise SettingsError(
            "SMS_URL must be notify:// and the id of a template, such as notify://1234abcd-..."
        )
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return NotifyService(parts.netloc, query.get("sender"), query.get("base"))


def _check(settings: Settings) -> None:
    """Refuse what can never work, and in production everything that is unsafe."""
    try:
        ZoneInfo(settings.school_timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(
            f"SCHOOL_TIMEZONE is {settings.school_timezone!r}, which is not a known zone."
        ) from error
    if settings.env not in {"development", "test", "production"}:
        raise SettingsError(f"BOOKING_ENV is {settings.env!r}; use development, test or production.")
    parse_offset(settings.clock_offset)
    if len(settings.secret_key) < SHORTEST_SECRET:
        raise SettingsError(f"SECRET_KEY must have at least {SHORTEST_SECRET} characters.")
    if any(len(key) < SHORTEST_SECRET for key in settings.field_keys):
        raise SettingsError(f"Each key of FIELD_KEYS must have at least {SHORTEST_SECRET} characters.")
    if settings.notify is not None and not _NOTIFY_KEY.fullmatch(settings.notify_api_key or ""):
        raise SettingsError(
            "SMS_URL is set, but NOTIFY_API_KEY is missing or does not look like a key of Notify."
        )
    if settings.is_production:
        for is_wrong, sentence in _production_rules(settings):
            if is_wrong:
                raise SettingsError(f"BOOKING_ENV=production refuses to start: {sentence}")


def _production_rules(settings: Settings) -> list[tuple[bool, str]]:
    return [
        (settings.secret_key == DEFAULT_SECRET, "SECRET_KEY is missing or the default."),
        (settings.debug, "FLASK_DEBUG is on."),
        (not settings.is_https, "BASE_URL must start with https://."),
        (settings.clock_offset != "0", "BOOKING_CLOCK_OFFSET is for tests only."),
        (settings.uses_double, "STRIPE_API_BASE points to the Stripe double."),
        (not settings.stripe_secret_key, "STRIPE_SECRET_KEY is missing."),
        ((settings.stripe_secret_key or "").startswith("sk_test_"), "STRIPE_SECRET_KEY is a test key."),
        (not settings.stripe_webhook_secrets, "STRIPE_WEBHOOK_SECRET is missing."),
        (not settings.field_keys, "FIELD_KEYS is missing."),
        (not settings.mail_url, "MAIL_URL is missing, so no message would leave the building."),
        (
            settings.notify is not None and settings.notify.api_base is not None,
            "SMS_URL has a base, for tests only.",
        ),
    ]
