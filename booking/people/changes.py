"""Changes to how somebody signs in: a new password, a new address. Both are told by letter."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from booking.core import audit
from booking.core.db import db
from booking.people.models import User
from booking.people.one_time import SecretOver, find_link, tell, use_up_links
from booking.people.sign_ins import end_all
from booking.people.trusted_devices import end_trust


def change_password(user: User, password_hash: str, *, at: datetime, keep_sign_in: int | None) -> None:
    """Take a new password into use; every other sign-in and every trusted device ends."""
    user.password = password_hash
    end_all(user.id, why="password_changed", at=at, but=keep_sign_in)
    end_trust(user.id, at=at)
    use_up_links("reset", user.email, at=at)
    audit.record("password_changed", "user", user.id, at=at, user_id=user.id)
    tell(user, "password", at=at)
    db.session.flush()


def reset_password(token: str, password_hash: str, *, at: datetime) -> None:
    """Take a new password into use by a link from a letter; raises `SecretOver`."""
    row = find_link(token, "reset", at=at)
    user = db.session.scalars(select(User).where(User.email == row.email, User.active.is_(True))).first()
    if user is None:
        raise SecretOver
    row.used_at = at
    change_password(user, password_hash, at=at, keep_sign_in=None)


def new_address(token: str, *, at: datetime) -> None:
    """Let somebody sign in with the address that the link went to; raises `SecretOver` when it is another's."""
    row = find_link(token, "email", at=at)
    user = db.session.get(User, row.user_id) if row.user_id else None
    is_taken = db.session.scalar(select(User.id).where(User.email == row.email)) is not None
    if user is None or not user.active or is_taken:
        raise SecretOver
    before = user.email
    row.used_at, user.email = at, row.email
    use_up_links("reset", before, at=at)
    audit.record("email_changed", "user", user.id, at=at, user_id=user.id)
    tell(user, "email", at=at, email=before)
    db.session.flush()
