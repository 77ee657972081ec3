"""Plans of instalments: they sum to the debt, and are kept or missed by what came in since."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from booking.core.db import db, unit_of_work
from booking.ledger.arrears import may_book_above_limit
from booking.ledger.arrears_models import PaymentPlan
from booking.ledger.plans import (
    CannotPlan,
    Part,
    Standing,
    agree_plan,
    end_plan,
    plan_of,
    standing,
    standing_of,
)
from tests.builders import AT, Family, a_basket, a_family
from tests.payments.owing import bought, owes, paid_in

TODAY = AT.date()
AMOUNTS = st.lists(st.integers(1, 2_000), min_size=1, max_size=6)


def parts(*pence: int, first: date = TODAY, every: int = 7) -> list[Part]:
    return [Part(first + timedelta(days=every * n), amount) for n, amount in enumerate(pence)]


def agree(family: Family, *pence: int) -> int:
    with unit_of_work():
        return agree_plan(family.account.id, parts(*pence), "Sam", at=AT, user_id=None).id


def how(family: Family, days: int) -> Standing:
    db.session.rollback()
    plan = plan_of(family.account.id)
    assert plan is not None
    return standing_of(plan, TODAY + timedelta(days=days))


@given(AMOUNTS, st.integers(0, 12_000), st.integers(0, 60))
def test_a_plan_is_kept_exactly_while_what_was_due_has_come(amounts: list[int], paid: int, days: int) -> None:
    plan, on = parts(*amounts), TODAY + timedelta(days=days)
    found = standing(plan, paid, sum(amounts) - paid, on)
    due = sum(part.amount_pence for part in plan if part.due_on < on)
    assert sum(found.came_pence) == min(paid, sum(amounts))
    assert (found.state == "done") == (paid >= sum(amounts))
    if found.state != "done":
        assert (found.state == "kept") == (paid >= due)
        assert found.next_part is not None


def test_the_parts_come_to_what_is_owed_and_go_forwards(app: Flask) -> None:
    family = a_family()
    owes(family, 900, TODAY - timedelta(days=9))
    wrong = (
        parts(400, 400),
        parts(900, first=TODAY - timedelta(days=1)),
        parts(450, 450, every=0),
        [],
        parts(950, -50),
    )
    for plan in wrong:
        with pytest.raises(CannotPlan), unit_of_work():
            agree_plan(family.account.id, plan, "Sam", at=AT, user_id=None)
    agree(family, 450, 450)
    with pytest.raises(CannotPlan, match="already"):
        agree(family, 450, 450)


def test_a_plan_is_kept_missed_and_done(app: Flask) -> None:
    family = a_family()
    owes(family, 900, TODAY - timedelta(days=9))
    agree(family, 450, 450)
    assert how(family, 0).state == "kept"
    assert how(family, 1).missed_on == TODAY
    paid_in(family, 450, AT + timedelta(hours=2), tender="office")
    assert [how(family, days).state for days in (1, 7, 8)] == ["kept", "kept", "missed"]
    paid_in(family, 450, AT + timedelta(days=9), tender="office")
    assert how(family, 30).state == "done"


def test_paying_for_something_new_does_not_pay_the_plan(app: Flask) -> None:
    family = a_family()
    owes(family, 900, TODAY - timedelta(days=9))
    agree(family, 450, 450)
    basket_id = a_basket(family.account).id
    bought(family, 450, AT + timedelta(hours=1), basket_id=basket_id)
    paid_in(family, 450, AT + timedelta(hours=1), basket_id=basket_id)
    assert how(family, 1).state == "missed"


def test_who_keeps_a_plan_may_book_above_the_limit_until_it_is_missed_or_ended(app: Flask) -> None:
    family = a_family()
    owes(family, 900, TODAY - timedelta(days=9))
    account_id = family.account.id
    assert not may_book_above_limit(account_id, TODAY)
    plan_id = agree(family, 450, 450)
    assert may_book_above_limit(account_id, TODAY)
    assert not may_book_above_limit(account_id, TODAY + timedelta(days=1))
    with unit_of_work():
        end_plan(plan_id, at=AT, user_id=None)
    assert not may_book_above_limit(account_id, TODAY)
    assert db.session.get_one(PaymentPlan, plan_id).ended_at == AT
