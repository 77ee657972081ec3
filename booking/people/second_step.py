"""What comes after a right password: nothing, a code, a letter with a code, or the first set-up of a factor.

Staff, managers, governors and admins need a passkey or a code app, at every sign-in and without exception; accounts
made by `booking demo` are spared. Parents get a letter with a code on a device that they have not called their own.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from booking.core import audit
from booking.core.db import db
from booking.core.errors import BookingError
from booking.people import code_apps, recovery
from booking.people.models import User
from booking.people.one_time import tell
from booking.people.passkeys import has_passkey, passkeys_of
from booking.people.sign_in_models import CodeApp, Passkey, RecoveryCode
from booking.people.sign_ins import end_all, must_be_strong
from booking.people.tablets import forget_pins
from booking.people.trusted_devices import end_trust


class LastFactor(BookingError):
    """Whoever must show two factors keeps at least one passkey or code app."""

    def __init__(self) -> None:
        super().__init__("This is your only second proof. Set up another one first.")


def has_factor(user_id: int) -> bool:
    """True when a person has a passkey or a code app."""
    return has_passkey(user_id) or code_apps.has_code_app(user_id)


def stage_after_password(user: User, *, is_trusted: bool) -> str:
    """What a right password leaves to be done (the stages of `SignIn`)."""
    if user.is_demo:
        return "whole"
    if must_be_strong(user):
        return "code" if has_factor(user.id) else "letter"
    if is_trusted:
        return "whole"
    return "code" if code_apps.has_code_app(user.id) else "letter"


def stage_after_letter(user: User) -> str:
    """What is left after a code or a link that came by letter: staff still need a factor of their own."""
    if not must_be_strong(user):
        return "whole"
    return "code" if has_factor(user.id) else "set_up"


def find_step(user_id: int, code: str) -> tuple[str, int | None]:
    """What a typed code may be: `("code", None)`, or a recovery code with its row; outside a unit of work.

    Raises `WrongCode` for a recovery code that is not there.
    """
    if code.isdigit():
        return "code", None
    found = recovery.find_code(user_id, code)
    if found is None:
        raise code_apps.WrongCode
    return "recovery", found


def take_step(user: User, code: str, found: tuple[str, int | None], *, at: datetime) -> bool:
    """Use up what `find_step` found; False when it was wrong or used already."""
    how, code_id = found
    if how == "recovery" and code_id is not None:
        return recovery.use_up(code_id, user, at=at)
    return code_apps.check(user.id, code, at=at)


def refuse_last(user: User, *, without_passkey: int | None = None, without_app: bool = False) -> None:
    """Raise `LastFactor` when taking this away would leave somebody without a factor who needs one."""
    if not must_be_strong(user):
        return
    passkeys = [one for one in passkeys_of(user.id) if one.id != without_passkey]
    if not passkeys and (without_app or not code_apps.has_code_app(user.id)):
        raise LastFactor


def forget_factors(user: User, *, at: datetime, by: int | None) -> None:
    """Take all passkeys and codes of somebody who lost them away, end every sign-in, and tell them by letter.

    The next sign-in asks for the password, then a code by letter, then a new passkey or code app.
    """
    for model in (Passkey, CodeApp, RecoveryCode):
        db.session.execute(delete(model).where(model.user_id == user.id))
    forget_pins(user.id)
    end_all(user.id, why="factors_forgotten", at=at)
    end_trust(user.id, at=at)
    audit.record("factors_forgotten", "user", user.id, at=at, user_id=by)
    tell(user, "factors_forgotten", at=at)
