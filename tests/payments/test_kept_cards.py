"""A card is kept by Stripe alone, only where the parent agreed there, and is forgotten when they say so."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.office.erasure import erase_user
from booking.payments.card_models import CardCustomer
from booking.payments.kept_cards import forget_cards
from stripe_double import happenings
from tests.browser import Browser
from tests.builders import Family
from tests.payments.card_ways import assert_booked_once
from tests.payments.families import a_family_with_a_basket, hold, payments_of, some_sessions, states_of
from tests.stripe_here import StripeHere


def press_card(parent: Browser, family: Family, *, expect: int = 303) -> None:
    """Go to the card page."""
    parent.sign_in(family.user)
    parent.post("payments.pay", {"tender": "card", "seen_pence": "900"}, expect=expect)


def customers() -> list[str]:
    """The numbers at Stripe that are kept here, read afresh."""
    db.session.rollback()
    return list(db.session.scalars(select(CardCustomer.stripe_customer_id)))


def test_a_card_is_kept_at_stripe_where_the_parent_agrees_and_offered_the_next_time(
    here: StripeHere, parent: Browser, now: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    press_card(parent, family)
    (customer,) = customers()
    at_stripe = here.account.store.get("customer", customer)
    assert at_stripe is not None
    assert (at_stripe["email"], at_stripe["metadata"]) == (None, {})
    session_id = payments_of(basket_id)[0].stripe_session_id or ""
    session = here.account.session(session_id)
    assert session["saved_payment_method_options"] == {"payment_method_save": "enabled"}
    happenings.pay(here.account, session_id, keeps_card=True)
    here.deliver()
    assert_booked_once(basket_id, family)
    second = hold(family, some_sessions(now, 4)[2:], now)
    press_card(parent, family)
    again = here.account.session(payments_of(second)[0].stripe_session_id or "")
    assert again["customer"] == customer
    assert len(here.account.cards_of(again["customer"])) == 1


def test_a_parent_lets_their_card_be_forgotten(here: StripeHere, parent: Browser, now: datetime) -> None:
    family, basket_id = a_family_with_a_basket(now)
    press_card(parent, family)
    (customer,) = customers()
    happenings.pay(here.account, payments_of(basket_id)[0].stripe_session_id or "", keeps_card=True)
    here.deliver()
    assert "Forget my card" in parent.get("payments.account").text
    parent.post("payments.forget_card", expect=303)
    assert "Forget my card" not in parent.get("payments.account").text
    here.account.faults.plan("delete_customer", "lost_before", "lost_after")
    later = now + timedelta(minutes=1)
    assert [forget_cards(later + timedelta(minutes=n), here.gateway) for n in (0, 1, 11, 22, 33)] == [
        0,
        0,
        0,
        1,
        0,
    ]
    assert customers() == []
    assert here.account.cards_of(customer) == []
    hold(family, some_sessions(now, 4)[2:], now)
    press_card(parent, family)
    assert customer not in customers()


def test_who_is_erased_is_forgotten_at_stripe_too(here: StripeHere, parent: Browser, now: datetime) -> None:
    family, _ = a_family_with_a_basket(now)
    press_card(parent, family)
    (customer,) = customers()
    with unit_of_work():
        erase_user(family.user.id)
    assert forget_cards(now + timedelta(minutes=1), here.gateway) == 1
    assert here.account.store.get("customer", customer) is None


@pytest.mark.parametrize("fault", ["lost_before", "lost_after", "too_many", "broken_after"])
def test_what_goes_wrong_with_keeping_never_stops_a_payment(
    app: Flask, here: StripeHere, parent: Browser, now: datetime, fault: str
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    here.account.faults.plan("create_customer", fault)
    press_card(parent, family)
    here.pay(payments_of(basket_id)[0].stripe_session_id)
    here.deliver()
    assert_booked_once(basket_id, family)
    assert customers() == []


def test_a_number_that_stripe_has_deleted_is_dropped_and_the_next_press_pays(
    here: StripeHere, parent: Browser, now: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    parent.sign_in(family.user)
    with unit_of_work():
        db.session.add(CardCustomer(user_id=family.user.id, stripe_customer_id="cus_gone", at=now))
    press_card(parent, family, expect=503)
    assert customers() == []
    assert states_of(basket_id) == ("open", ["held", "held"])
    press_card(parent, family)
    assert [one.state for one in payments_of(basket_id)] == ["failed", "started"]
