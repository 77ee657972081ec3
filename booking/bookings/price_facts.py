"""Reads what prices depend on: rates and funding before the locks, then (under them) what pots have left.

Of a child nothing is read but its day of birth and its entitlements; what is held for monitoring is out of reach.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, Row, and_, func, or_, select

from booking.bookings.models import Place, PriceLine
from booking.bookings.price_parts import FundingFacts, PriceFacts, RateFacts, Taken
from booking.bookings.rules import LIVE
from booking.core import clock
from booking.core.db import db
from booking.ledger.balances import pot_balances
from booking.people.entitlements import entitlements_at
from booking.people.models import Pupil
from booking.provision.models import Run, Session
from booking.provision.price_models import Funding, Pot, Rate, RateHolder

ENTITLEMENTS = {
    "pupil_premium": "has pupil premium",
    "fsm": "has free school meals",
    "fsm6": "had free school meals in the last six years",
    "looked_after": "is or was looked after by a council",
    "service_child": "has a parent in the armed forces",
    "young_carer": "cares for somebody at home",
}
"""Facts held for entitlement by which a pot may pay; a fact counts while its value is `yes`."""
RATE_FIELDS = tuple(name for name in RateFacts.__dataclass_fields__ if name != "holders")


def read_prices(account_id: int, pupil_ids: Collection[int], at: datetime) -> PriceFacts:
    """The rates and the funding of some children of a family; two queries where a school has neither."""
    on = clock.today(at)
    rates = _rates(account_id, pupil_ids, on)
    fundings = _fundings(account_id, pupil_ids, on)
    facts = PriceFacts(on, rates, fundings)
    if facts.is_plain:
        return facts
    births = db.session.execute(select(Pupil.id, Pupil.date_of_birth).where(Pupil.id.in_(pupil_ids)))
    return replace(facts, born={row.id: row.date_of_birth for row in births})


def with_money(
    facts: PriceFacts, account_id: int, days: Iterable[date], at: datetime, *, without: Collection[int] = ()
) -> PriceFacts:
    """The same facts with what the pots have left, and what the family has on these days `without` some places."""
    if facts.is_plain:
        return facts
    is_asked = any(rate.kind == "sibling" for rate in facts.rates)
    taken = _taken(account_id, set(days), without) if is_asked else ()
    return replace(facts, left={one.pot_id: one.left_pence for one in pot_money(facts.pots, at)}, taken=taken)


def _rates(account_id: int, pupil_ids: Collection[int], on: date) -> tuple[RateFacts, ...]:
    rows = db.session.execute(
        select(*(getattr(Rate, name) for name in RATE_FIELDS))
        .where(or_(Rate.ends_on.is_(None), Rate.ends_on >= on))
        .order_by(Rate.id)
    ).all()
    held = _holders([row.id for row in rows if row.kind in {"staff", "child"}], account_id, pupil_ids)
    found = []
    for row in rows:
        holders = held.get(row.id, frozenset()) if row.kind in {"staff", "child"} else None
        if holders is None or holders:
            found.append(RateFacts(**row._mapping, holders=holders))
    return tuple(found)


def _holders(
    rate_ids: Collection[int], account_id: int, pupil_ids: Collection[int]
) -> dict[int, frozenset[int]]:
    """Which of the children have a rate by the office's decision, by rate; an account's rate is all its children's."""
    if not rate_ids:
        return {}
    rows = db.session.execute(
        select(RateHolder.rate_id, RateHolder.pupil_id).where(
            RateHolder.rate_id.in_(rate_ids),
            RateHolder.ended_at.is_(None),
            or_(RateHolder.account_id == account_id, RateHolder.pupil_id.in_(pupil_ids)),
        )
    ).all()
    found: dict[int, frozenset[int]] = {}
    for row in rows:
        new = frozenset(pupil_ids if row.pupil_id is None else [row.pupil_id])
        found[row.rate_id] = found.get(row.rate_id, frozenset()) | new
    return found


def _fundings(account_id: int, pupil_ids: Collection[int], on: date) -> tuple[FundingFacts, ...]:
    rows = db.session.execute(
        select(Funding, Pot.starts_on, Pot.ends_on)
        .join(Pot, Pot.id == Funding.pot_id)
        .where(
            Funding.ended_at.is_(None),
            Funding.ends_on >= on,
            Pot.ends_on >= on,
            or_(
                Funding.rule == "entitlement",
                Funding.pupil_id.in_(pupil_ids),
                and_(Funding.rule == "code", Funding.account_id == account_id),
            ),
        )
        .order_by(Funding.id)
    ).all()
    is_asked = any(row.Funding.rule == "entitlement" for row in rows)
    entitled = entitlements_at(on, pupil_ids=pupil_ids) if is_asked else {}
    found = []
    for row in rows:
        one: Funding = row.Funding
        pupils = {
            "child": frozenset([one.pupil_id or 0]),
            "code": frozenset(pupil_ids),
            "entitlement": frozenset(
                pupil_id for pupil_id, facts in entitled.items() if facts.get(one.entitlement or "") == "yes"
            ),
        }[one.rule]
        if pupils:
            found.append(_facts(one, row, pupils))
    return tuple(found)


def _facts(one: Funding, row: Row[Funding, date, date], pupils: frozenset[int]) -> FundingFacts:
    return FundingFacts(
        one.id,
        one.pot_id,
        one.pays,
        one.amount,
        frozenset(one.kinds),
        max(one.starts_on, row[1]),
        min(one.ends_on, row[2]),
        pupils,
    )


def _taken(account_id: int, days: set[date], without: Collection[int]) -> tuple[Taken, ...]:
    """What the family has on these days that costs something, by whoever pays."""
    sibling = select(PriceLine.id).where(PriceLine.place_id == Place.id, PriceLine.kind == "sibling")
    full = select(PriceLine.id).where(PriceLine.place_id == Place.id)
    rows = db.session.execute(
        select(
            Place.pupil_id,
            Session.date,
            Run.activity_id,
            Session.run_id,
            sibling.exists().label("is_sibling"),
        )
        .join(Session, Session.id == Place.session_id)
        .join(Run, Run.id == Session.run_id)
        .where(Place.account_id == account_id, Place.state.in_(LIVE), Session.date.in_(days))
        .where(or_(Place.price_pence > 0, full.exists()), Place.id.not_in(without))
    )
    return tuple(Taken(*row) for row in rows)


@dataclass(frozen=True)
class PotMoney:
    """What a pot has and where it went, in pence: kept for places that are only held, and spent on booked ones."""

    pot_id: int
    budget_pence: int
    held_pence: int
    spent_pence: int

    @property
    def left_pence(self) -> int:
        """What it can still pay."""
        return self.budget_pence - self.held_pence - self.spent_pence


def in_pots(pot_ids: Collection[int]) -> ColumnElement[bool]:
    """Places of which some of these pots pay a part."""
    return Place.id.in_(select(PriceLine.place_id).where(PriceLine.pot_id.in_(pot_ids)))


def pot_money(pot_ids: Collection[int], at: datetime) -> list[PotMoney]:
    """These pots as they stand: budgets, less what holds that still run keep, less what the ledger says was spent."""
    if not pot_ids:
        return []
    budgets = db.session.execute(select(Pot.id, Pot.budget_pence).where(Pot.id.in_(pot_ids)).order_by(Pot.id))
    held = db.session.execute(
        select(PriceLine.pot_id, func.sum(PriceLine.amount_pence))
        .join(Place, Place.id == PriceLine.place_id)
        .where(PriceLine.pot_id.in_(pot_ids), Place.state == "held")
        .where(or_(Place.held_until.is_(None), Place.held_until > at))
        .group_by(PriceLine.pot_id)
    )
    kept, spent = {pot_id: -int(pence) for pot_id, pence in held}, pot_balances(pot_ids)
    return [PotMoney(row.id, row.budget_pence, kept.get(row.id, 0), spent.get(row.id, 0)) for row in budgets]


def open_pots(at: datetime) -> list[int]:
    """The pots that may still pay for anybody: whoever cannot say beforehand for whom locks them all."""
    return list(db.session.scalars(select(Pot.id).where(Pot.ends_on >= clock.today(at)).order_by(Pot.id)))
