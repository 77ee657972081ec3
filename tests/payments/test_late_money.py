"""Money that comes late, twice or in another amount, and card pages whose time is over."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, func, select

from booking.bookings.changes import call_off, close_day
from booking.bookings.holds import release_payment_hold
from booking.bookings.models import Basket, BasketLine, Place, WaitingEntry
from booking.core.db import db, unit_of_work
from booking.core.money import format_pence
from booking.core.outbox import OutboxMessage
from booking.ledger.balances import credit_pence, ledger_problems
from booking.payments.checkout import CardPageUnreachable, expire_started, open_page, start_card, take_back
from booking.payments.facts import SessionFacts
from booking.payments.gateway import CardPage, Gateway
from booking.payments.letters import late_refund_letter
from booking.payments.models import Payment, Refund
from booking.payments.refunds import send_refunds
from booking.payments.states import PAYMENT_MOVES, move
from tests.browser import Browser
from tests.builders import a_family, a_user
from tests.payments.card_ways import BASE_URL, assert_booked_once, go_to_card_page, lose
from tests.payments.conftest import Stripe
from tests.payments.families import (
    a_family_with_a_basket,
    hold,
    payments_of,
    some_sessions,
    states_of,
)


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
    (entry,) = db.session.scalars(select(WaitingEntry)).all()
    assert (entry.session_id, entry.state, entry.account_id) == (sessions[0].id, "waiting", family.account.id)
    letter = late_refund_letter({"payment_id": payments_of(basket_id)[0].id}, base_url=BASE_URL)
    assert letter is not None
    assert "on the waiting list" in letter.text
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
    family, sessions = a_family(), some_sessions(now, 3)
    basket_id = hold(family, sessions[:2], now)
    stripe.double.press(go_to_card_page(parent, family), "pay")
    event = stripe.event("checkout.session.completed")
    lose(basket_id, now)
    with unit_of_work():
        db.session.get_one(Basket, basket_id).state = "booked"
        db.session.execute(delete(BasketLine))
    other_basket = hold(family, sessions[2:], now)
    stripe.deliver(event)
    (refund,) = db.session.scalars(select(Refund)).all()
    assert refund.amount_pence == 900
    assert states_of(other_basket) == ("open", ["held"])
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
    (message,) = db.session.scalars(select(OutboxMessage)).all()
    letter = late_refund_letter(message.context, base_url=BASE_URL)
    assert "was not the amount that we had asked for" in letter.text
    assert letter.subject == f"Your payment of {format_pence(pence)} is on its way back"
    db.session.rollback()
    assert send_refunds(now + timedelta(minutes=1), stripe.gateway) == 1
    assert credit_pence(family.account.id) == 0


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


def test_a_card_page_is_closed_at_stripe_before_its_places_are_given_up(
    stripe: Stripe, parent: Browser, now: datetime, soon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    go_to_card_page(parent, family)
    session_id = payments_of(basket_id)[0].stripe_session_id or ""
    close, seen = Gateway.expire_session, []

    def watched(self: Gateway, session_id: str) -> SessionFacts:
        seen.append(states_of(basket_id))
        return close(self, session_id)

    monkeypatch.setattr(Gateway, "expire_session", watched)
    assert expire_started(soon, stripe.gateway) == 1
    assert seen == [("paying", ["held", "held"])]
    assert stripe.gateway.retrieve_session(session_id).status == "expired"
    assert states_of(basket_id)[0] == "ended"


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


def test_late_money_for_a_basket_that_is_held_again_books_it_when_it_covers_it(
    stripe: Stripe, parent: Browser, now: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    stripe.double.press(go_to_card_page(parent, family), "pay")
    hold_again(basket_id, now)
    stripe.deliver(stripe.event("checkout.session.completed"))
    assert_booked_once(basket_id, family)


def test_late_money_that_does_not_cover_what_is_held_now_goes_back(
    stripe: Stripe, parent: Browser, now: datetime
) -> None:
    family, sessions = a_family(), some_sessions(now, 3)
    basket_id = hold(family, sessions[:2], now)
    stripe.double.press(go_to_card_page(parent, family), "pay")
    hold_again(basket_id, now)
    hold(family, sessions, now)
    stripe.deliver(stripe.event("checkout.session.completed"))
    assert states_of(basket_id) == ("open", ["held", "held", "held"])
    (refund,) = db.session.scalars(select(Refund)).all()
    assert refund.amount_pence == 900
    assert credit_pence(family.account.id) == 0


def hold_again(basket_id: int, at: datetime) -> None:
    """Give a paying basket its minutes back, as when its card page was believed closed."""
    with unit_of_work():
        (payment,) = db.session.scalars(select(Payment).where(Payment.basket_id == basket_id)).all()
        move(payment, "given_up", PAYMENT_MOVES)
        release_payment_hold(basket_id, at=at)


def test_a_page_that_opens_after_its_payment_ended_is_closed_at_once(stripe: Stripe, now: datetime) -> None:
    family, basket_id = a_family_with_a_basket(now)
    with unit_of_work():
        payment = start_card(family.account.id, seen_pence=900, at=now, user_id=None)
        payment_id, key = payment.id, payment.idempotency_key
    take_back(payment_id, at=now)
    with pytest.raises(CardPageUnreachable):
        open_page(payment_id, gateway=stripe.gateway, base_url=BASE_URL, at=now)
    assert [facts.status for facts in stripe.gateway.sessions() if facts.reference == key] == ["expired"]
    assert states_of(basket_id) == ("open", ["held", "held"])


def test_money_for_what_the_school_took_back_goes_back(
    stripe: Stripe, parent: Browser, now: datetime
) -> None:
    """The day is closed while the card page is open: nothing is left to book, so all of the money returns."""
    family, basket_id = a_family_with_a_basket(now)
    stripe.double.press(go_to_card_page(parent, family), "pay")
    office = a_user("manager")
    for place in db.session.scalars(select(Place).where(Place.basket_id == basket_id)).all():
        with unit_of_work():
            close_day(place.session.date, "Snow", at=now, user_id=office.id)
    stripe.deliver(stripe.event("checkout.session.completed"))
    assert set(states_of(basket_id)[1]) == {"cancelled"}
    (refund,) = db.session.scalars(select(Refund)).all()
    assert (refund.amount_pence, refund.reason) == (900, "late")
    assert ledger_problems() == []


def test_money_for_a_basket_of_which_the_school_took_one_back_books_the_rest(
    stripe: Stripe, parent: Browser, now: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    stripe.double.press(go_to_card_page(parent, family), "pay")
    first = db.session.scalars(select(Place).where(Place.basket_id == basket_id)).first()
    assert first is not None
    with unit_of_work():
        call_off(first.session_id, "Ill", fallback_id=None, at=now, user_id=a_user("manager").id)
    stripe.deliver(stripe.event("checkout.session.completed"))
    assert sorted(states_of(basket_id)[1]) == ["booked", "cancelled"]
    assert credit_pence(family.account.id) == 450
    assert ledger_problems() == []
