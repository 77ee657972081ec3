"""Agency staff for one day: the office sees identity and vetting, names the sessions, and prints a PIN until 18:30."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.core import audit, clock
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.people.invitations import make_user
from booking.people.sign_ins import end_all
from booking.people.tablet_models import DayPass, DayPassSession
from booking.people.tablets import PIN_FIGURES, EasyPin, refuse_easy_pin

ENDS_AT = time(18, 30)
NO_ADDRESS = "@day-pass.invalid"
"""Somebody on a day pass has no e-mail address and no password here: the tablet is their only door."""


class NoPass(BookingError):
    """The pass cannot be made: no session is named, or the day is over; nothing was kept."""


@dataclass(frozen=True)
class Seen:
    """What the office writes down about an agency worker before the pass is made."""

    name: str
    agency: str
    identity_seen: str
    vetting_seen: str


def fresh_pin() -> str:
    """Six random figures without a pattern."""
    while True:
        pin = f"{secrets.randbelow(10**PIN_FIGURES):0{PIN_FIGURES}}"
        try:
            refuse_easy_pin(pin)
        except EasyPin:
            continue
        return pin


def make_pass(seen: Seen, session_ids: Sequence[int], pin_hash: str, *, at: datetime, by: int) -> DayPass:
    """Make a user of the day with a pass for these sessions of today; raises `NoPass`."""
    today = clock.today(at)
    ends_at = clock.instant(today, ENDS_AT)
    if ends_at <= at:
        raise NoPass("A day pass ends at 18:30, and it is later than that. Nothing was made.")
    if not session_ids:
        raise NoPass("Tick at least one session. Nothing was made.")
    address = f"{secrets.token_hex(8)}{NO_ADDRESS}"
    user = make_user(address, seen.name, ("staff",), None, at=at)
    made = DayPass(
        user_id=user.id,
        day=today,
        agency=seen.agency,
        identity_seen=seen.identity_seen,
        vetting_seen=seen.vetting_seen,
        seen_by_id=by,
        pin_hash=pin_hash,
        created_at=at,
        ends_at=ends_at,
        sessions=[DayPassSession(session_id=session_id) for session_id in sorted(set(session_ids))],
    )
    db.session.add(made)
    db.session.flush()
    audit.record(
        "day_pass_made", "day_pass", made.id, at=at, user_id=by, of_user=user.id, sessions=sorted(session_ids)
    )
    return made


def passes_of_today(at: datetime) -> list[DayPass]:
    """Today's passes, the newest first, ended ones too."""
    return list(
        db.session.scalars(
            select(DayPass)
            .options(joinedload(DayPass.user))
            .where(DayPass.day == clock.today(at))
            .order_by(DayPass.id.desc())
        )
    )


def end_pass(pass_id: int, *, at: datetime, by: int) -> str:
    """End a pass before its time and give its holder's name; who uses it is out at the next touch."""
    found = db.session.get(DayPass, pass_id)
    if found is None or found.ended_at is not None:
        raise NotFound
    found.ended_at = at
    found.user.active = False
    end_all(found.user_id, why="day_pass_ended", at=at)
    audit.record("day_pass_ended", "day_pass", pass_id, at=at, user_id=by)
    return found.user.name
