"""Who has been told of a change and has read it: for the family that answers, and for the office that rings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from booking.bookings.change_models import ChangeNotice, SchoolChange
from booking.bookings.changes import ChangeRefused
from booking.bookings.models import Place
from booking.core import audit, clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.people.models import FamilyAccount
from booking.people.restrictions import closed_to_accounts
from booking.provision.models import Run, Session


@dataclass(frozen=True)
class ChangeCount:
    """One change in the office's list: how many places it took in, and how many families have not answered."""

    change: SchoolChange
    places: int
    open: int


def notices_of(account_id: int, at: datetime) -> list[ChangeNotice]:
    """What a family has not answered yet, of today and later; never of a child whom a restriction closes to it."""
    today = clock.today(at)
    found = db.session.scalars(
        _with_words()
        .join(Place, Place.id == ChangeNotice.place_id)
        .join(Session, Session.id == Place.session_id)
        .where(ChangeNotice.account_id == account_id, ChangeNotice.answer.is_(None))
        .where(Session.date >= today)
        .order_by(Session.date, Session.starts_at, ChangeNotice.id)
    )
    closed = closed_to_accounts({account_id}, today)
    return [notice for notice in found if notice.pupil_id not in closed]


def notices_in(change_id: int, account_id: int) -> list[ChangeNotice]:
    """What one change means for one family."""
    return list(
        db.session.scalars(
            _with_words()
            .where(ChangeNotice.change_id == change_id, ChangeNotice.account_id == account_id)
            .order_by(ChangeNotice.id)
        )
    )


def to_ring(change: SchoolChange) -> Sequence[ChangeNotice]:
    """All notices of a change: first who has nowhere to go and has not answered, then who has not answered."""
    found = db.session.scalars(
        _with_words()
        .where(ChangeNotice.change_id == change.id)
        .options(joinedload(ChangeNotice.account).selectinload(FamilyAccount.users))
    ).all()
    return sorted(
        found,
        key=lambda n: (
            n.answer is not None,
            n.fallback_place_id is not None,
            n.pupil.surname.casefold(),
            n.pupil.first_name.casefold(),
            n.id,
        ),
    )


def _with_words() -> Select[Any]:
    def session_of(place: Any) -> Any:
        return joinedload(place).joinedload(Place.session).joinedload(Session.run)

    return select(ChangeNotice).options(
        joinedload(ChangeNotice.change),
        joinedload(ChangeNotice.pupil),
        session_of(ChangeNotice.place).joinedload(Run.activity),
        session_of(ChangeNotice.fallback).joinedload(Run.activity),
        session_of(ChangeNotice.fallback).joinedload(Run.room),
    )


def recent_changes() -> list[ChangeCount]:
    """The latest two hundred changes, the newest first."""
    rows = db.session.execute(
        select(
            SchoolChange,
            func.count(ChangeNotice.id).label("places"),
            func.count(ChangeNotice.id).filter(ChangeNotice.answer.is_(None)).label("unanswered"),
        )
        .outerjoin(ChangeNotice, ChangeNotice.change_id == SchoolChange.id)
        .group_by(SchoolChange.id)
        .order_by(SchoolChange.id.desc())
        .limit(200)
    )
    return [ChangeCount(*row) for row in rows]


def find_notice(notice_id: int, *, account_id: int | None, at: datetime) -> ChangeNotice:
    """One notice, for its own family or (no account) for the office; raises `NotFound` for any other."""
    notice = db.session.get(ChangeNotice, notice_id)
    if notice is None or account_id not in (None, notice.account_id):
        raise NotFound
    if account_id is not None and notice.pupil_id in closed_to_accounts({account_id}, clock.today(at)):
        raise NotFound
    return notice


def answer_notice(
    notice: ChangeNotice, answer: str, *, at: datetime, user_id: int, channel: str = "online"
) -> None:
    """Keep that a family has read it, and whether the child stays in the fallback; a later answer takes over.

    `collected` lets the free place in the fallback go. Raises `ChangeRefused` for an answer that makes no sense.
    """
    allowed = ("stays", "collected") if notice.fallback_place_id else ("read",)
    if answer not in allowed or notice.answer == "collected":
        raise ChangeRefused("This was answered already, or cannot be answered so. Nothing was changed.")
    session = db.session.get_one(Place, notice.place_id).session
    if answer == "collected" and at >= clock.instant(session.date, session.starts_at):
        raise ChangeRefused("It is too late to answer here. Please ring the school office.")
    notice.answer, notice.answered_at, notice.answered_by_id, notice.channel = answer, at, user_id, channel
    fallback = db.session.get(Place, notice.fallback_place_id) if notice.fallback_place_id else None
    is_given = fallback is not None and fallback.price_pence == 0 and fallback.booked_at == notice.change.at
    if answer == "collected" and is_given and fallback is not None and fallback.state == "booked":
        fallback.state, fallback.ended_at, fallback.ended_by_id = "cancelled", at, user_id
    audit.record(
        "change_answered", "change_notice", notice.id, at=at, user_id=user_id, answer=answer, channel=channel
    )


def sessions_beside(session: Session) -> list[Session]:
    """Other sessions of the same day where its children could go, care first."""
    found = db.session.scalars(
        select(Session)
        .join(Run, Run.id == Session.run_id)
        .where(Session.date == session.date, Session.id != session.id, Session.status == "planned")
        .where(Session.starts_at < session.ends_at, Session.ends_at > session.starts_at)
        .where(Run.status == "open")
        .order_by(Session.starts_at, Session.id)
    )
    return sorted(found, key=lambda one: one.run.activity.kind != "extended_care")
