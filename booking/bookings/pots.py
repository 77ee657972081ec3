"""Pots as the office keeps them: a budget, whom it pays for, and codes that a family enters."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select, update

from booking.bookings.baskets import open_basket
from booking.bookings.frozen_prices import keep_lines, price_to_hold
from booking.bookings.holds import BasketIsPaying
from booking.bookings.models import Basket, Place, PriceLine
from booking.bookings.price_facts import pot_money, read_prices
from booking.bookings.situations import load_situation
from booking.core import clock
from booking.core.audit import AuditEntry, record
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.people.codes import LENGTH, LETTERS, plain_code
from booking.people.invitations import token_digest
from booking.people.models import FamilyAccount, Pupil
from booking.provision.models import Session
from booking.provision.price_models import Funding, Pot


class PotRefused(BookingError):
    """The pot or the decision cannot stand as entered; nothing was saved."""


class CodeNotKnown(BookingError):
    """No code of the school, or one that was used or is over; the words are the same for all of them."""

    def __init__(self) -> None:
        super().__init__(
            "That code is not known, or it was used before or has ended. Nothing was changed. "
            "Check each letter, or ask the school office."
        )


@dataclass(frozen=True)
class PotDetails:
    """What the office enters of a pot; the budget in pence, for sessions from the first day to the last."""

    name: str
    kind: str
    budget_pence: int
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class FundingDetails:
    """One decision: by `entitlement`, for one `child`, or by `code`; pays all, percent or pence of the rest."""

    rule: str
    starts_on: date
    ends_on: date
    pays: str = "all"
    amount: int = 0
    kinds: tuple[str, ...] = ()
    entitlement: str | None = None
    pupil_id: int | None = None


@dataclass(frozen=True)
class Funded:
    """What a pot paid or keeps for one child: places, and pence that did not come back."""

    pupil: Pupil
    places: int
    pence: int


def find_pot(pot_id: int) -> Pot:
    """A pot; raises `NotFound`."""
    pot = db.session.get(Pot, pot_id)
    if pot is None:
        raise NotFound
    return pot


def save_pot(pot_id: int | None, details: PotDetails, *, at: datetime, user_id: int | None) -> Pot:
    """Open a pot or change it; raises `PotRefused` for a budget below what is spent and kept, or a name that is taken."""
    if details.ends_on < details.starts_on:
        raise PotRefused("The last day is before the first. Nothing was saved.")
    same = select(Pot.id).where(func.lower(Pot.name) == details.name.lower(), Pot.id != (pot_id or 0))
    if db.session.scalar(same) is not None:
        raise PotRefused("There is a pot with that name. Nothing was saved.")
    pot = Pot() if pot_id is None else find_pot(pot_id)
    if pot_id is not None:
        lock_rows((Pot, [pot_id]))
        (money,) = pot_money([pot_id], at)
        if details.budget_pence < money.budget_pence - money.left_pence:
            raise PotRefused("More than that is spent or promised already. Nothing was saved.")
    for name, value in details.__dict__.items():
        setattr(pot, name, value)
    db.session.add(pot)
    db.session.flush()
    record("saved", "pot", pot.id, at=at, user_id=user_id, budget_pence=pot.budget_pence)
    return pot


def decide_funding(
    pot_id: int, details: FundingDetails, *, at: datetime, user_id: int | None
) -> tuple[Funding, str | None]:
    """Let a pot pay from now on; with a code, that code as it is printed, which is kept nowhere. Raises `PotRefused`."""
    find_pot(pot_id)
    if details.ends_on < details.starts_on:
        raise PotRefused("The last day is before the first. Nothing was saved.")
    if details.rule == "child" and db.session.get(Pupil, details.pupil_id or 0) is None:
        raise PotRefused("Choose the child. Nothing was saved.")
    if details.pays != "all" and not 0 < details.amount <= (100 if details.pays == "percent" else 10**6):
        raise PotRefused("Enter how much it pays. Nothing was saved.")
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH)) if details.rule == "code" else None
    funding = Funding(
        pot_id=pot_id,
        rule=details.rule,
        entitlement=details.entitlement if details.rule == "entitlement" else None,
        pupil_id=details.pupil_id if details.rule == "child" else None,
        code_digest=token_digest(code) if code else None,
        pays=details.pays,
        amount=0 if details.pays == "all" else details.amount,
        kinds=list(details.kinds),
        starts_on=details.starts_on,
        ends_on=details.ends_on,
        decided_at=at,
        decided_by_id=user_id,
    )
    db.session.add(funding)
    db.session.flush()
    record("decided", "funding", funding.id, at=at, user_id=user_id, pot_id=pot_id)
    return funding, f"{code[:4]}-{code[4:8]}-{code[8:]}" if code else None


def find_funding(funding_id: int) -> Funding:
    """A decision that has not ended; raises `NotFound`."""
    funding = db.session.get(Funding, funding_id)
    if funding is None or funding.ended_at is not None:
        raise NotFound
    return funding


def end_funding(funding_id: int, *, at: datetime, user_id: int | None) -> None:
    """The pot pays no more by this decision; what is held or booked keeps its price. Raises `NotFound`."""
    find_funding(funding_id).ended_at = at
    record("ended", "funding", funding_id, at=at, user_id=user_id)
    db.session.flush()


def use_code(account_id: int, typed: str, *, at: datetime, user_id: int | None) -> None:
    """A family enters its code: it is this family's from now on, and what the family holds is priced afresh.

    Raises `CodeNotKnown`, or `BasketIsPaying` while a card page is open; then nothing is changed.
    """
    basket = open_basket(account_id)
    if basket is not None and basket.state == "paying":
        raise BasketIsPaying
    funding_id = db.session.scalar(
        update(Funding)
        .where(Funding.code_digest == token_digest(plain_code(typed)), Funding.account_id.is_(None))
        .where(Funding.ended_at.is_(None), Funding.ends_on >= clock.today(at))
        .values(account_id=account_id, used_at=at)
        .returning(Funding.id)
    )
    if funding_id is None:
        raise CodeNotKnown
    record("code_used", "funding", funding_id, at=at, user_id=user_id)
    if basket is not None:
        _price_afresh(basket, at)


def _price_afresh(basket: Basket, at: datetime) -> None:
    """What a basket holds costs what it would if it were taken now; nothing else about the holds changes."""
    account_id, live = basket.account_id, (Place.basket_id == basket.id, Place.state == "held")
    pupils = set(db.session.scalars(select(Place.pupil_id).where(*live)))
    facts = read_prices(account_id, pupils, at)
    lock_rows((FamilyAccount, [account_id]), (Pot, facts.pots))
    rows = db.session.execute(
        select(Place.id, Place.pupil_id, Place.session_id).where(*live, Place.held_until > at)
    ).all()
    ids = {(row.pupil_id, row.session_id): row.id for row in rows}
    situation = load_situation(pupils, {session_id for _, session_id in ids}, at, account_id=account_id)
    prices = price_to_hold(situation, facts, account_id, ids, instead_of=list(ids.values()))
    db.session.execute(delete(PriceLine).where(PriceLine.place_id.in_(ids.values())))
    for pair, price in prices.items():
        db.session.execute(update(Place).where(Place.id == ids[pair]).values(price_pence=price.pence))
    keep_lines({ids[pair]: price for pair, price in prices.items()})


def funded_by(pot_id: int) -> list[Funded]:
    """The children whose places a pot pays or keeps money for, and how much, the most first."""
    rows = db.session.execute(
        select(Place.pupil_id, func.count(), func.sum(PriceLine.amount_pence))
        .join(PriceLine, PriceLine.place_id == Place.id)
        .where(PriceLine.pot_id == pot_id, Place.state.in_(("held", "booked")))
        .group_by(Place.pupil_id)
        .order_by(func.sum(PriceLine.amount_pence), Place.pupil_id)
    ).all()
    pupils = _pupils([row.pupil_id for row in rows])
    return [Funded(pupils[pupil_id], places, -int(pence)) for pupil_id, places, pence in rows]


def _pupils(ids: Collection[int]) -> dict[int, Pupil]:
    return {pupil.id: pupil for pupil in db.session.scalars(select(Pupil).where(Pupil.id.in_(ids)))}


def used_up_to(pot_id: int, on: date) -> int:
    """What a pot has paid for sessions that have been by a day, in pence."""
    total = db.session.scalar(
        select(func.sum(PriceLine.amount_pence))
        .join(Place, Place.id == PriceLine.place_id)
        .join(Session, Session.id == Place.session_id)
        .where(PriceLine.pot_id == pot_id, Place.state == "booked", Session.date <= on)
    )
    return -int(total or 0)


def short_pots(at: datetime) -> dict[int, int]:
    """Pots that ran short in the last two weeks and were not raised since, with the places that went unpaid."""
    raised = (
        select(func.max(AuditEntry.id))
        .where(AuditEntry.subject == "pot", AuditEntry.action == "saved")
        .group_by(AuditEntry.subject_id)
    )
    last = dict(
        db.session.execute(
            select(AuditEntry.subject_id, AuditEntry.id).where(AuditEntry.id.in_(raised))
        ).all()
    )
    rows = db.session.scalars(
        select(AuditEntry).where(
            AuditEntry.subject == "pot",
            AuditEntry.action == "ran_short",
            AuditEntry.at > at - timedelta(days=14),
        )
    )
    found: dict[int, int] = {}
    for row in rows:
        if row.subject_id is not None and row.id > last.get(row.subject_id, 0):
            found[row.subject_id] = found.get(row.subject_id, 0) + int(row.details["places"])
    return found
