"""Paying by card through the double: one page a basket, booked by Stripe's word alone, in whatever order it comes."""

import threading
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.bookings.models import Basket, Place
from booking.core.db import db, unit_of_work
from booking.core.outbox import OutboxMessage
from booking.payments.checkout import open_page, start_card
from booking.payments.fulfilment import Outcome, fulfil
from booking.payments.gateway import CalledWhileWriting, Gateway
from booking.payments.models import Payment, StripeEvent
from tests.browser import Browser
from tests.builders import a_family
from tests.payments.card_ways import (
    BASE_URL,
    assert_booked_once,
    come_back,
    go_to_card_page,
    in_threads,
)
from tests.payments.conftest import Stripe
from tests.payments.families import (
    a_family_with_a_basket,
    payments_of,
    states_of,
)


def test_a_card_page_opens_for_the_servers_amount_and_keeps_the_places(
    stripe: Stripe, parent: Browser, now: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    url = go_to_card_page(parent, family)
    assert url.startswith(stripe.double.url)
    (payment,) = payments_of(basket_id)
    assert (payment.state, payment.amount_pence) == ("started", 900)
    assert payment.expires_at is not None
    assert timedelta(minutes=30) < payment.expires_at - now <= timedelta(minutes=32)
    assert states_of(basket_id) == ("paying", ["held", "held"])
    held = db.session.scalars(select(Place.held_until).where(Place.basket_id == basket_id)).all()
    assert held == [None, None]
    facts = stripe.gateway.retrieve_session(payment.stripe_session_id or "")
    assert (facts.status, facts.payment_status, facts.amount_pence, facts.currency) == (
        "open",
        "unpaid",
        900,
        "gbp",
    )
    assert facts.reference == payment.idempotency_key


def test_credit_goes_first_and_the_card_pays_the_rest(stripe: Stripe, parent: Browser, now: datetime) -> None:
    family, basket_id = a_family_with_a_basket(now, credit_pence=250)
    page = parent.sign_in(family.user).get("payments.checkout")
    assert "Pay £6.50 by card and book" in page.text
    stripe.double.press(go_to_card_page(parent, family), "pay")
    come_back(parent, basket_id)
    assert_booked_once(basket_id, family, 650)
    reference = db.session.get_one(Basket, basket_id).reference
    words = parent.get("payments.confirmation", reference=reference).text
    assert "£2.50 was paid from your credit. £6.50 was paid by card." in words


def test_pressing_pay_twice_leads_to_the_same_page(stripe: Stripe, parent: Browser, now: datetime) -> None:
    family, basket_id = a_family_with_a_basket(now)
    assert go_to_card_page(parent, family) == go_to_card_page(parent, family)
    assert len(payments_of(basket_id)) == 1


def test_two_presses_at_the_same_time_open_one_page(stripe: Stripe, app: Flask, now: datetime) -> None:
    family, basket_id = a_family_with_a_basket(now)
    account_id, urls, barrier = family.account.id, set(), threading.Barrier(2)

    def press() -> None:
        with app.app_context():
            barrier.wait()
            with unit_of_work():
                payment_id = start_card(account_id, seen_pence=900, at=now, user_id=None).id
            urls.add(open_page(payment_id, gateway=stripe.gateway, base_url=BASE_URL, at=now).url)

    in_threads(press, 2)
    assert len(urls) == 1
    assert len(payments_of(basket_id)) == 1


@pytest.mark.parametrize("order", ["event first", "page first", "event twice", "page twice", "event alone"])
def test_event_and_return_in_any_order_book_once(
    stripe: Stripe, parent: Browser, now: datetime, order: str
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    stripe.double.press(go_to_card_page(parent, family), "pay")
    event = stripe.event("checkout.session.completed")
    if order == "page first":
        assert come_back(parent, basket_id) == f"/bookings/{db.session.get_one(Basket, basket_id).reference}"
    stripe.deliver(event)
    assert_booked_once(basket_id, family)
    if order == "event twice":
        stripe.deliver(event)
    if order != "event alone":
        come_back(parent, basket_id)
    if order == "page twice":
        come_back(parent, basket_id)
    assert_booked_once(basket_id, family)
    assert db.session.scalar(select(func.count()).select_from(StripeEvent)) == 1
    sent = db.session.scalars(select(OutboxMessage.template)).all()
    assert sent == ["confirmation"]


def test_event_and_return_at_the_same_time_book_once(
    stripe: Stripe, parent: Browser, app: Flask, now: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    stripe.double.press(go_to_card_page(parent, family), "pay")
    event, session_id = (
        stripe.event("checkout.session.completed"),
        payments_of(basket_id)[0].stripe_session_id,
    )
    turns, barrier = iter(range(4)), threading.Barrier(4)

    def act() -> None:
        turn = next(turns)
        barrier.wait()
        if turn % 2:
            stripe.deliver(event)
        else:
            with app.app_context():
                assert session_id is not None
                assert fulfil(session_id, gateway=stripe.gateway, at=now) is Outcome.BOOKED

    in_threads(act, 4)
    assert_booked_once(basket_id, family)
    assert db.session.scalar(select(func.count()).select_from(StripeEvent)) == 1


def test_a_page_whose_id_was_never_kept_is_known_by_its_reference(
    stripe: Stripe, parent: Browser, now: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    stripe.double.press(go_to_card_page(parent, family), "pay")
    event = stripe.event("checkout.session.completed")
    with unit_of_work():
        (payment,) = db.session.scalars(select(Payment)).all()
        session_id, payment.stripe_session_id = payment.stripe_session_id, None
    location = parent.get("payments.back", session_id=session_id, expect=303).location
    assert location is not None
    assert location.startswith("/bookings/")
    stripe.deliver(event)
    assert_booked_once(basket_id, family)


def test_an_unpaid_page_books_nothing_however_the_browser_returns(
    stripe: Stripe, parent: Browser, now: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    go_to_card_page(parent, family)
    (payment,) = payments_of(basket_id)
    assert come_back(parent, basket_id) == f"/checkout/cancelled/{payment.id}"
    page = parent.get("payments.cancelled", payment_id=payment.id)
    assert "You did not pay" in page.text
    assert states_of(basket_id) == ("paying", ["held", "held"])


def test_another_family_cannot_return_look_at_or_close_a_card_page(
    stripe: Stripe, parent: Browser, now: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    stripe.double.press(go_to_card_page(parent, family), "pay")
    (payment,) = payments_of(basket_id)
    session_id, payment_id = payment.stripe_session_id, payment.id
    parent.sign_in(a_family().user)
    parent.get("payments.back", session_id=session_id, expect=404)
    parent.get("payments.back", session_id="cs_nobody", expect=404)
    parent.get("payments.back", session_id="../refunds", expect=404)
    parent.get("payments.cancelled", payment_id=payment_id, expect=404)
    parent.post("payments.close", payment_id=payment_id, expect=404)
    assert states_of(basket_id) == ("paying", ["held", "held"])


def test_closing_the_card_page_gives_the_hold_back(stripe: Stripe, parent: Browser, now: datetime) -> None:
    family, basket_id = a_family_with_a_basket(now)
    go_to_card_page(parent, family)
    (payment,) = payments_of(basket_id)
    page = parent.post("payments.close", payment_id=payment.id, expect=303)
    assert page.location == "/checkout"
    assert states_of(basket_id) == ("open", ["held", "held"])
    assert payments_of(basket_id)[0].state == "given_up"
    assert stripe.gateway.retrieve_session(payment.stripe_session_id or "").status == "expired"
    stripe.deliver(stripe.event("checkout.session.expired"))
    assert states_of(basket_id) == ("open", ["held", "held"])
    page = parent.get("payments.checkout")
    assert page.all(".//*[@data-held-until]")
    stripe.double.press(go_to_card_page(parent, family), "pay")
    stripe.deliver(stripe.event("checkout.session.completed"))
    assert_booked_once(basket_id, family)


def test_closing_a_page_that_was_paid_meanwhile_books(stripe: Stripe, parent: Browser, now: datetime) -> None:
    family, basket_id = a_family_with_a_basket(now)
    stripe.double.press(go_to_card_page(parent, family), "pay")
    (payment,) = payments_of(basket_id)
    page = parent.post("payments.close", payment_id=payment.id, expect=303)
    assert (page.location or "").startswith("/bookings/")
    assert_booked_once(basket_id, family)


def test_no_other_way_to_pay_while_a_card_page_is_open(
    stripe: Stripe, parent: Browser, now: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    go_to_card_page(parent, family)
    page = parent.get("payments.checkout")
    assert "Close the card page" in page.text
    assert "at the office by" not in page.text
    page = parent.post("payments.pay", {"tender": "office", "seen_pence": "900"}, expect=422)
    assert "card page open" in page.text
    assert states_of(basket_id)[0] == "paying"


def test_stripe_out_of_reach_charges_nothing_and_keeps_the_places(
    app: Flask, parent: Browser, now: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    parent.sign_in(family.user)
    page = parent.post("payments.pay", {"tender": "card", "seen_pence": "900"}, expect=503)
    assert "Nothing was charged. Your places are kept until" in page.text
    assert states_of(basket_id) == ("open", ["held", "held"])
    assert payments_of(basket_id)[0].state == "failed"
    parent.post("payments.pay", {"tender": "office", "seen_pence": "900"}, expect=303)
    assert states_of(basket_id)[0] == "booked"


def test_stripe_out_of_reach_at_the_return_says_so_and_books_later(
    stripe: Stripe, parent: Browser, app: Flask, now: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    stripe.double.press(go_to_card_page(parent, family), "pay")
    event = stripe.event("checkout.session.completed")
    settings = app.extensions["booking_settings"]
    app.extensions["booking_settings"] = type(settings)(
        **{**settings.__dict__, "stripe_api_base": "http://127.0.0.1:1"}
    )
    page = parent.get("payments.back", session_id=payments_of(basket_id)[0].stripe_session_id)
    assert "Please do not pay again" in page.text
    stripe.deliver(event, expect=503)
    assert db.session.scalar(select(func.count()).select_from(StripeEvent)) == 0
    app.extensions["booking_settings"] = settings
    stripe.deliver(event)
    assert_booked_once(basket_id, family)


def test_stripe_is_never_asked_inside_a_unit_of_work(app: Flask, now: datetime) -> None:
    with pytest.raises(CalledWhileWriting), unit_of_work():
        Gateway("sk_test", "http://127.0.0.1:1").retrieve_session("cs_1")
