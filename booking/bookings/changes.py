"""What the school changes after families have booked: a day closed, a session called off, cut or moved, a child gone.

Each is one step: places are taken back with all of their price, families are told, and the log keeps why.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select, update

from booking.bookings.change_models import ChangeNotice, SchoolChange
from booking.bookings.models import CapacityOverride, Place
from booking.bookings.places import book_at_once
from booking.bookings.price_parts import plain
from booking.bookings.releasing import end_waiting, lock_places, release, tell
from booking.bookings.rules import LIVE, Situation
from booking.bookings.situations import load_situation
from booking.core import audit, clock
from booking.core.audit import AuditEntry
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.core.words import clock as hour
from booking.people.models import Pupil
from booking.provision.models import Session

TO_TAKE_BACK = timedelta(hours=1)


class ChangeRefused(BookingError):
    """The change makes no sense as it stands; nothing was changed."""


@dataclass(frozen=True)
class Changed:
    """What a change did: its id, and how many places and families it took in."""

    change_id: int
    places: int
    families: int


def close_day(day: date, reason: str, *, at: datetime, user_id: int) -> tuple[Changed, list[Session]]:
    """Call off every session of a day (snow), give everything back and tell everyone; the locked sessions besides."""
    if day < clock.today(at):
        raise ChangeRefused("That day is over. Nothing was changed.")
    ids = db.session.scalars(select(Session.id).where(Session.date == day)).all()
    places = lock_places(Session.date == day, sessions=ids)
    sessions = list(db.session.scalars(select(Session).where(Session.id.in_(ids)).order_by(Session.id)))
    change = _change("closure", day, reason, at=at, user_id=user_id)
    release(change, places, at=at, user_id=user_id)
    for session in sessions:
        session.status, session.note = "called_off", reason[:160]
    end_waiting(ids, at=at)
    return _done(change, places, at=at), sessions


def call_off(session_id: int, reason: str, *, fallback_id: int | None, at: datetime, user_id: int) -> Changed:
    """Call one session off; each child goes to the fallback session for nothing, and stays there unless a family says
    otherwise. Without one, or where it clashes, the notice has no fallback and somebody has to ring.
    """
    places = lock_places(Session.id == session_id, sessions=[s for s in (session_id, fallback_id) if s])
    session = _coming(session_id, at)
    fallback = _fallback(fallback_id, session) if fallback_id else None
    change = _change("called_off", session.date, reason, at=at, user_id=user_id, session_id=session_id)
    booked = {place.id for place in places if place.state == "booked"}
    notices = release(change, places, at=at, user_id=user_id)
    session.status, session.note = "called_off", reason[:160]
    end_waiting([session_id], at=at)
    db.session.flush()
    if fallback is not None:
        _send_to([n for n in notices if n.place_id in booked], fallback, reason, at=at, user_id=user_id)
    return _done(change, places, at=at)


def _fallback(fallback_id: int, instead_of: Session) -> Session:
    fallback = db.session.get(Session, fallback_id)
    is_there = fallback is not None and fallback.date == instead_of.date and fallback.status == "planned"
    if fallback is None or not is_there or fallback.id == instead_of.id:
        raise ChangeRefused("The other session is not on that day, or is called off. Nothing was changed.")
    return fallback


def _send_to(
    notices: Sequence[ChangeNotice], fallback: Session, reason: str, *, at: datetime, user_id: int
) -> None:
    """Give each child a free place in the fallback, beyond its usual number if need be; who is there already has one.

    A child with care of their own later that day goes to that care from the start.
    """
    situation = load_situation({n.pupil_id for n in notices}, [fallback.id], at)
    by_account: dict[int, list[ChangeNotice]] = {}
    for notice in notices:
        own = _own_care(notice, fallback, situation)
        if own is not None:
            notice.fallback_place_id = own
        elif situation.clash_of(notice.pupil_id, fallback.id, notice.account_id) is None:
            by_account.setdefault(notice.account_id, []).append(notice)
    more = sum(len(found) for found in by_account.values())
    short = more - max(0, situation.left(fallback.id))
    if short > 0:
        db.session.add(
            CapacityOverride(session_id=fallback.id, extra=short, reason=reason, user_id=user_id, at=at)
        )
        db.session.flush()
    for account_id, found in by_account.items():
        prices = {(notice.pupil_id, fallback.id): plain(0) for notice in found}
        ids = book_at_once(account_id, prices, situation, at=at, user_id=user_id, writes=False)
        for notice in found:
            notice.fallback_place_id = ids[notice.pupil_id, fallback.id]


def _own_care(notice: ChangeNotice, fallback: Session, situation: Situation) -> int | None:
    """The child's own booked place in the fallback, or in other care that lies over it."""
    for busy in situation.busy[notice.pupil_id, fallback.date]:
        over = busy.starts_at < fallback.ends_at and fallback.starts_at < busy.ends_at
        other = db.session.get_one(Session, busy.session_id)
        if over and other.run.activity.kind == "extended_care":
            return db.session.scalar(
                select(Place.id).where(
                    Place.pupil_id == notice.pupil_id,
                    Place.session_id == busy.session_id,
                    Place.state == "booked",
                )
            )
    return None


def who_would_go(session_id: int, capacity: int) -> list[Place]:
    """By the published order (the last to take a place goes first) those for whom `capacity` has no room."""
    places = db.session.scalars(
        select(Place)
        .where(Place.session_id == session_id, Place.state.in_(LIVE))
        .order_by(Place.held_at.desc(), Place.id.desc())
    ).all()
    allowed = capacity + (
        db.session.scalar(
            select(func.sum(CapacityOverride.extra)).where(CapacityOverride.session_id == session_id)
        )
        or 0
    )
    return list(places[: max(0, len(places) - allowed)])


def cut_capacity(
    session_id: int,
    capacity: int,
    reason: str,
    *,
    expected: Collection[int],
    at: datetime,
    user_id: int,
) -> Changed:
    """Give a session another number of places; `expected` are the ids of the places that the office was shown to go.

    Raises `ChangeRefused` when somebody booked or cancelled meanwhile, so that nobody goes unseen.
    """
    lock_places(Session.id == session_id, sessions=[session_id])
    session = _coming(session_id, at)
    going = who_would_go(session_id, capacity)
    if {place.id for place in going} != set(expected):
        raise ChangeRefused("Somebody booked or cancelled meanwhile. Look at who would go, and press again.")
    change = _change("cut", session.date, reason, at=at, user_id=user_id, session_id=session_id)
    release(change, going, at=at, user_id=user_id)
    session.capacity = capacity
    db.session.flush()
    return _done(change, going, at=at)


def move_session(
    session_id: int, starts_at: time, ends_at: time, reason: str, *, at: datetime, user_id: int
) -> Changed:
    """Give a session other hours. Whoever cannot come then is given all back; the others may cancel until it begins."""
    if ends_at <= starts_at:
        raise ChangeRefused("It ends before it begins. Nothing was changed.")
    places = lock_places(Session.id == session_id, sessions=[session_id])
    session = _coming(session_id, at)
    change = _change("moved", session.date, reason, at=at, user_id=user_id, session_id=session_id)
    old = f"{hour(session.starts_at)} to {hour(session.ends_at)}"
    session.starts_at, session.ends_at = starts_at, ends_at
    db.session.flush()
    situation = load_situation({place.pupil_id for place in places}, [session_id], at)
    for place in places:
        situation.give_back(place.pupil_id, session_id)
    clashing = [p for p in places if situation.clash_of(p.pupil_id, session_id, p.account_id) is not None]
    staying = [place for place in places if place not in clashing]
    release(change, clashing, at=at, user_id=user_id)
    begins = clock.instant(session.date, starts_at)
    db.session.execute(
        update(Place)
        .where(Place.id.in_([place.id for place in staying]), Place.credit_until < begins)
        .values(credit_until=begins)
    )
    db.session.add_all(
        ChangeNotice(
            change_id=change.id, place_id=place.id, account_id=place.account_id, pupil_id=place.pupil_id
        )
        for place in staying
    )
    db.session.flush()
    audit.record("moved", "session", session_id, at=at, user_id=user_id, before=old)
    return _done(change, places, at=at)


def leavers_with_places(at: datetime) -> list[tuple[int, date]]:
    """Children whom a person took off the roll an hour ago or more, with places to come, and their last day.

    The hour is for taking back what was said in error.
    """
    said = select(func.max(AuditEntry.at)).where(
        AuditEntry.action == "left_roll", AuditEntry.subject_id == Pupil.id
    )
    rows = db.session.execute(
        select(Pupil.id, Pupil.left_on)
        .join(Place, Place.pupil_id == Pupil.id)
        .join(Session, Session.id == Place.session_id)
        .where(Pupil.status == "left", Pupil.left_on < Session.date, Place.state.in_(LIVE))
        .where(Session.date > clock.today(at), said.scalar_subquery() <= at - TO_TAKE_BACK)
        .distinct()
        .order_by(Pupil.id)
    )
    return [(row.id, row.left_on) for row in rows]


def release_leaver(pupil_id: int, left_on: date, *, at: datetime, user_id: int | None) -> int:
    """Give back all coming places of a child who has left the school; how many there were."""
    first = max(clock.today(at), left_on)
    places = lock_places(Place.pupil_id == pupil_id, Session.date > first)
    if not places:
        return 0
    change = _change("left", left_on, "The child has left the school.", at=at, user_id=user_id)
    release(change, places, at=at, user_id=user_id)
    return _done(change, places, at=at).places


def _coming(session_id: int, at: datetime) -> Session:
    session = db.session.get(Session, session_id)
    if session is None:
        raise NotFound
    if session.status == "called_off" or at >= clock.instant(session.date, session.ends_at):
        raise ChangeRefused("This session is over or is called off already. Nothing was changed.")
    return session


def _change(
    kind: str, day: date, reason: str, *, at: datetime, user_id: int | None, session_id: int | None = None
) -> SchoolChange:
    change = SchoolChange(
        kind=kind, date=day, reason=reason[:200], at=at, user_id=user_id, session_id=session_id
    )
    db.session.add(change)
    db.session.flush()
    audit.record(kind, "school_change", change.id, at=at, user_id=user_id)
    return change


def _done(change: SchoolChange, places: Sequence[Place], *, at: datetime) -> Changed:
    return Changed(change.id, len(places), tell(change, at=at))
