"""The shared register tablet: a device of the school, staff PINs that work on it alone, and an idle lock.

Whoever has a PIN signed in on that tablet in full once, with two factors; the tablet and the PIN are two factors from
then on. A PIN opens the registers and nothing else.
"""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload

from booking.core import audit
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.people.invitations import token_digest
from booking.people.models import User
from booking.people.sign_in_models import SignIn
from booking.people.tablet_models import MOST_PIN_TRIES, DayPass, RegisterDevice, StaffPin

PIN_FIGURES = 6
AT_THE_DOOR = frozenset({"staff", "manager"})


class WrongPin(BookingError):
    """Name and PIN do not fit, or the five tries are used up; the words are the same."""

    def __init__(self) -> None:
        super().__init__(
            "That PIN is not right. After five wrong ones, sign in with your password and set a new PIN. "
            "On a day pass? Ask the office."
        )


class EasyPin(BookingError):
    """The PIN is not six figures, or is one that anybody would try first."""

    def __init__(self) -> None:
        super().__init__(f"Choose {PIN_FIGURES} figures that are no pattern, such as 805317.")


_TABLES: dict[str, type[StaffPin] | type[DayPass]] = {"pin": StaffPin, "pass": DayPass}


@dataclass(frozen=True)
class OnTablet:
    """Somebody who may choose their name on a tablet; `key` is what the form sends."""

    key: str
    name: str
    user: User
    pin_hash: str
    ends_at: datetime | None


def make_device(name: str, *, at: datetime, by: int) -> str:
    """Make the browser that asks a register tablet, and give the token that it keeps."""
    token = secrets.token_urlsafe(32)
    device = RegisterDevice(name=name, token_digest=token_digest(token), made_by_id=by, created_at=at)
    db.session.add(device)
    db.session.flush()
    audit.record("tablet_made", "register_device", device.id, at=at, user_id=by)
    return token


def find_device(token: str | None) -> RegisterDevice | None:
    """The tablet behind a token, unless the office ended it."""
    if not token:
        return None
    return db.session.scalars(
        select(RegisterDevice).where(
            RegisterDevice.token_digest == token_digest(token), RegisterDevice.ended_at.is_(None)
        )
    ).first()


def devices() -> list[RegisterDevice]:
    """The tablets in use, by name."""
    return list(
        db.session.scalars(
            select(RegisterDevice).where(RegisterDevice.ended_at.is_(None)).order_by(RegisterDevice.name)
        )
    )


def end_device(device_id: int, *, at: datetime, by: int) -> str:
    """End a tablet (lost, sold): no PIN works on it, and who is signed in on it by PIN is out at the next touch."""
    device = db.session.get(RegisterDevice, device_id)
    if device is None or device.ended_at is not None:
        raise NotFound
    device.ended_at = at
    db.session.execute(
        update(SignIn)
        .where(SignIn.tablet_id == device.id, SignIn.ended_at.is_(None))
        .values(ended_at=at, ended_why="tablet_ended")
    )
    audit.record("tablet_ended", "register_device", device_id, at=at, user_id=by)
    return device.name


def refuse_easy_pin(pin: str) -> None:
    """Raise `EasyPin` for anything but six figures without a pattern."""
    steps = {int(b) - int(a) for a, b in itertools.pairwise(pin)} if pin.isdecimal() else {0}
    repeats = pin[:2] * 3 == pin or pin[:3] * 2 == pin
    if len(pin) != PIN_FIGURES or not pin.isascii() or len(steps) == 1 or repeats:
        raise EasyPin


def set_pin(device: RegisterDevice, user: User, pin_hash: str, *, at: datetime) -> None:
    """Keep a person's PIN for one tablet; wrong tries before are forgotten."""
    found = db.session.scalars(
        select(StaffPin).where(StaffPin.device_id == device.id, StaffPin.user_id == user.id)
    ).first()
    if found is None:
        db.session.add(StaffPin(device_id=device.id, user_id=user.id, pin_hash=pin_hash, set_at=at))
    else:
        found.pin_hash, found.set_at, found.tries = pin_hash, at, 0
    audit.record("pin_set", "register_device", device.id, at=at, user_id=user.id)
    db.session.flush()


def people_on(device: RegisterDevice, *, at: datetime) -> list[OnTablet]:
    """Who may choose their name on this tablet now: those with a PIN on it, and today's day passes."""
    pins = db.session.scalars(
        select(StaffPin).options(joinedload(StaffPin.user)).where(StaffPin.device_id == device.id)
    )
    found = [
        OnTablet(f"pin-{pin.id}", pin.user.name, pin.user, pin.pin_hash, None)
        for pin in pins
        if pin.user.active and pin.user.role_names & AT_THE_DOOR
    ]
    passes = db.session.scalars(
        select(DayPass)
        .options(joinedload(DayPass.user))
        .where(DayPass.created_at <= at, DayPass.ends_at > at, DayPass.ended_at.is_(None))
    )
    found += [
        OnTablet(f"pass-{one.id}", one.user.name, one.user, one.pin_hash, one.ends_at)
        for one in passes
        if one.user.active
    ]
    return sorted(found, key=lambda one: (one.name.casefold(), one.key))


def count_try(key: str) -> bool:
    """Use up one of five tries before the PIN is looked at; False when none is left."""
    kind, _, row_id = key.partition("-")
    model = _TABLES.get(kind)
    if model is None or not row_id.isdecimal():
        return False
    done = db.session.execute(
        update(model)
        .where(model.id == int(row_id), model.tries < MOST_PIN_TRIES)
        .values(tries=model.tries + 1)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def forget_tries(key: str) -> None:
    """After a right PIN there are five tries again."""
    kind, _, row_id = key.partition("-")
    model = _TABLES[kind]
    db.session.execute(update(model).where(model.id == int(row_id)).values(tries=0))


def forget_pins(user_id: int) -> None:
    """Take a person's PINs away on every tablet."""
    db.session.execute(delete(StaffPin).where(StaffPin.user_id == user_id))
