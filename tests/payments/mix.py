"""Many orders at once in a random mix of all that can go wrong, with workers that are killed at any statement."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import event, select

from booking.bookings.expiry import expire_overdue
from booking.bookings.models import Basket, Place
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.ledger.balances import credit_pence
from booking.office.checks import all_problems
from booking.payments.card_models import Dispute
from booking.payments.checkout import close_page, expire_started, open_page, start_card
from booking.payments.fulfilment import fulfil
from booking.payments.looking_after import compare_all, look_again
from booking.payments.models import Payment, Refund
from booking.payments.refunds import send_refunds
from stripe_double import happenings
from stripe_double.store import Thing
from tests.payments.card_ways import BASE_URL
from tests.stripe_here import StripeHere

DAYS_LATE = 71 * 3600


class Killed(BaseException):
    """The process is gone: nothing may catch it, nothing after it runs, and what was not committed is undone."""


@contextmanager
def killed_at(number: int) -> Iterator[None]:
    """Die before the so-many-th statement of the block; 0 is never."""
    left = [number]

    def count(*arguments: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
        db.session.remove()


def _expire(at: datetime) -> None:
    with unit_of_work():
        expire_overdue(at)


class Mix:
    """A school whose parents pay while everything goes wrong; the same seed is the same story."""

    def __init__(self, here: StripeHere, seed: int) -> None:
        self.here, self.rng, self.killed = here, random.Random(seed), 0
        faults = here.account.faults
        faults.rng, faults.chance, faults.hang_seconds = random.Random(seed + 1), 0.08, 0
        faults.delays = self._delays

    def _delays(self, told: Thing) -> tuple[int | None, ...]:
        """On time, twice and crossed, never, or after 71 hours."""
        kind = self.rng.random()
        if kind < 0.5:
            return (self.rng.randint(0, 60),)
        if kind < 0.7:
            return (self.rng.randint(0, 600), self.rng.randint(0, 600))
        return (None,) if kind < 0.9 else (DAYS_LATE,)

    def do(self, act: Callable[[datetime], object], *, is_calm: bool = False) -> None:
        """Do something that may be refused, fail, or be killed at any statement."""
        dies_at = self.rng.randint(1, 40) if not is_calm and self.rng.random() < 0.15 else 0
        try:
            with killed_at(dies_at):
                act(clock.now())
        except BookingError:
            pass
        except Killed:
            self.killed += 1

    def press_card(self, account_id: int) -> None:
        """A parent presses the card button."""

        def act(at: datetime) -> None:
            with unit_of_work():
                payment_id = start_card(account_id, seen_pence=900, at=at, user_id=None).id
            open_page(payment_id, gateway=self.here.gateway, base_url=BASE_URL, at=at)

        self.do(act)

    def on_the_page(self, session_id: str) -> None:
        """What a parent does on one card page, and then here: come back, close it, or walk away."""
        account, kind = self.here.account, self.rng.random()
        if kind < 0.55:
            happenings.pay(account, session_id)
        elif kind < 0.62:
            happenings.pay(account, session_id, amount=self.rng.choice([30, 450, 899, 901, 1800]))
        elif kind < 0.8:
            happenings.pay(account, session_id, later=True)
        then = self.rng.random()
        if then < 0.4:
            self.do(lambda at: fulfil(session_id, gateway=self.here.gateway, at=at))
        elif then < 0.6:
            query = select(Payment.id).where(Payment.stripe_session_id == session_id)
            payment_id = db.session.scalars(query).one()
            db.session.remove()
            self.do(lambda at: close_page(payment_id, gateway=self.here.gateway, at=at, user_id=None))

    def pages(self) -> list[str]:
        """The card pages that are open here."""
        query = select(Payment.stripe_session_id).where(Payment.state == "started")
        found = [one for one in db.session.scalars(query) if one is not None]
        db.session.remove()
        return found

    def at_banks(self) -> None:
        """Banks decide; of what is booked somebody sends a little back at Stripe, or a cardholder disputes it."""
        account = self.here.account
        for intent in account.store.all("payment_intent"):
            if intent["status"] == "processing" and self.rng.random() < 0.5:
                (session,) = [
                    one
                    for one in account.store.all("checkout.session")
                    if one["payment_intent"] == intent["id"]
                ]
                happenings.decide(account, session["id"], works=self.rng.random() < 0.6)
        booked = select(Payment.stripe_intent_id).join(Basket, Basket.id == Payment.basket_id)
        booked = booked.where(Payment.state == "paid", Basket.state == "booked", ~Payment.refunds.any())
        for intent_id in db.session.scalars(booked).all():
            charge = account.charge_of({"payment_intent": intent_id})
            if charge["disputed"] or charge["amount_refunded"]:
                continue
            kind = self.rng.random()
            if kind < 0.05:
                happenings.refund_by_hand(account, charge["payment_intent"], 100)
            elif kind < 0.1:
                found = happenings.dispute(account, charge["payment_intent"])
                if self.rng.random() < 0.7:
                    happenings.end_dispute(account, found["id"], is_won=self.rng.random() < 0.5)
        db.session.remove()

    def worker(self, *, is_calm: bool = False) -> None:
        """One turn of the worker and of the post."""
        gateway = self.here.gateway
        self.do(lambda at: self.here.account.expire_overdue(), is_calm=is_calm)
        self.do(lambda at: self.here.deliver(), is_calm=is_calm)
        self.do(_expire, is_calm=is_calm)
        self.do(lambda at: expire_started(at, gateway), is_calm=is_calm)
        self.do(lambda at: send_refunds(at, gateway), is_calm=is_calm)
        self.do(lambda at: look_again(at, gateway), is_calm=is_calm)

    def assert_all_is_well(self, account_ids: list[int]) -> int:
        """Nothing lost, doubled or stuck; gives how many orders are booked."""
        assert list(map(str, compare_all(clock.now(), self.here.gateway))) == []
        assert all_problems() == []
        assert set(db.session.scalars(select(Payment.state))) <= {"paid", "given_up", "failed"}
        assert set(db.session.scalars(select(Refund.state))) <= {"done", "failed"}
        assert "paying" not in set(db.session.scalars(select(Basket.state)))
        assert "held" not in set(db.session.scalars(select(Place.state)))
        return sum(self._is_booked(account_id) for account_id in account_ids)

    def _is_booked(self, account_id: int) -> bool:
        """An order is booked and paid once, or nothing of its money is kept."""
        baskets = db.session.scalars(
            select(Basket.id).where(Basket.account_id == account_id, Basket.state == "booked")
        ).all()
        assert len(baskets) <= 1
        paid = db.session.scalars(
            select(Payment).where(Payment.account_id == account_id, Payment.state == "paid")
        ).all()
        by_hand = sum(r.amount_pence for one in paid for r in one.refunds if r.reason == "at_stripe")
        ours = sum(
            r.amount_pence
            for one in paid
            for r in one.refunds
            if r.reason != "at_stripe" and r.state == "done"
        )
        lost = sum(
            db.session.scalars(
                select(Dispute.amount_pence).where(
                    Dispute.payment_id.in_([one.id for one in paid]), Dispute.state == "lost"
                )
            )
        )
        assert sum(one.amount_pence for one in paid) - ours == 900 * len(baskets)
        assert credit_pence(account_id) == -by_hand - lost
        return bool(baskets)
