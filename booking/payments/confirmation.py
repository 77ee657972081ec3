"""What a booked basket's page and calendar file say; the page keeps working for as long as the basket is kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.bookings.frozen_prices import shown_lines
from booking.bookings.models import Basket, Place
from booking.bookings.price_parts import Discounts
from booking.core.clock import instant, to_school
from booking.core.db import db
from booking.core.errors import NotFound
from booking.core.money import format_pence
from booking.core.words import full_day
from booking.messages.calendar_file import CalendarEvent, calendar_file
from booking.payments.models import Payment
from booking.people.restrictions import closed_to_accounts
from booking.provision.models import Run, Session


@dataclass(frozen=True)
class BookedLine:
    """One session of a confirmation; a cancelled one stays on the page and says so."""

    place_id: int
    activity: str
    kind: str
    date: date
    starts_at: time
    ends_at: time
    room: str
    price_pence: int
    is_cancelled: bool
    credit_until: datetime
    discounts: Discounts = ()


@dataclass(frozen=True)
class Confirmation:
    """A booked basket in words: its lines by child's first name, and how it was paid."""

    reference: str
    booked_at: datetime
    children: dict[str, list[BookedLine]]
    total_pence: int
    paid_words: str
    account_id: int


def confirmation_of(reference: str, account_ids: Collection[int], on: date) -> Confirmation:
    """The confirmation of one of these accounts' baskets; raises `NotFound` for any other, or one not booked.

    What a restriction closes on a day is not in it.
    """
    basket = db.session.scalars(
        select(Basket).where(Basket.reference == reference, Basket.account_id.in_(account_ids))
    ).one_or_none()
    if basket is None or basket.state != "booked" or basket.booked_at is None:
        raise NotFound
    children: dict[str, list[BookedLine]] = {}
    closed = closed_to_accounts({basket.account_id}, on)
    places = [place for place in _booked_places(basket.id) if place.pupil_id not in closed]
    if not places:
        raise NotFound
    off = shown_lines({place.id: place.price_pence for place in places})
    for place in places:
        children.setdefault(place.pupil.first_name, []).append(_line(place, off.get(place.id, ())))
    total_pence = sum(place.price_pence for place in places)
    return Confirmation(
        reference=basket.reference,
        booked_at=basket.booked_at,
        children=children,
        total_pence=total_pence,
        paid_words=paid_words(basket.id, total_pence),
        account_id=basket.account_id,
    )


def paid_words(basket_id: int, total_pence: int) -> str:
    """How a booked basket is paid, in a sentence for each way: credit, card, promises with their dates."""
    if not total_pence:
        return "There is nothing to pay."
    payments = db.session.scalars(
        select(Payment)
        .where(Payment.basket_id == basket_id, Payment.tender != "credit")
        .where(Payment.state.in_(("paid", "promised")))
        .options(joinedload(Payment.voucher_firm))
        .order_by(Payment.id)
    ).all()
    if not payments:
        return f"{format_pence(total_pence)} was paid from your credit."
    from_credit_pence = total_pence - sum(payment.amount_pence for payment in payments)
    words = [f"{format_pence(from_credit_pence)} was paid from your credit."] if from_credit_pence > 0 else []
    by_way: dict[tuple[str, str, datetime | None], int] = {}
    for payment in payments:
        way = (*_way(payment), payment.due_at if payment.state == "promised" else None)
        by_way[way] = by_way.get(way, 0) + payment.amount_pence
    for (act, way_words, due_at), pence in by_way.items():
        due = f" by {full_day(to_school(due_at).date())}" if due_at else ""
        words.append(f"{act}{format_pence(pence)} {way_words}{due}.")
    return " ".join(words)


def _way(payment: Payment) -> tuple[str, str]:
    """The words before and after the amount; children of one family are told as one sum."""
    if payment.state != "promised":
        return "", "was paid by card"
    if payment.tender == "tfc":
        return "Please send ", "by Tax-Free Childcare"
    firm = payment.voucher_firm
    return (
        ("Please send ", f"in vouchers of {firm.name}") if firm else ("Please pay ", "at the school office")
    )


def calendar_of(reference: str, account_ids: Collection[int], *, at: datetime) -> bytes:
    """The same basket as a calendar file, with a first letter in place of each name; raises `NotFound`."""
    confirmation = confirmation_of(reference, account_ids, to_school(at).date())
    events = [
        CalendarEvent(
            uid=f"place-{line.place_id}@eight-till-six",
            title=f"{child[:1]}: {line.activity}",
            starts_at=instant(line.date, line.starts_at),
            ends_at=instant(line.date, line.ends_at),
            place=line.room,
            is_cancelled=line.is_cancelled,
        )
        for child, lines in confirmation.children.items()
        for line in lines
    ]
    return calendar_file(events, name="Eight till Six", at=at)


def _booked_places(basket_id: int) -> list[Place]:
    return list(
        db.session.scalars(
            select(Place)
            .join(Place.session)
            .where(Place.basket_id == basket_id, Place.booked_at.is_not(None))
            .options(
                joinedload(Place.pupil),
                joinedload(Place.session).joinedload(Session.run).joinedload(Run.activity),
                joinedload(Place.session).joinedload(Session.run).joinedload(Run.room),
            )
            .order_by(Place.pupil_id, Session.date, Session.starts_at)
        )
    )


def _line(place: Place, discounts: Discounts) -> BookedLine:
    run = place.session.run
    return BookedLine(
        place_id=place.id,
        activity=run.activity.name,
        kind=run.activity.kind,
        date=place.session.date,
        starts_at=place.session.starts_at,
        ends_at=place.session.ends_at,
        room=run.room.name,
        price_pence=place.price_pence,
        is_cancelled=place.state == "cancelled",
        credit_until=place.credit_until,
        discounts=discounts,
    )
