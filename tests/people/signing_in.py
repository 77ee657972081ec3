"""Steps that the tests of signing in share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.core.outbox import OutboxMessage
from booking.people import code_apps
from booking.people.models import User
from booking.people.sign_in_models import CodeApp, OneTimeSecret, SignIn
from tests.browser import Browser, Page
from tests.builders import PASSWORD


def enter(browser: Browser, user: User, password: str = PASSWORD, **more: Any) -> Page:
    """Type e-mail and password."""
    return browser.post("people.sign_in", {"email": user.email, "password": password, **more})


def last_secret(purpose: str) -> str:
    """What the newest letter of a purpose tells."""
    row = db.session.scalars(
        select(OneTimeSecret).where(OneTimeSecret.purpose == purpose).order_by(OneTimeSecret.id.desc())
    ).first()
    assert row is not None
    secret = row.secret
    db.session.rollback()
    return secret


def letters(template: str) -> list[OutboxMessage]:
    """Letters of a template in the outbox, oldest first."""
    found = list(
        db.session.scalars(
            select(OutboxMessage).where(OutboxMessage.template == template).order_by(OutboxMessage.id)
        )
    )
    db.session.rollback()
    return found


def sign_ins_of(user: User) -> list[SignIn]:
    """Every sign-in of a user, oldest first."""
    found = list(db.session.scalars(select(SignIn).where(SignIn.user_id == user.id).order_by(SignIn.id)))
    db.session.rollback()
    return found


def a_code_app(user: User, at: datetime) -> str:
    """Give a user a code app whose codes before `at` count as used, and give its secret."""
    with unit_of_work():
        code_apps.begin(user, at=at)
    with unit_of_work():
        row = db.session.scalars(select(CodeApp).where(CodeApp.user_id == user.id)).one()
        row.secret, row.next_secret, row.confirmed_at = row.next_secret, "", at
        secret: str = row.secret
    return secret


def session_of(browser: Browser) -> dict[str, Any]:
    """What the browser's session cookie holds."""
    with browser.client.session_transaction() as session:
        return dict(session)


def cookie_of(browser: Browser, name: str) -> Any:
    """A cookie of the browser by name, or nothing."""
    return browser.client.get_cookie(name)
