"""Asking and deciding as the office does: for tests of money that goes back or is given up."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.payments.decision_models import MoneyDecision
from booking.payments.decisions import Wish, ask_for, decide
from booking.payments.models import Refund
from booking.people.models import User
from tests.bookings.rushes import Act
from tests.builders import AT, Family, a_user


def a_wish(family: Family, pence: int, kind: str = "refund", **values: Any) -> Wish:
    return Wish(secrets.token_hex(8), kind, family.account.id, pence, "The family asked", **values)


def asking(wish: Wish, by: User) -> Act:
    user_id = by.id
    return lambda: ask_for(wish, at=AT, by=db.session.get_one(User, user_id)).id


def ask(wish: Wish, by: User) -> MoneyDecision:
    with unit_of_work():
        decision = ask_for(wish, at=AT, by=db.session.get_one(User, by.id))
        db.session.flush()
    return decision


def say(decision: MoneyDecision, is_yes: bool, by: User) -> None:
    with unit_of_work():
        decide(decision.id, is_yes, at=AT, by=db.session.get_one(User, by.id))


def refunds() -> list[tuple[int, int]]:
    db.session.rollback()
    rows = db.session.execute(select(Refund.payment_id, Refund.amount_pence).order_by(Refund.id))
    return [(row.payment_id, row.amount_pence) for row in rows]


def officer(**values: Any) -> User:
    return a_user("manager", **values)
