"""Pots: a budget that is never passed, and money that comes back to the penny."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from booking.bookings import frozen_prices, places
from booking.bookings.cancellation import cancel_places
from booking.bookings.expiry import expire_overdue
from booking.bookings.invariants import booking_problems
from booking.bookings.models import Place, PriceLine
from booking.bookings.places import book_basket, take_holds
from booking.bookings.pots import (
    PotDetails,
    PotRefused,
    save_pot,
)
from booking.bookings.price_facts import PotMoney
from booking.bookings.price_parts import PriceFacts
from booking.core.audit import AuditEntry
from booking.core.db import db, unit_of_work
from booking.ledger.balances import lines_of
from booking.provision.price_models import Pot
from tests.bookings.funded import LATER, a_funded_family, all_is_well, balances, booked, held, money, prices
from tests.bookings.rushes import a_choice, at_once, holding, take_out_the_locks
from tests.builders import AT, a_family, a_session
from tests.price_builders import a_funding, a_pot, a_rate


def test_a_hold_keeps_the_pots_money_booking_spends_it_and_cancelling_in_time_gives_it_back(
    app: Flask,
) -> None:
    pot = a_pot(budget_pence=1000)
    family = a_funded_family(pot)
    (place,) = booked(family, a_session())
    assert money(pot) == PotMoney(pot.id, 1000, 0, 450)
    assert balances() == {"income": -450, "pot": 450}
    assert lines_of(family.account.id) == []
    held(a_funded_family(pot), a_session())
    assert money(pot) == PotMoney(pot.id, 1000, 450, 450)
    assert all_is_well()
    with unit_of_work():
        cancel_places([place], at=AT, user_id=None)
        expire_overdue(LATER)
    assert money(pot) == PotMoney(pot.id, 1000, 0, 0)
    assert balances() == {"income": 0, "pot": 0}
    assert all_is_well()


def test_cancelling_too_late_gives_nothing_back_to_anybody(app: Flask) -> None:
    pot = a_pot()
    places = booked(a_funded_family(pot), a_session())
    with unit_of_work():
        db.session.execute(update(Place).values(credit_until=AT))
        cancel_places(places, at=AT, user_id=None)
    assert money(pot).spent_pence == 450
    assert all_is_well()


def test_discount_subsidy_and_family_are_lines_of_their_own_and_come_back_exactly(app: Flask) -> None:
    a_rate()
    pot, family = a_pot(), a_family(2)
    a_funding(pot, pupil_id=family.pupils[1].id, pays="percent", amount=50)
    with unit_of_work():
        db.session.merge(family.pupils[0]).date_of_birth = date(2016, 1, 1)
    session = a_session()
    basket = a_choice(family.account, [(pupil.id, session.id) for pupil in reversed(family.pupils)])
    with unit_of_work():
        take_holds(basket.id, "all", at=AT, user_id=None)
    with unit_of_work():
        book_basket(basket.id, at=AT, user_id=None)
    assert [line.amount_pence for line in lines_of(family.account.id)] == [450, 247, -45]
    assert balances() == {"family": 652, "income": -900, "discount": 45, "pot": 203}
    assert all_is_well()
    with unit_of_work():
        cancel_places(db.session.scalars(select(Place.id)).all(), at=AT, user_id=None)
    assert set(balances().values()) == {0}
    assert all_is_well()


def test_the_check_finds_a_line_that_the_ledger_does_not_have_and_a_pot_that_is_overspent(app: Flask) -> None:
    pot = a_pot()
    (place,) = booked(a_funded_family(pot), a_session())
    with unit_of_work():
        db.session.execute(update(Pot).values(budget_pence=449))
    assert booking_problems() == [f"pot {pot.id}: 450 pence spent of 449"]
    with unit_of_work():
        db.session.execute(update(Pot).values(budget_pence=450))
        db.session.execute(update(PriceLine).where(PriceLine.kind == "funding").values(amount_pence=-449))
    assert booking_problems() == [
        f"place {place}: costs 0 pence, its lines sum to 1",
        f"place {place}: booked at income -449, pot 449, the ledger has income -450, pot 450",
    ]


def test_a_pot_that_has_run_out_means_the_plain_price_and_the_office_reads_it(app: Flask) -> None:
    pot = a_pot(budget_pence=800)
    held(a_funded_family(pot), a_session(), a_session(date(2026, 11, 26)))
    assert prices() == [0, 450]
    found = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "ran_short")).one()
    assert (found.subject_id, found.details) == (pot.id, {"places": 1})


def funded_baskets(pot: Pot, number: int) -> list[int]:
    """So many families whose child the pot pays for, each in a session of its own: the pot alone is in common."""
    families = [a_funded_family(pot) for _ in range(number)]
    return [a_choice(f.account, [(f.pupils[0].id, a_session().id)]).id for f in families]


def test_of_many_funded_families_at_one_moment_only_as_many_are_paid_as_the_pot_can(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    pot = a_pot(budget_pence=900)
    baskets = funded_baskets(pot, 6)
    look = frozen_prices.with_money

    def look_for_a_while(*args: Any, **values: Any) -> PriceFacts:
        found = look(*args, **values)
        time.sleep(0.1)
        return found

    monkeypatch.setattr(frozen_prices, "with_money", look_for_a_while)
    results = at_once(app, [holding(basket) for basket in baskets])
    assert all(len(one) == 1 for one in results), results
    assert sorted(prices()) == [0, 0, 450, 450, 450, 450]
    assert money(pot).left_pence == 0
    assert all_is_well()


def test_the_control_without_the_lock_spends_the_pot_twice(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    pot = a_pot(budget_pence=450)
    baskets = funded_baskets(pot, 2)
    take_out_the_locks(monkeypatch, 2, [(frozen_prices, "with_money")], locks=[places])
    at_once(app, [holding(basket) for basket in baskets])
    assert prices() == [0, 0]
    assert money(pot).left_pence == -450


def test_a_hold_that_is_over_cannot_be_kept_on_once_its_money_went_to_another(app: Flask) -> None:
    pot = a_pot(budget_pence=450)
    held(a_funded_family(pot), a_session())
    other, session = a_funded_family(pot), a_session()
    basket = a_choice(other.account, [(other.pupils[0].id, session.id)])
    with unit_of_work():
        take_holds(basket.id, "all", at=LATER, user_id=None)
    states = [(row.state, row.price_pence) for row in db.session.scalars(select(Place).order_by(Place.id))]
    assert states == [("expired", 0), ("held", 0)]


def test_a_budget_cannot_be_cut_below_what_is_spent_or_promised(app: Flask) -> None:
    pot = a_pot(budget_pence=1000)
    family = a_funded_family(pot)
    booked(family, a_session())
    held(a_funded_family(pot), a_session())
    details = PotDetails(pot.name, "hardship", 899, pot.starts_on, pot.ends_on)
    with pytest.raises(PotRefused), unit_of_work():
        save_pot(pot.id, details, at=AT, user_id=None)
    with unit_of_work():
        save_pot(
            pot.id, PotDetails(pot.name, "hardship", 900, pot.starts_on, pot.ends_on), at=AT, user_id=None
        )
    assert db.session.get_one(Pot, pot.id).budget_pence == 900
