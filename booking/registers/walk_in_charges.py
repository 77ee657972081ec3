"""The charge for a walk-in: follows from the register and the school's rule of that day alone, as late charges do.

From the day after, the worker books a place for each child who came without one to a session that costs money, at
the price that the family would have paid. What it cannot know (which family, a place elsewhere at that hour) the
office decides. A mark that is corrected takes the place back with all of its price.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import joinedload

from booking.bookings.frozen_prices import price_to_hold
from booking.bookings.models import CapacityOverride, Place
from booking.bookings.places import book_at_once
from booking.bookings.price_facts import read_prices
from booking.bookings.request_log import note
from booking.bookings.settling import booked_places
from booking.bookings.situations import load_situation
from booking.core import clock
from booking.core.audit import record
from booking.core.db import db, lock_rows
from booking.ledger.posting import post_credit
from booking.ledger.terms import terms_on
from booking.people.models import FamilyAccount, Guardianship, Pupil, account_member, account_pupil
from booking.people.restrictions import closed_pairs
from booking.provision.models import Run, Session
from booking.provision.price_models import Pot
from booking.registers.marks import NOTHING_YET, ChildState, states_in
from booking.registers.models import Mark
from booking.registers.walk_in_models import WalkInPlace

LOOKS_BACK = timedelta(days=35)
REASON = "Came without a booking; nobody is turned away at the door"
Came = tuple[int, int]
"""A session and a pupil, by id."""


@dataclass(frozen=True)
class WalkIn:
    """One child who came without a booking to a session that costs money, and what has become of that.

    `outcome` is booked (with the place), cancelled (by the office, afterwards), due, or why the office has to decide.
    """

    session: Session
    pupil: Pupil
    outcome: str
    place: Place | None = None


NO_RULE, DUE, BOOKED, CANCELLED = "no rule", "due", "booked", "cancelled"
NO_FAMILY, SEVERAL, ELSEWHERE = "no family", "several families", "elsewhere"
FOR_THE_OFFICE = (NO_FAMILY, SEVERAL, ELSEWHERE)


def due_walk_ins(at: datetime) -> list[Came]:
    """Walk-ins up to yesterday that nothing was booked for, and places that a corrected mark bears out no more."""
    sessions = _sessions(at)
    came = _came(sessions)
    living = _living(sessions)
    with_place = set(_with_place(sessions))
    new = [key for key in came if key not in with_place and key not in living]
    gone = [key for key in living if key not in came]
    return sorted([*new, *gone])


def settle_walk_in(session_id: int, pupil_id: int, *, at: datetime) -> bool:
    """Book a walk-in's place, or take it back, in the caller's unit of work; False when there was nothing to do.

    Everything is locked and looked at again, so that of two workers the second finds nothing.
    """
    account_id = account_of(pupil_id, clock.today(at))
    facts = read_prices(account_id, [pupil_id], at) if account_id is not None else None
    row = _living([session_id]).get((session_id, pupil_id))
    accounts = {row.place.account_id} if row else {account_id} if account_id is not None else set()
    pots = facts.pots if facts else ()
    lock_rows((Pupil, [pupil_id]), (Session, [session_id]), (FamilyAccount, accounts), (Pot, pots))
    key = (session_id, pupil_id)
    sessions = {one.id: one for one in _sessions(at).values() if one.id == session_id}
    came, row = _came(sessions), _living([session_id]).get(key)
    if row is not None:
        return key not in came and _take_back(row, at=at)
    if key not in came or account_id is None or facts is None or key in _with_place([session_id]):
        return False
    situation = load_situation([pupil_id], [session_id], at, account_id=account_id)
    if situation.clash_of(pupil_id, session_id, account_id) is not None:
        return False
    if situation.left(session_id) <= 0:
        db.session.add(
            CapacityOverride(session_id=session_id, extra=1, reason=REASON, user_id=came[key], at=at)
        )
        db.session.flush()
    prices = price_to_hold(situation, facts, account_id, [(pupil_id, session_id)])
    ids = book_at_once(account_id, prices, situation, at=at, user_id=None, writes=False)
    place_id = ids[pupil_id, session_id]
    db.session.add(WalkInPlace(pupil_id=pupil_id, session_id=session_id, place_id=place_id, made_at=at))
    db.session.flush()
    record("walk_in_charged", "place", place_id, at=at, user_id=None)
    return True


def _take_back(row: WalkInPlace, *, at: datetime) -> bool:
    place = row.place
    row.ended_at = at
    if place.state == "booked":
        (booked,) = booked_places([place.id])
        post_credit(booked, at=at, user_id=None)
        place.state, place.ended_at = "cancelled", at
        fact = ("cancelled", place.pupil_id, place.session_id, "corrected")
        note([fact], account_id=place.account_id, at=at, user_id=None, channel="worker")
    db.session.flush()
    record("walk_in_corrected", "place", place.id, at=at, user_id=None)
    return True


def account_of(pupil_id: int, on: date) -> int | None:
    """The family account that a walk-in is charged to: the only one of the child, or the one that booked last.

    None when there is none, or several and none of them has ever booked. Never one that a restriction closes.
    """
    accounts = _accounts_of(pupil_id, on)
    if len(accounts) < 2:
        return next(iter(accounts), None)
    return db.session.scalar(
        select(Place.account_id)
        .where(Place.pupil_id == pupil_id, Place.account_id.in_(accounts), Place.booked_at.is_not(None))
        .order_by(Place.booked_at.desc(), Place.id.desc())
        .limit(1)
    )


def _accounts_of(pupil_id: int, on: date) -> set[int]:
    by_adult = (
        select(account_member.c.account_id)
        .join(Guardianship, Guardianship.user_id == account_member.c.user_id)
        .where(Guardianship.pupil_id == pupil_id, Guardianship.may_book)
    )
    by_office = select(account_pupil.c.account_id).where(account_pupil.c.pupil_id == pupil_id)
    closed = closed_pairs(on)
    found = set(db.session.scalars(by_adult.union(by_office)))
    return {account_id for account_id in found if (account_id, pupil_id) not in closed}


def walk_ins_since(first: date, at: datetime) -> list[WalkIn]:
    """Every walk-in to a session that costs money from a day on, newest first, with what became of it."""
    sessions = {one.id: one for one in _costing(Session.date >= first, Session.date <= clock.today(at))}
    came, living, places = _came(sessions), _living(sessions), _with_place(sessions)
    ids = {pupil_id for _, pupil_id in came}
    pupils = {one.id: one for one in db.session.scalars(select(Pupil).where(Pupil.id.in_(ids)))}
    charged = _charged_days(sessions.values())
    found = []
    for session_id, pupil_id in came:
        key, session = (session_id, pupil_id), sessions[session_id]
        row = living.get(key)
        if row is None and key in places:
            continue
        outcome = _outcome(row, session, pupil_id, charged, at)
        found.append(WalkIn(session, pupils[pupil_id], outcome, row.place if row else None))
    return sorted(
        found, key=lambda one: (one.session.date, one.session.starts_at, one.pupil.id), reverse=True
    )


def _outcome(
    row: WalkInPlace | None, session: Session, pupil_id: int, charged: Collection[date], at: datetime
) -> str:
    if row is not None:
        return BOOKED if row.place.state == "booked" else CANCELLED
    if session.date not in charged:
        return NO_RULE
    account_id = account_of(pupil_id, session.date)
    if account_id is None:
        return SEVERAL if _accounts_of(pupil_id, session.date) else NO_FAMILY
    situation = load_situation([pupil_id], [session.id], at, account_id=account_id)
    return DUE if situation.clash_of(pupil_id, session.id, account_id) is None else ELSEWHERE


def count_undecided(at: datetime) -> int:
    """Walk-ins of the days looked at that only the office can settle."""
    first = clock.today(at) - LOOKS_BACK
    return sum(one.outcome in FOR_THE_OFFICE for one in walk_ins_since(first, at))


def _sessions(at: datetime) -> dict[int, Session]:
    """Sessions that cost money, of the days looked at up to yesterday on which the rule held."""
    today = clock.today(at)
    found = _costing(Session.date >= today - LOOKS_BACK, Session.date < today)
    days = _charged_days(found)
    return {one.id: one for one in found if one.date in days}


def _costing(*where: ColumnElement[bool]) -> list[Session]:
    """The sessions that cost money and that anybody walked into, whatever became of the mark."""
    walked_into = exists().where(Mark.session_id == Session.id, Mark.what == "walk_in")
    return list(
        db.session.scalars(
            select(Session)
            .join(Run, Run.id == Session.run_id)
            .options(joinedload(Session.run).joinedload(Run.activity))
            .where(Run.price_pence > 0, walked_into, *where)
            .order_by(Session.date, Session.id)
        )
    )


def _charged_days(sessions: Iterable[Session]) -> set[date]:
    return {day for day in {one.date for one in sessions} if terms_on(day).walk_ins_pay}


def _came(session_ids: Iterable[int]) -> dict[Came, int]:
    """Who is marked as a walk-in and came, with the person who took the child in."""
    rows = db.session.execute(
        select(Mark.session_id, Mark.pupil_id, func.max(Mark.user_id).label("user_id"))
        .where(Mark.session_id.in_(list(session_ids)), Mark.what == "walk_in", Mark.user_id.is_not(None))
        .group_by(Mark.session_id, Mark.pupil_id)
    ).all()
    # Few sessions have a walk-in, and only of those the whole day is read.
    states = states_in({row.session_id for row in rows}) if rows else {}
    taken_in = {(row.session_id, row.pupil_id): row.user_id for row in rows}
    return {key: user_id for key, user_id in taken_in.items() if _is_here(states.get(key, NOTHING_YET))}


def _is_here(state: ChildState) -> bool:
    return state.is_walk_in and state.state in ("in", "out")


def _living(session_ids: Iterable[int]) -> dict[Came, WalkInPlace]:
    rows = db.session.scalars(
        select(WalkInPlace)
        .options(joinedload(WalkInPlace.place))
        .where(WalkInPlace.session_id.in_(list(session_ids)), WalkInPlace.ended_at.is_(None))
        .execution_options(populate_existing=True)
    )
    return {(row.session_id, row.pupil_id): row for row in rows}


def _with_place(session_ids: Iterable[int]) -> set[Came]:
    rows = db.session.execute(
        select(Place.session_id, Place.pupil_id).where(
            Place.session_id.in_(list(session_ids)), Place.state.in_(("held", "booked"))
        )
    )
    return {(row.session_id, row.pupil_id) for row in rows}
