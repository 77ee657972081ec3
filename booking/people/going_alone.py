"""The yes to going home alone: on which weekdays, until which hour, and to the end of the school year it was given in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, time

from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.core.words import plain_day
from booking.people.models import Consent
from booking.people.restrictions import Restriction
from booking.people.school_years import school_year_start

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
KIND = "goes_home_alone"


def yeses(pupil_ids: Collection[int], barred: Mapping[int, list[Restriction]]) -> dict[int, Consent]:
    """The last yes of each child that was not taken back; a barred adult decides nothing, so theirs is none."""
    rows = db.session.scalars(
        select(Consent)
        .where(Consent.pupil_id.in_(pupil_ids), Consent.kind == KIND, Consent.withdrawn_at.is_(None))
        .order_by(Consent.given_at, Consent.id)
    )
    return {
        one.pupil_id: one
        for one in rows
        if one.given_by_id is None
        or all(other.adult_id != one.given_by_id for other in barred.get(one.pupil_id, ()))
    }


def latest_hour(consent: Consent) -> time | None:
    """The hour after which the child waits for an adult; None when none was said."""
    text = str(consent.details.get("latest") or "")
    return time.fromisoformat(text) if text else None


def weekdays_of(consent: Consent) -> tuple[int, ...]:
    """The weekdays it is for, Monday is 0; one that names none is for all of them."""
    return tuple(sorted(int(day) for day in consent.details.get("days") or range(len(WEEKDAYS))))


def is_of_year(consent: Consent, day: date) -> bool:
    """Whether it was given in the school year of a day: the next year asks again."""
    return school_year_start(clock.today(consent.given_at)) == school_year_start(day)


def is_for(consent: Consent, day: date) -> bool:
    """Whether it holds on a day, at some hour of it."""
    return is_of_year(consent, day) and day.weekday() in weekdays_of(consent)


def told_to_family(consent: Consent | None, day: date) -> str:
    """`not later than 16:30, on Monday and Friday`, or that it has to be agreed to again for this school year."""
    if consent is None:
        return ""
    if not is_of_year(consent, day):
        return "but that was for an earlier school year: please say it again"
    latest, days = latest_hour(consent), weekdays_of(consent)
    parts = [f"not later than {latest:%H:%M}"] if latest else []
    if not set(range(5)) <= set(days):
        parts.append(f"on {_listed([WEEKDAYS[one] for one in days])}")
    return ", ".join(parts)


def why_not_alone(consent: Consent | None, first_name: str, at: datetime) -> str:
    """Why a child may not leave alone at an instant, as one sentence; empty when they may."""
    if consent is None or consent.given_at > at:
        return f"Nobody has agreed that {first_name} may go home alone."
    wall = clock.to_school(at)
    if not is_of_year(consent, wall.date()):
        given = plain_day(clock.today(consent.given_at))
        return (
            f"The yes to going home alone is of an earlier school year ({given}). It has to be given again."
        )
    if wall.weekday() not in weekdays_of(consent):
        days = _listed([WEEKDAYS[day] for day in weekdays_of(consent)])
        return f"{first_name} may go home alone on {days} only."
    latest = latest_hour(consent)
    if latest is not None and wall.time().replace(second=0, microsecond=0) > latest:
        return f"{first_name} may go home alone until {latest:%H:%M} only, and it is {wall:%H:%M}."
    return ""


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
