"""Places of children who are away go to children who wait, by the school's published rule.

From the set hour of the day on, and only while somebody waits who could come. What the family gets back is what its
terms said at booking, no more and no less. Without the rule every place is kept for its child.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, time
from typing import Any

from sqlalchemy import and_, func, or_, select

from booking.bookings.cancellation import cancel_locked, fresh_places
from booking.bookings.day_note_models import DayNote
from booking.bookings.day_notes import notes_on, why_not_expected
from booking.bookings.models import Place, RequestFact, WaitingEntry
from booking.bookings.policy import Policy, current_policy
from booking.bookings.rules import SessionFacts
from booking.bookings.situations import load_situation
from booking.bookings.telling import GIVEN_ON
from booking.core import clock
from booking.core.db import db, lock_rows
from booking.core.words import clock as hour
from booking.core.words import short_day
from booking.people.models import FamilyAccount, Pupil
from booking.provision.models import Session


def give_on(at: datetime) -> int:
    """The worker's step, in the caller's unit of work: let go what the rule gives to those who wait; how many places."""
    frees_at = current_policy().away_frees_at
    if frees_at is None or _wall(at) < frees_at:
        return 0
    rows = _to_give(at)
    if not rows:
        return 0
    pupils, sessions = {row.pupil_id for row in rows}, {row.session_id for row in rows}
    lock_rows((Pupil, pupils), (Session, sessions), (FamilyAccount, {row.account_id for row in rows}))
    known = {row.id for row in rows}
    wanted = _wanted(sessions, at)
    chosen = []
    for row in _to_give(at):
        if row.id in known and wanted[row.session_id] > 0:
            wanted[row.session_id] -= 1
            chosen.append(row.id)
    places = fresh_places(chosen)
    if places:
        cancel_locked(places, at=at, user_id=None, channel="worker", reason=GIVEN_ON)
    return len(places)


def phase_of(session: SessionFacts, policy: Policy, at: datetime) -> str:
    """How the list of a session stands: open, over, waits for the hour of its day, or gives_on until it begins."""
    if at < session.cut_off:
        return "open"
    begins = clock.instant(session.date, session.starts_at)
    if policy.away_frees_at is None or at >= begins or policy.away_frees_at >= session.starts_at:
        return "over"
    return "waits" if at < clock.instant(session.date, policy.away_frees_at) else "gives_on"


def until_it_begins(session: SessionFacts) -> SessionFacts:
    """The session as it takes offers on its day: until it begins."""
    return replace(session, closes_days_before=0, closes_at=session.starts_at)


def after_closing(session: SessionFacts, policy: Policy) -> str:
    """What a family that waits reads once bookings have closed."""
    if policy.away_frees_at is None or policy.away_frees_at >= session.starts_at:
        return "Bookings have closed, so no place comes free any more. Ring the school office."
    return (
        f"Bookings have closed. If a child is away, the place is offered on {short_day(session.date)} "
        f"from {hour(policy.away_frees_at)}: look here, or at your e-mail."
    )


def _wall(at: datetime) -> time:
    return clock.to_school(at).time().replace(tzinfo=None)


def _to_give(at: datetime) -> list[Any]:
    """Booked places of today, not begun, of a child who is away and has not come since; first told first.

    Only where somebody waits who could come.
    """
    today = select(Session.id).where(Session.date == clock.today(at))
    came = select(RequestFact.id).where(
        RequestFact.pupil_id == Place.pupil_id,
        RequestFact.what.in_(("attended", "walk_in")),
        RequestFact.at > DayNote.told_at,
        RequestFact.session_id.in_(today),
    )
    waits = select(WaitingEntry.id).where(
        WaitingEntry.session_id == Place.session_id, WaitingEntry.state == "waiting", WaitingEntry.fits
    )
    rows = db.session.execute(
        select(
            Place.id,
            Place.pupil_id,
            Place.session_id,
            Place.account_id,
            func.min(DayNote.told_at).label("told"),
        )
        .join(Session, Session.id == Place.session_id)
        .join(DayNote, and_(DayNote.pupil_id == Place.pupil_id, DayNote.day == Session.date))
        .where(Session.date == clock.today(at), Session.status == "planned", Session.starts_at > _wall(at))
        .where(Place.state == "booked", DayNote.ended_at.is_(None))
        .where(
            or_(
                DayNote.kind == "away",
                and_(
                    DayNote.kind == "not_coming",
                    or_(DayNote.session_id.is_(None), DayNote.session_id == Place.session_id),
                ),
            )
        )
        .where(waits.exists(), ~came.exists())
        .group_by(Place.id, Place.pupil_id, Place.session_id, Place.account_id)
        .order_by("told", Place.id)
    )
    return list(rows)


def _wanted(session_ids: set[int], at: datetime) -> dict[int, int]:
    """How many places those who wait, and are here today, could use, by session, beyond what is free already."""
    waiting = db.session.execute(
        select(WaitingEntry.session_id, WaitingEntry.pupil_id).where(
            WaitingEntry.session_id.in_(session_ids), WaitingEntry.state == "waiting", WaitingEntry.fits
        )
    ).all()
    situation = load_situation([], session_ids, at)
    away = away_pairs(situation.sessions.values(), {row.pupil_id for row in waiting}, at)
    found = {one: -max(0, situation.left(one)) for one in session_ids}
    for row in waiting:
        found[row.session_id] += (row.pupil_id, row.session_id) not in away
    return found


def away_pairs(
    sessions: Iterable[SessionFacts], pupil_ids: Collection[int], at: datetime
) -> frozenset[tuple[int, int]]:
    """Which of these children are not expected in which of today's sessions: nobody offers them a place there."""
    today = clock.today(at)
    of_today = [session for session in sessions if session.date == today]
    told = notes_on(pupil_ids, today) if of_today else {}
    return frozenset(
        (pupil_id, session.id)
        for pupil_id, notes in told.items()
        for session in of_today
        if why_not_expected(notes, session.id, session.starts_at)
    )
