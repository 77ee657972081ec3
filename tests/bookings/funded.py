"""Families whose places a pot pays, and how pot and ledger stand after what they do."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from booking.bookings.invariants import booking_problems
from booking.bookings.models import Place
from booking.bookings.places import book_basket, take_holds
from booking.bookings.price_facts import PotMoney, pot_money
from booking.core.db import db, unit_of_work
from booking.ledger.balances import ledger_problems
from booking.ledger.models import EntryLine, LedgerAccount
from booking.provision.models import Session
from booking.provision.price_models import Pot
from tests.bookings.rushes import a_choice
from tests.builders import AT, Family, a_family
from tests.price_builders import a_funding

LATER = AT + timedelta(minutes=16)


def held(family: Family, *sessions: Session, pupil: int = 0) -> int:
    """The family holds these for one of its children; the basket's id."""
    basket = a_choice(family.account, [(family.pupils[pupil].id, one.id) for one in sessions])
    with unit_of_work():
        assert take_holds(basket.id, "all", at=AT, user_id=None).refused == []
    return basket.id


def booked(family: Family, *sessions: Session) -> list[int]:
    """The same, and booked; the ids of the places."""
    basket_id = held(family, *sessions)
    with unit_of_work():
        book_basket(basket_id, at=AT, user_id=None)
    ids = list(db.session.scalars(select(Place.id).where(Place.basket_id == basket_id).order_by(Place.id)))
    db.session.rollback()
    return ids


def money(pot: Pot) -> PotMoney:
    """The pot as it stands at this moment."""
    (found,) = pot_money([pot.id], AT)
    db.session.rollback()
    return found


def prices() -> list[int]:
    return list(db.session.scalars(select(Place.price_pence).order_by(Place.id)))


def all_is_well() -> bool:
    return booking_problems() == [] and ledger_problems() == []


def balances() -> dict[str, int]:
    """What every ledger account stands at, by kind."""
    rows = db.session.execute(
        select(LedgerAccount.kind, func.sum(EntryLine.amount_pence))
        .join(EntryLine, EntryLine.account_id == LedgerAccount.id)
        .group_by(LedgerAccount.kind)
    )
    return {kind: int(pence) for kind, pence in rows}


def a_funded_family(pot: Pot, **values: object) -> Family:
    family = a_family()
    a_funding(pot, pupil_id=family.pupils[0].id, **values)
    return family
