"""Paying by card through the double: one page a basket, booked by Stripe's word alone, in whatever order it comes."""

import threading
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.bookings.models import Basket, Place
from booking.bookings.places import give_up
from booking.core.db import db, unit_of_work
from booking.core.outbox import OutboxMessage
from booking.ledger.balances import credit_pence, ledger_problems
from booking.ledger.models import Entry
from booking.payments.checkout import expire_started, open_page, start_card
from booking.payments.fulfilment import Outcome, fulfil
from booking.payments.gateway import CalledWhileWriting, CardPage, Gateway
from booking.payments.models import Payment, Refund, StripeEvent
from booking.payments.refunds import send_refunds
from booking.payments.states import PAYMENT_MOVES, move
from tests.browser import Browser
from tests.builders import Family, a_family
from tests.payments.conftest import Stripe
from tests.payments.families import (
    a_family_with_a_basket,
    hold,
    payments_of,
    some_sessions,
    states_of,
)

BASE_URL = "http://localhost:8000"


def go_to_card_page(parent: Browser, family: Family, pence: int = 900) -> str:
    """Press the card button as this family; gives the address of Stripe's page."""
    parent.sign_in(family.user)
    page = parent.post("payments.pay", {"tender": "card", "seen_pence": str(pence)}, expect=303)
    return str(page.response.headers["Location"])


def come_back(parent: Browser, basket_id: int, *, expect: int = 303) -> str | None:
    """Open the page that Stripe sends a parent back to; gives where it leads."""
    (payment,) = payments_of(basket_id)
    return parent.get("payments.back", session_id=payment.stripe_session_id, expect=expect).location


def assert_booked_once(basket_id: int, family: Family, pence: int = 900) -> None:
    """Booked, paid, one payment entry, one booking entry, nothing owed, nothing wrong in the ledger."""
    assert states_of(basket_id) == ("booked", ["booked", "booked"])
    (payment,) = [one for one in payments_of(basket_id) if one.state == "paid"]
    assert payment.amount_pence == pence
    kinds = db.session.scalars(select(Entry.kind).where(Entry.basket_id == basket_id)).all()
    assert sorted(kinds) == ["booking", "payment"]
    assert credit_pence(family.account.id) == 0
    assert ledger_problems() == []


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

    in_two_threads(press)
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


def test_a_card_page_whose_time_is_over_frees_its_places(
    stripe: Stripe, parent: Browser, now: datetime, soon: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    go_to_card_page(parent, family)
    assert expire_started(now + timedelta(minutes=30), stripe.gateway) == 0
    assert expire_started(soon, stripe.gateway) == 1
    assert payments_of(basket_id)[0].state == "given_up"
    assert "held" not in states_of(basket_id)[1]
    assert expire_started(soon, stripe.gateway) == 0


def test_a_paid_page_that_nobody_told_us_of_is_booked_by_the_worker(
    stripe: Stripe, parent: Browser, now: datetime, soon: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    stripe.double.press(go_to_card_page(parent, family), "pay")
    assert expire_started(soon, stripe.gateway) == 1
    assert_booked_once(basket_id, family)


def test_places_stay_held_while_stripe_cannot_be_asked(
    stripe: Stripe, parent: Browser, now: datetime, soon: datetime
) -> None:
    _, basket_id = (pair := a_family_with_a_basket(now))
    go_to_card_page(parent, pair[0])
    assert expire_started(soon, Gateway("sk_test", "http://127.0.0.1:1")) == 0
    assert states_of(basket_id) == ("paying", ["held", "held"])


def lose(basket_id: int, at: datetime) -> None:
    """Let go of a paying basket as an outage would: the payment given up, the places freed."""
    with unit_of_work():
        (payment,) = db.session.scalars(select(Payment).where(Payment.basket_id == basket_id)).all()
        move(payment, "given_up", PAYMENT_MOVES)
        give_up(basket_id, at=at, user_id=None)


def test_late_money_books_when_there_is_room(stripe: Stripe, parent: Browser, now: datetime) -> None:
    family, basket_id = a_family_with_a_basket(now)
    stripe.double.press(go_to_card_page(parent, family), "pay")
    lose(basket_id, now)
    stripe.deliver(stripe.event("checkout.session.completed"))
    assert states_of(basket_id)[0] == "booked"
    assert states_of(basket_id)[1].count("booked") == 2
    assert credit_pence(family.account.id) == 0
    assert payments_of(basket_id)[0].state == "paid"
    assert db.session.scalar(select(func.count()).select_from(Refund)) == 0


def test_late_money_without_room_goes_back_whole(stripe: Stripe, parent: Browser, now: datetime) -> None:
    family, other = a_family(), a_family()
    sessions = some_sessions(now, 2, capacity=1)
    basket_id = hold(family, sessions, now)
    stripe.double.press(go_to_card_page(parent, family), "pay")
    event = stripe.event("checkout.session.completed")
    lose(basket_id, now)
    hold(other, sessions[:1], now)
    stripe.deliver(event)
    stripe.deliver(event)
    page = parent.get("payments.back", session_id=payments_of(basket_id)[0].stripe_session_id)
    assert "on its way back" in page.text
    assert "booked" not in states_of(basket_id)[1]
    (refund,) = db.session.scalars(select(Refund)).all()
    assert (refund.amount_pence, refund.reason, refund.state) == (900, "late", "asked")
    assert db.session.scalars(select(OutboxMessage.template)).all() == ["late_refund"]
    assert credit_pence(family.account.id) == 0
    assert send_refunds(now + timedelta(minutes=1), stripe.gateway) == 1
    assert send_refunds(now + timedelta(minutes=1), stripe.gateway) == 0
    db.session.expire_all()
    assert refund.state == "done"
    assert refund.stripe_refund_id is not None
    assert ledger_problems() == []


def test_money_for_a_basket_that_was_booked_another_way_goes_back(
    stripe: Stripe, parent: Browser, now: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    stripe.double.press(go_to_card_page(parent, family), "pay")
    event = stripe.event("checkout.session.completed")
    lose(basket_id, now)
    with unit_of_work():
        db.session.get_one(Basket, basket_id).state = "booked"
    stripe.deliver(event)
    (refund,) = db.session.scalars(select(Refund)).all()
    assert refund.amount_pence == 900
    assert credit_pence(family.account.id) == 0


@pytest.mark.parametrize("pence", [899, 901, 90_000])
def test_another_amount_than_asked_books_nothing_and_goes_back_whole(
    stripe: Stripe, parent: Browser, now: datetime, pence: int
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    with unit_of_work():
        payment = start_card(family.account.id, seen_pence=900, at=now, user_id=family.user.id)
        key, payment_id, expires_at = payment.idempotency_key, payment.id, payment.expires_at
    assert expires_at is not None
    page = stripe.gateway.create_checkout_session(
        CardPage(key, payment_id, pence, "Another amount", expires_at, BASE_URL, BASE_URL)
    )
    stripe.double.press(page.url or "", "pay")
    stripe.deliver(stripe.event("checkout.session.completed"))
    assert states_of(basket_id) == ("open", ["held", "held"])
    (refund,) = db.session.scalars(select(Refund)).all()
    assert refund.amount_pence == pence
    assert send_refunds(now + timedelta(minutes=1), stripe.gateway) == 1
    assert credit_pence(family.account.id) == 0


def test_stripe_is_never_asked_inside_a_unit_of_work(app: Flask, now: datetime) -> None:
    with pytest.raises(CalledWhileWriting), unit_of_work():
        Gateway("sk_test", "http://127.0.0.1:1").retrieve_session("cs_1")


def in_two_threads(act: object) -> None:
    """Run a function in two threads at once."""
    in_threads(act, 2)


def in_threads(act: object, count: int) -> None:
    """Run a function in so many threads at once, and raise what any of them raised."""
    errors: list[BaseException] = []

    def guarded() -> None:
        try:
            act()  # type: ignore[operator]
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors
