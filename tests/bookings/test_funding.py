"""Whom a pot pays for: entitlements, named children, and one family's code; offers, moves and late money too."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select, update

from booking.bookings.basket_page import basket_view
from booking.bookings.cancellation import cancel_places
from booking.bookings.holds import give_up, hold_for_payment
from booking.bookings.models import Basket, Place
from booking.bookings.offers import make_offers
from booking.bookings.places import book_basket, book_late
from booking.bookings.pots import (
    CodeNotKnown,
    FundingDetails,
    decide_funding,
    end_funding,
    use_code,
)
from booking.bookings.swaps import Target, look_at_swap, swap_places
from booking.bookings.waiting_list import accept_offer, join_list
from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence
from booking.provision.price_models import Funding, Pot
from tests.bookings.funded import LATER, a_funded_family, all_is_well, held, money, prices
from tests.builders import AT, a_family, a_group_fact, a_place, a_session, a_user
from tests.price_builders import a_funding, a_pot, a_rate


def test_an_entitlement_pays_and_what_is_held_for_monitoring_never_does(app: Flask) -> None:
    pot = a_pot(kind="pupil_premium")
    for entitlement in ("pupil_premium", "sex"):
        a_funding(pot, rule="entitlement", entitlement=entitlement)
    entitled, other = a_family(), a_family()
    a_group_fact(entitled.pupils[0], "pupil_premium", "yes")
    a_group_fact(other.pupils[0], "sex", "yes")
    held(entitled, a_session())
    held(other, a_session())
    assert prices() == [0, 450]


def test_funding_is_for_the_kinds_and_days_that_were_decided(app: Flask) -> None:
    pot = a_pot(ends_on=date(2026, 11, 26))
    family = a_funded_family(pot, kinds=["club"])
    held(family, a_session(), a_session(date(2026, 11, 27)))
    assert prices() == [0, 450]
    db.session.rollback()
    with unit_of_work():
        db.session.execute(update(Funding).values(kinds=["breakfast"]))
    held(a_funded_family(pot, kinds=["breakfast"]), a_session())
    assert prices()[-1] == 450


def test_an_offer_and_a_move_are_funded_too_and_a_move_takes_its_money_with_it(app: Flask) -> None:
    pot = a_pot(budget_pence=450)
    full, other_day = a_session(capacity=1), a_session(date(2026, 11, 26))
    (first,) = [a_place(a_family(), full, price_pence=0).id]
    family = a_funded_family(pot)
    with unit_of_work():
        entry_id = join_list(
            family.pupils[0].id, full.id, account_id=family.account.id, at=AT, user_id=None
        ).id
    with unit_of_work():
        cancel_places([first], at=AT, user_id=None)
    with unit_of_work():
        assert make_offers(AT) == 1
    with unit_of_work():
        accept_offer(entry_id, account_id=family.account.id, at=AT, user_id=None)
    assert money(pot).spent_pence == 450
    mine = db.session.scalars(select(Place).where(Place.account_id == family.account.id)).one()
    target = Target(other_day.run_id, 3)
    assert look_at_swap([mine], target, account_id=family.account.id, at=AT).difference_pence == 0
    place_id = mine.id
    db.session.rollback()
    with unit_of_work():
        swap_places([place_id], target, account_id=family.account.id, seen_pence=0, at=AT, user_id=None)
    assert (money(pot).spent_pence, credit_pence(family.account.id)) == (450, 0)
    assert all_is_well()


@pytest.mark.parametrize("budget", [450, 449])
def test_late_money_takes_the_places_again_only_if_the_pot_still_pays(app: Flask, budget: int) -> None:
    pot = a_pot(budget_pence=450)
    family = a_funded_family(pot)
    basket_id = held(family, a_session())
    with unit_of_work():
        hold_for_payment(basket_id, at=AT)
    with unit_of_work():
        give_up(basket_id, at=LATER, user_id=None)
        db.session.execute(update(Pot).values(budget_pence=budget))
    with unit_of_work():
        assert len(book_late(basket_id, at=LATER).held) == (budget == 450)
    assert all_is_well()


def test_a_code_is_one_familys_and_makes_what_it_holds_cheaper_at_once(app: Flask) -> None:
    pot, office, family = a_pot(), a_user("manager").id, a_family()
    details = FundingDetails("code", pot.starts_on, pot.ends_on, "percent", 50)
    with unit_of_work():
        funding, code = decide_funding(pot.id, details, at=AT, user_id=office)
        assert code is not None
        assert code.replace("-", "") not in (funding.code_digest or "")
    basket_id = held(family, a_session())
    with unit_of_work():
        use_code(family.account.id, f" {code.lower()} ", at=AT, user_id=family.user.id)
    assert prices() == [225]
    assert basket_view(family.account.id, AT).total_pence == 225
    assert basket_view(family.account.id, AT).rows[0].discounts == ()
    other = a_family()
    for typed in (code, "nonsense", ""):
        with pytest.raises(CodeNotKnown), unit_of_work():
            use_code(other.account.id, typed, at=AT, user_id=None)
    with unit_of_work():
        book_basket(basket_id, at=AT, user_id=None)
        end_funding(db.session.scalars(select(Funding.id)).one(), at=AT, user_id=office)
    assert money(pot).spent_pence == 225
    held(family, a_session(date(2026, 11, 26)))
    assert prices() == [225, 450]
    assert all_is_well()


def test_a_code_that_is_over_is_not_known(app: Flask) -> None:
    pot = a_pot()
    with unit_of_work():
        funding, code = decide_funding(
            pot.id, FundingDetails("code", pot.starts_on, pot.ends_on), at=AT, user_id=None
        )
        end_funding(funding.id, at=AT, user_id=None)
    account_id = a_family().account.id
    with pytest.raises(CodeNotKnown), unit_of_work():
        use_code(account_id, code or "", at=AT, user_id=None)


def test_a_rate_that_changes_leaves_what_is_held_as_it_was(app: Flask) -> None:
    rate = a_rate("early", amount=20, days_before=1)
    family = a_family()
    basket_id = held(family, a_session())
    with unit_of_work():
        db.session.merge(rate).ends_on = date(2026, 11, 22)
        db.session.merge(rate).starts_on = date(2026, 11, 1)
    assert basket_view(family.account.id, AT).rows[0].discounts == ((rate.name, -90),)
    with unit_of_work():
        book_basket(basket_id, at=AT, user_id=None)
    assert credit_pence(family.account.id) == -360
    assert db.session.get_one(Basket, basket_id).state == "booked"
    assert all_is_well()
