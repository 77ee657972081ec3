"""A pupil leaves the roll, or is back: said by a person, never by a file."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select

from booking.bookings.models import Place
from booking.core import clock
from booking.core.audit import record
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.core.words import counted
from booking.people.models import Pupil
from booking.provision.models import Session


class NotALeavingDay(BookingError):
    """The day lies ahead, or before the child joined; nothing was changed."""


def leave_roll(pupil_id: int, on: date, *, at: datetime, user_id: int | None) -> int:
    """Take a pupil off the roll from a day on; gives how many places after it the worker will give back.

    A child who was to come and does not counts on no day: they join and leave on the same one.
    """
    pupil = _pupil(pupil_id)
    if on > clock.today(at):
        raise NotALeavingDay("That day lies ahead. Say it when the child has left.")
    if pupil.status == "expected":
        pupil.joined_on = on
    if pupil.joined_on is not None and on < pupil.joined_on:
        raise NotALeavingDay(f"The child joined on {pupil.joined_on:%d/%m/%Y}, after that day.")
    pupil.status, pupil.left_on = "left", on
    db.session.flush()
    record("left_roll", "pupil", pupil_id, at=at, user_id=user_id)
    return places_after(pupil_id, on)


def return_to_roll(pupil_id: int, *, at: datetime, user_id: int | None) -> None:
    """Put a pupil back on the roll, as if they had not left."""
    pupil = _pupil(pupil_id)
    pupil.status, pupil.left_on = "on_roll", None
    db.session.flush()
    record("back_on_roll", "pupil", pupil_id, at=at, user_id=user_id)


def places_after(pupil_id: int, day: date) -> int:
    """Held and booked places of a pupil after a day."""
    query = (
        select(func.count())
        .select_from(Place)
        .join(Session, Session.id == Place.session_id)
        .where(Place.pupil_id == pupil_id, Place.state.in_(("held", "booked")), Session.date > day)
    )
    return db.session.scalar(query) or 0


def places_go_back(places: int) -> str:
    """What becomes of a leaver's places, for whoever has just said that the child has left."""
    return (
        f"{counted(places, 'place')} after that day will be cancelled with full credit in an hour. "
        "If this was a mistake, put the child back on the roll before then."
    )


def _pupil(pupil_id: int) -> Pupil:
    pupil = db.session.get(Pupil, pupil_id)
    if pupil is None:
        raise NotFound
    return pupil
