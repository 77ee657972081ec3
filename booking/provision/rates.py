"""Rates as the office sets them: added, ended, never changed, so that a price can always be explained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from booking.core import clock
from booking.core.audit import record
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.core.money import format_pence
from booking.provision.price_models import Rate

SIBLING_RULE = (
    "On a day when two or more children of one family have paid sessions, one of them pays in full: the eldest, "
    "or whoever had a place that day already. The others have this price."
)
"""The rule of brothers and sisters, as the school publishes it."""


class RateRefused(BookingError):
    """The rate cannot stand as entered; nothing was saved."""


@dataclass(frozen=True)
class RateDetails:
    """What the office enters; `amount` is percent or pence, as `takes` says. Without activity or run it is for all."""

    kind: str
    name: str
    takes: str
    amount: int
    starts_on: date
    ends_on: date | None = None
    activity_id: int | None = None
    run_id: int | None = None
    weekday: int | None = None
    days_before: int | None = None


def add_rate(details: RateDetails, *, at: datetime, user_id: int | None) -> Rate:
    """Put a rate in force for places that are taken from now on; raises `RateRefused`."""
    if details.ends_on is not None and details.ends_on < details.starts_on:
        raise RateRefused("The last day is before the first. Nothing was saved.")
    if details.takes == "percent" and details.amount > 100:
        raise RateRefused("No more than 100 in a hundred can come off. Nothing was saved.")
    if details.kind == "weekday" and details.weekday is None:
        raise RateRefused("Choose the day of the week. Nothing was saved.")
    if details.kind == "early" and details.days_before is None:
        raise RateRefused("Enter how many days before the session. Nothing was saved.")
    rate = Rate(
        **{
            **details.__dict__,
            "weekday": details.weekday if details.kind == "weekday" else None,
            "days_before": details.days_before if details.kind == "early" else None,
        },
        made_at=at,
        made_by_id=user_id,
    )
    db.session.add(rate)
    db.session.flush()
    record("added", "rate", rate.id, at=at, user_id=user_id, takes=rate.takes, amount=rate.amount)
    return rate


def find_rate(rate_id: int) -> Rate:
    """A rate; raises `NotFound`."""
    rate = db.session.get(Rate, rate_id)
    if rate is None:
        raise NotFound
    return rate


def end_rate(rate_id: int, *, at: datetime, user_id: int | None) -> None:
    """Yesterday was the rate's last day; what is held or booked keeps its price."""
    rate = find_rate(rate_id)
    rate.ends_on = clock.today(at) - timedelta(days=1)
    rate.starts_on = min(rate.starts_on, rate.ends_on)
    record("ended", "rate", rate.id, at=at, user_id=user_id)
    db.session.flush()


def rate_in_words(takes: str, amount: int) -> str:
    """What a rate does to a price, such as `10% off` or `£2.00 instead`."""
    return {
        "percent": f"{amount}% off",
        "pence": f"{format_pence(amount)} off",
        "fixed": f"{format_pence(amount)} instead",
    }[takes]
