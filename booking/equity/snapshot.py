"""What a report is counted from: who was on the roll at a day, what was true of them then, and who took part.

Everything is read for one reporting date and then frozen with the release, so that a later correction changes no
report that governors have seen.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, or_, select

from booking.bookings.models import Place
from booking.core.db import db
from booking.core.errors import BookingError
from booking.equity.uptake import PupilRow
from booking.people.code_lists import is_eal, major_group
from booking.people.group_facts import facts_at, objectors
from booking.people.models import Pupil
from booking.provision.models import Period, Session
from booking.registers.events import not_undone
from booking.registers.models import Mark

UNKNOWN = "Not known"
SEN_WORDS = {"N": "No SEN", "K": "SEN support", "E": "EHC plan"}
SEX_WORDS = {"F": "Girls", "M": "Boys"}
CHARACTERISTICS = ("pupil_premium", "eal", "sen", "ethnicity", "sex", "phase")


class NotAPeriod(BookingError):
    """The dates are not the edges of a half-term, term or year; the ones that can be had are listed."""


def find_period(starts_on: date, ends_on: date) -> Period:
    """The half-term, term or year with exactly these edges; raises `NotAPeriod` with the list of all."""
    period = db.session.scalars(
        select(Period).where(Period.starts_on == starts_on, Period.ends_on == ends_on).order_by(Period.id)
    ).first()
    if period is None:
        known = "; ".join(f"{p.name}: {p.starts_on} to {p.ends_on}" for p in all_periods())
        raise NotAPeriod(f"{starts_on} to {ends_on} is no half-term, term or year. You can ask for {known}.")
    return period


def all_periods() -> list[Period]:
    """Every period, newest first, and the shorter first where two begin on one day."""
    return list(db.session.scalars(select(Period).order_by(Period.starts_on.desc(), Period.ends_on)))


def finished_periods(today: date) -> list[Period]:
    """The periods that are over, newest first: only these can be released."""
    return [period for period in all_periods() if period.ends_on < today]


def last_finished_half_term(today: date) -> Period | None:
    """The half-term that ended last."""
    return next((p for p in finished_periods(today) if p.kind == "half_term"), None)


def pupils_on_roll(on: date) -> list[PupilRow]:
    """Every pupil on the roll at a day with the groups that held then, by id; visitors and expected are not in it.

    Nor are those whose families object in writing to being counted.
    """
    pupils = db.session.scalars(
        select(Pupil)
        .where(Pupil.status.in_(("on_roll", "left")))
        .where(or_(Pupil.joined_on.is_(None), Pupil.joined_on <= on))
        .where(or_(Pupil.left_on.is_(None), Pupil.left_on > on))
        .order_by(Pupil.id)
    ).all()
    facts, not_counted = facts_at(on), objectors(on)
    return [
        PupilRow(p.id, p.year_group or "", _groups(facts[p.id], p.year_group))
        for p in pupils
        if p.id not in not_counted
    ]


def _groups(facts: dict[str, str], year_group: str | None) -> dict[str, str]:
    eal = is_eal(facts.get("language", ""))
    return {
        "pupil_premium": "Pupil premium" if facts.get("pupil_premium") == "yes" else "Not pupil premium",
        "eal": UNKNOWN if eal is None else ("EAL" if eal else "Not EAL"),
        "sen": SEN_WORDS.get(facts.get("sen", "N"), UNKNOWN),
        "ethnicity": major_group(facts.get("ethnicity", "")) or "Unknown",
        "sex": SEX_WORDS.get(facts.get("sex", ""), UNKNOWN),
        "phase": _phase(year_group),
    }


def _phase(year_group: str | None) -> str:
    if year_group in {"N1", "N2"}:
        return "Nursery"
    return "Reception to Year 2" if year_group in {"R", "1", "2"} else "Years 3 to 6"


def sessions_attended(starts_on: date, ends_on: date) -> dict[int, int]:
    """Sessions that each pupil came to between two days (both included), from the marks that stand."""
    rows = db.session.execute(
        select(Mark.pupil_id, func.count(func.distinct(Mark.session_id)))
        .join(Session, Session.id == Mark.session_id)
        .where(Mark.what.in_(("arrived", "walk_in")), not_undone())
        .where(Session.date.between(starts_on, ends_on))
        .group_by(Mark.pupil_id)
    )
    return {pupil_id: count for pupil_id, count in rows}  # noqa: C416


def sessions_booked(starts_on: date, ends_on: date) -> dict[int, int]:
    """Sessions that each pupil has a booked place in between two days, whether it is past or to come."""
    rows = db.session.execute(
        select(Place.pupil_id, func.count())
        .join(Session, Session.id == Place.session_id)
        .where(Place.state == "booked", Session.date.between(starts_on, ends_on))
        .group_by(Place.pupil_id)
    )
    return {pupil_id: count for pupil_id, count in rows}  # noqa: C416
