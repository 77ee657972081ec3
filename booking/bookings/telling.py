"""What a family tells the school about one of its children on one day, and takes back; nobody gets an e-mail for it.

A name is taken as it is given, whoever it is: a name that a restriction bars gets the very same answer and goes to the
office in place of the door (`day_notes.withheld_on`), so that nothing can be found out by trying.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from booking.bookings.baskets import bookable_ids
from booking.bookings.day_note_models import DayNote
from booking.bookings.models import FreeForecast, Place, RequestFact
from booking.core import audit, clock
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.people.models import Pupil, User, account_member
from booking.people.restrictions import closed_to_accounts
from booking.provision.models import Run, Session

FAMILY_KINDS = ("not_coming", "late", "collected_by")
DAYS_AHEAD = 6
GIVEN_ON = "away"
"""What the request log keeps of a place that went to somebody who waited."""


class CannotTell(BookingError):
    """What was said makes no sense for that day; nothing was noted."""


@dataclass(frozen=True)
class ChildDay:
    """One child of a family on one day: what the child has, what this family or the school said, what was given on."""

    pupil: Pupil
    day: date
    sessions: tuple[Session, ...]
    places: tuple[Place, ...]
    notes: tuple[DayNote, ...]
    given_on: tuple[Session, ...]

    def may_still(self, at: datetime) -> list[Session]:
        """Its sessions that are not over."""
        return [one for one in self.sessions if at < clock.instant(self.day, one.ends_at)]


def child_days(
    account_id: int, at: datetime, *, days: int = 1, pupil_ids: Collection[int] | None = None
) -> list[ChildDay]:
    """Each child of an account that has something from today on, by day; never a child whom a restriction closes."""
    today = clock.today(at)
    last = today + timedelta(days=days - 1)
    closed = closed_to_accounts({account_id}, today)
    places = _places(account_id, today, last)
    given = _given_on(account_id, today, last)
    has = [(one.pupil, one.session) for one in places] + _forecasts(account_id, today, last)
    found: dict[tuple[date, int], list[Session]] = {}
    pupils: dict[int, Pupil] = {}
    for pupil, session in [*has, *given]:
        if pupil.id not in closed and (pupil_ids is None or pupil.id in pupil_ids):
            pupils[pupil.id] = pupil
            sessions = found.setdefault((session.date, pupil.id), [])
            if (pupil, session) in has:
                sessions.append(session)
    notes = _notes_for(account_id, set(pupils), today, last)
    return [
        ChildDay(
            pupils[pupil_id],
            day,
            tuple(sorted(set(sessions), key=lambda one: (one.starts_at, one.id))),
            tuple(one for one in places if one.pupil_id == pupil_id and one.session.date == day),
            tuple(note for note in notes if note.pupil_id == pupil_id and note.day == day),
            tuple(one for pupil, one in given if pupil.id == pupil_id and one.date == day),
        )
        for (day, pupil_id), sessions in sorted(found.items(), key=lambda item: item[0])
    ]


def coming_days(account_id: int, at: datetime) -> list[ChildDay]:
    """What a family may speak of at once: today, and the next day of the week ahead on which a child has something."""
    days = child_days(account_id, at, days=DAYS_AHEAD + 1)
    today = [one for one in days if one.day == clock.today(at) and (one.may_still(at) or one.given_on)]
    later = [one for one in days if one.day > clock.today(at) and one.sessions]
    return [*today, *(one for one in later if one.day == later[0].day)]


def child_day(account_id: int, pupil_id: int, day: date, at: datetime) -> ChildDay:
    """One child on a day of the week ahead, also with nothing on it; raises `NotFound` for another family's."""
    ahead = (day - clock.today(at)).days
    if not 0 <= ahead <= DAYS_AHEAD:
        raise NotFound
    for one in child_days(account_id, at, days=ahead + 1, pupil_ids=[pupil_id]):
        if one.day == day:
            return one
    if pupil_id not in bookable_ids(account_id, clock.today(at)):
        raise NotFound
    return ChildDay(db.session.get_one(Pupil, pupil_id), day, (), (), (), ())


def tell(
    kind: str,
    *,
    account_id: int,
    pupil_id: int,
    day: date,
    session_id: int | None = None,
    at_time: time | None = None,
    words: str = "",
    at: datetime,
    user_id: int,
) -> DayNote:
    """Note what an adult of the family says of a child; the same said again, or said anew, takes the place of the first.

    Raises `CannotTell`, or `NotFound` for a child or a session that is not this family's.
    """
    lock_rows((Pupil, [pupil_id]))
    here = child_day(account_id, pupil_id, day, at)
    coming = {one.id for one in here.may_still(at)}
    if kind not in FAMILY_KINDS or (session_id is not None and session_id not in coming):
        raise NotFound
    if not coming:
        raise CannotTell("Everything of this day is over. Ring the school office. Nothing was noted.")
    words = " ".join(words.split())
    if kind == "collected_by" and not words:
        raise CannotTell("Say who collects. Nothing was noted.")
    for old in here.notes:
        if (
            old.kind == kind
            and old.source == "parent"
            and (old.session_id == session_id or session_id is None)
        ):
            end_note(old, at=at, user_id=user_id)
    note = DayNote(
        pupil_id=pupil_id,
        day=day,
        kind=kind,
        session_id=session_id,
        at_time=at_time,
        source="parent",
        told_at=at,
        told_by_id=user_id,
        words=words,
    )
    db.session.add(note)
    db.session.flush()
    audit.record("day_note", "day_note", note.id, at=at, user_id=user_id, kind=kind)
    return note


def take_back(note_id: int, *, account_id: int, at: datetime, user_id: int) -> DayNote:
    """Take back what this family said; raises `NotFound` for what another adult or the school said, or a past day."""
    note = db.session.get(DayNote, note_id)
    today = clock.today(at)
    if note is None or note.day < today or note.source != "parent":
        raise NotFound
    lock_rows((Pupil, [note.pupil_id]))
    if (
        note.ended_at is not None
        or note.told_by_id not in _members(account_id)
        or note.pupil_id in closed_to_accounts({account_id}, today)
    ):
        raise NotFound
    end_note(note, at=at, user_id=user_id)
    return note


def end_note(note: DayNote, *, at: datetime, user_id: int | None, list_id: int | None = None) -> None:
    """Take a note back; it stays, with who ended it and when. The caller has locked the child."""
    note.ended_at, note.ended_by_id, note.ended_by_list_id = at, user_id, list_id
    db.session.flush()
    audit.record("day_note_ended", "day_note", note.id, at=at, user_id=user_id)


def _places(account_id: int, first: date, last: date) -> list[Place]:
    """What an account has booked for these days and is on; a child's place by another account is not in it."""
    return list(
        db.session.scalars(
            select(Place)
            .join(Place.session)
            .where(Place.account_id == account_id, Place.state == "booked")
            .where(Session.date >= first, Session.date <= last, Session.status == "planned")
            .options(
                joinedload(Place.pupil),
                joinedload(Place.session).joinedload(Session.run).joinedload(Run.activity),
            )
            .order_by(Session.date, Session.starts_at, Place.id)
        )
    )


def _forecasts(account_id: int, first: date, last: date) -> list[tuple[Pupil, Session]]:
    """Free slots that an account said its children come to."""
    rows = db.session.execute(
        select(Pupil, Session)
        .join(FreeForecast, FreeForecast.pupil_id == Pupil.id)
        .join(Session, Session.id == FreeForecast.session_id)
        .where(FreeForecast.account_id == account_id, Session.status == "planned")
        .where(Session.date >= first, Session.date <= last)
        .options(joinedload(Session.run).joinedload(Run.activity))
    )
    return [(row[0], row[1]) for row in rows]


def _given_on(account_id: int, first: date, last: date) -> list[tuple[Pupil, Session]]:
    """Places of an account that went to children who waited, by the rule."""
    rows = db.session.execute(
        select(Pupil, Session)
        .join(RequestFact, RequestFact.pupil_id == Pupil.id)
        .join(Session, Session.id == RequestFact.session_id)
        .where(RequestFact.account_id == account_id, RequestFact.what == "cancelled")
        .where(RequestFact.reason == GIVEN_ON, Session.date >= first, Session.date <= last)
        .options(joinedload(Session.run).joinedload(Run.activity))
        .order_by(RequestFact.id)
    )
    return [(row[0], row[1]) for row in rows]


def _notes_for(account_id: int, pupil_ids: Iterable[int], first: date, last: date) -> list[DayNote]:
    """What stands of these children: said by an adult of the account, or by the school; never another family's words."""
    return list(
        db.session.scalars(
            select(DayNote)
            .where(DayNote.pupil_id.in_(set(pupil_ids)), DayNote.day >= first, DayNote.day <= last)
            .where(DayNote.ended_at.is_(None))
            .where(
                or_(
                    DayNote.told_by_id.in_(_members(account_id)),
                    (DayNote.source == "office") & DayNote.kind.in_(("away", "leaves_early")),
                )
            )
            .options(joinedload(DayNote.session).joinedload(Session.run).joinedload(Run.activity))
            .order_by(DayNote.id)
        )
    )


def _members(account_id: int) -> set[int]:
    rows = select(account_member.c.user_id).where(account_member.c.account_id == account_id)
    return set(db.session.scalars(rows.join(User, User.id == account_member.c.user_id)))
