"""create_app: the one place that knows every room."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flask import Flask, g
from flask_bootstrap import Bootstrap5
from flask_compress import Compress
from flask_login import current_user
from flask_security import Security, SQLAlchemyUserDatastore
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined
from sqlalchemy import select
from werkzeug.middleware.proxy_fix import ProxyFix

from booking.api import views as api_views
from booking.bookings import views as bookings_views
from booking.core.db import db, engine_options
from booking.core.logs import set_up_logs
from booking.core.settings import ROOT, Settings, read_settings
from booking.core.vault import use_keys
from booking.equity import views as equity_views
from booking.office import arrears_views, attendance_views, joining_views, privacy_views
from booking.office import views as office_views
from booking.payments import views as payments_views
from booking.people import views as people_views
from booking.people.models import Role, School, User
from booking.people.sign_in_browser import watch_sign_ins
from booking.registers import views as registers_views
from booking.web import views as web_views
from booking.web.addresses import DateConverter
from booking.web.audience import check_audiences
from booking.web.errors import handle_errors
from booking.web.filters import register_filters
from booking.web.navigation import menu_for
from booking.web.security import protect

MIGRATIONS = Path(__file__).parent / "migrations"
ROOMS = (
    web_views,
    api_views,
    people_views,
    bookings_views,
    payments_views,
    registers_views,
    equity_views,
    office_views,
    privacy_views,
    joining_views,
    arrears_views,
    attendance_views,
)
csrf = CSRFProtect()


def create_app(settings: Settings | None = None) -> Flask:
    """Build the app from the environment (or from given settings); raises `SettingsError` in one clear line."""
    settings = settings or read_settings()
    set_up_logs()
    app = Flask(
        "booking",
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        instance_path=str(settings.instance),
    )
    app.config.update(_flask_config(settings))
    app.extensions["booking_settings"] = settings
    app.jinja_env.undefined = StrictUndefined
    app.url_map.converters["date"] = DateConverter
    db.init_app(app)
    use_keys(settings.sealing_keys)
    Security(app, SQLAlchemyUserDatastore(db, User, Role), register_blueprint=False)
    csrf.init_app(app)
    csrf.exempt(payments_views.stripe_webhook)
    Bootstrap5(app)
    Compress(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    protect(app, settings)
    watch_sign_ins(app)
    handle_errors(app)
    register_filters(app)
    _register_rooms(app)
    _fill_templates(app)
    check_audiences(app)
    return app


def _flask_config(settings: Settings) -> dict[str, object]:
    """Flask's own settings and those of its extensions, in one place."""
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings.database_url),
        "SESSION_COOKIE_NAME": "__Host-session" if settings.is_https else "session",
        "SESSION_COOKIE_SECURE": settings.is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(days=30),
        "SESSION_REFRESH_EACH_REQUEST": False,
        "MAX_CONTENT_LENGTH": 21 * 1024 * 1024,
        "SEND_FILE_MAX_AGE_DEFAULT": 86400,
        "WTF_CSRF_TIME_LIMIT": 12 * 3600,
        "BOOTSTRAP_SERVE_LOCAL": True,
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SINGLE_HASH": ["argon2"],
        "SECURITY_PASSWORD_SALT": settings.secret_key,
        "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {
            "argon2__memory_cost": 19456,
            "argon2__time_cost": 2,
            "argon2__parallelism": 1,
        },
        "METRICS_TOKEN": settings.metrics_token,
        "MIGRATION_HEAD": max((path.stem for path in MIGRATIONS.glob("versions/0*.py")), default=""),
    }


def _register_rooms(app: Flask) -> None:
    """Open every room's pages."""
    for views in ROOMS:
        app.register_blueprint(views.blueprint)


def _fill_templates(app: Flask) -> None:
    """What every template may use: the menu, the nonce and the school."""

    @app.context_processor
    def shell() -> dict[str, object]:
        school = db.session.scalars(select(School)).first()
        menu = [link for link in menu_for(current_user) if link.endpoint in app.view_functions]
        return {
            "menu": menu,
            "csp_nonce": getattr(g, "csp_nonce", ""),
            "school_name": school.name if school else "Our school",
            "school_phone": school.phone if school else "",
        }
