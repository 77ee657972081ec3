"""What a parent does on the way to a card page and back, and what must be true once it is over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from booking.bookings.holds import give_up
from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence, ledger_problems
from booking.ledger.models import Entry
from booking.payments.models import Payment
from booking.payments.states import PAYMENT_MOVES, move
from tests.browser import Browser
from tests.builders import Family
from tests.payments.families import payments_of, states_of

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


def lose(basket_id: int, at: datetime) -> None:
    """Let go of a paying basket as an outage would: the payment given up, the places freed."""
    with unit_of_work():
        (payment,) = db.session.scalars(select(Payment).where(Payment.basket_id == basket_id)).all()
        move(payment, "given_up", PAYMENT_MOVES)
        give_up(basket_id, at=at, user_id=None)


def in_threads(act: Callable[[], None], count: int) -> None:
    """Run a function in so many threads at once, and raise what any of them raised."""
    errors: list[BaseException] = []

    def guarded() -> None:
        try:
            act()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors
