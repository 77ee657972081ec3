"""What runs this half-term, for anybody: clubs and care with years, hours, price and places in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from booking.bookings.models import Place
from booking.bookings.rules import LIVE
from booking.bookings.years import years_in_words
from booking.core import clock
from booking.core.db import db
from booking.provision.models import Period, Run, Session

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
NEARLY = 0.15


@dataclass(frozen=True)
class OfferCard:
    """One run as the public reads it."""

    activity: str
    kind: str
    description: str
    seller: str | None
    days: str
    starts_at: time
    ends_at: time
    years: str
    price_pence: int
    is_free: bool
    places: str
    opens_at: datetime | None


@dataclass(frozen=True)
class Offer:
    """A half-term's cards in the order of the day, or none when nothing is planned."""

    period: Period | None
    cards: list[OfferCard]


def offer_now(at: datetime) -> Offer:
    """The half-term that is on, or the next one; drafts and closed runs are not in it."""
    today = clock.today(at)
    period = db.session.scalars(
        select(Period)
        .where(Period.kind == "half_term", Period.ends_on >= today)
        .order_by(Period.starts_on)
        .limit(1)
    ).first()
    if period is None:
        return Offer(None, [])
    runs = db.session.scalars(
        select(Run)
        .join(Run.period)
        .options(joinedload(Run.activity))
        .where(Run.status == "open", Period.starts_on <= period.ends_on, Period.ends_on >= period.starts_on)
    ).all()
    left = _left([run.id for run in runs], today)
    cards = [_card(run, left.get(run.id, (0, 0)), at) for run in runs]
    order = {"breakfast": 0, "club": 1, "study_support": 1, "family": 2, "community": 2, "extended_care": 3}
    cards.sort(key=lambda card: (order[card.kind], card.starts_at, card.activity.casefold()))
    return Offer(period, cards)


def _left(run_ids: list[int], today: date) -> dict[int, tuple[int, int]]:
    """Capacity and live places of the sessions to come, by run."""
    capacity = db.session.execute(
        select(Session.run_id, func.sum(Session.capacity).label("places"))
        .where(Session.run_id.in_(run_ids), Session.date >= today, Session.status == "planned")
        .group_by(Session.run_id)
    )
    live = db.session.execute(
        select(Session.run_id, func.count().label("taken"))
        .join(Place, Place.session_id == Session.id)
        .where(Session.run_id.in_(run_ids), Session.date >= today, Place.state.in_(LIVE))
        .group_by(Session.run_id)
    )
    taken = {row.run_id: row.taken for row in live}
    return {row.run_id: (int(row.places), int(taken.get(row.run_id, 0))) for row in capacity}


def _card(run: Run, places: tuple[int, int], at: datetime) -> OfferCard:
    activity = run.activity
    return OfferCard(
        activity=activity.name,
        kind=activity.kind,
        description=activity.description,
        seller=None if activity.seller.is_school else activity.seller.name,
        days=days_in_words(run.weekdays),
        starts_at=run.starts_at,
        ends_at=run.ends_at,
        years=years_in_words(run.year_groups),
        price_pence=run.price_pence,
        is_free=activity.is_free_slot or run.price_pence == 0,
        places=_places(activity.is_free_slot, *places),
        opens_at=run.opens_at if at < run.opens_at else None,
    )


def _places(is_free_slot: bool, capacity: int, taken: int) -> str:
    if is_free_slot:
        return "A place for every child"
    if taken >= capacity:
        return "Full: join the waiting list"
    return "Nearly full" if capacity - taken <= capacity * NEARLY else "Places left"


def days_in_words(weekdays: list[int]) -> str:
    """`Every day`, `Monday`, `Monday and Wednesday`, `Monday, Tuesday and Friday`."""
    names = [DAYS[day] for day in sorted(weekdays)]
    if len(names) == len(DAYS):
        return "Every day"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
