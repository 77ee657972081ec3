"""Giving money back: never more than was paid, never more than the credit, once, and by two people above a limit."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.ledger import terms
from booking.ledger.balances import credit_pence, ledger_problems
from booking.payments import decisions
from booking.payments.card_credit import (
    BOUND,
    OWN,
    Movement,
    card_parts,
    own_credit_pence,
    refundable_to_card_pence,
)
from booking.payments.decision_models import MoneyDecision
from booking.payments.decisions import (
    AnotherPersonNeeded,
    CannotMoveMoney,
    DecidedBefore,
    OwnFamily,
    Wish,
    ask_for,
    decide,
    take_back_write_off,
    withdraw,
)
from booking.payments.models import Refund
from booking.people.models import User
from tests.bookings.rushes import Act, at_once, comes_between
from tests.builders import AT, Family, a_family, a_user, save
from tests.payments.owing import bought, gave_back, paid_in


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


def test_credit_goes_back_to_the_newest_card_payment_first(app: Flask) -> None:
    family = a_family()
    old = paid_in(family, 1000, AT - timedelta(days=9))
    new = paid_in(family, 600, AT - timedelta(days=1))
    assert [(part.payment_id, part.amount_pence) for part in card_parts(family.account.id)] == [
        (new, 600),
        (old, 1000),
    ]
    decision = ask(a_wish(family, 900), officer())
    assert (decision.state, decision.decided_by_id) == ("approved", None)
    assert refunds() == [(new, 600), (old, 300)]
    assert credit_pence(family.account.id) == 700
    assert ledger_problems() == []


def test_a_payment_may_be_chosen_and_a_part_of_it(app: Flask) -> None:
    family = a_family()
    old = paid_in(family, 1000, AT - timedelta(days=9))
    paid_in(family, 600, AT - timedelta(days=1))
    ask(a_wish(family, 250, payment_id=old), officer())
    assert refunds() == [(old, 250)]
    with pytest.raises(CannotMoveMoney, match=r"At most £7\.50"):
        ask(a_wish(family, 751, payment_id=old), officer())


def test_never_more_goes_back_than_the_credit_or_than_the_card_paid(app: Flask) -> None:
    family = a_family()
    paid_in(family, 900, AT - timedelta(days=2))
    bought(family, 450, AT - timedelta(days=1))
    paid_in(family, 2000, AT, tender="office")
    by = officer()
    for pence in (901, 2450, 0, -5):
        with pytest.raises(CannotMoveMoney):
            ask(a_wish(family, pence), by)
    ask(a_wish(family, 900), by)
    with pytest.raises(CannotMoveMoney):
        ask(a_wish(family, 1), by)
    assert refunds() == [(refunds()[0][0], 900)]
    assert credit_pence(family.account.id) == 1550


def test_a_family_that_owes_gets_nothing_back(app: Flask) -> None:
    family = a_family()
    paid_in(family, 900, AT - timedelta(days=2))
    bought(family, 1000, AT - timedelta(days=1))
    assert refundable_to_card_pence(family.account.id) == 0
    with pytest.raises(CannotMoveMoney):
        ask(a_wish(family, 1), officer())


def test_what_came_in_by_a_scheme_never_goes_to_a_card(app: Flask) -> None:
    """A place that a scheme paid is cancelled: its credit is bound, though a card paid as much at some time."""
    family = a_family()
    paid_in(family, 2000, AT - timedelta(days=9), tender="tfc")
    care = bought(family, 2000, AT - timedelta(days=8))
    paid_in(family, 1000, AT - timedelta(days=7))
    club = bought(family, 1000, AT - timedelta(days=6))
    gave_back(care, AT)
    assert credit_pence(family.account.id) == 2000
    assert refundable_to_card_pence(family.account.id) == 0
    gave_back(club, AT)
    assert refundable_to_card_pence(family.account.id) == 1000


PENCE = st.integers(1, 5_000)
THINGS = st.sampled_from(["a", "b", "c"])


@given(st.lists(st.tuples(st.sampled_from(["own", "bound", "buy", "back"]), THINGS, PENCE), max_size=30))
def test_own_and_bound_money_together_are_the_credit(steps: list[tuple[str, str, int]]) -> None:
    """Followed penny by penny nothing is lost; and own money is never more than what came in as own."""
    bought_pence: dict[str, int] = {}
    movements, own, credit = [], 0, 0
    for what, thing, pence in steps:
        if what == "buy":
            bought_pence[thing] = bought_pence.get(thing, 0) + pence
            movements.append(Movement(pence, thing))
            credit -= pence
        elif what == "back":
            part = min(pence, bought_pence.get(thing, 0))
            if part:
                bought_pence[thing] -= part
                movements.append(Movement(-part, thing))
                credit += part
        else:
            movements.append(Movement(-pence, f"payment {len(movements)}", OWN if what == "own" else BOUND))
            own += pence if what == "own" else 0
            credit += pence
    found = own_credit_pence(movements)
    assert 0 <= found <= max(min(own, credit), 0)
    if all(one.source != BOUND for one in movements):
        assert found == max(credit, 0)


def test_above_the_limit_nothing_moves_before_a_second_person_says_yes(app: Flask) -> None:
    family, first, second = a_family(), officer(), officer(approves=True)
    paid_in(family, 9000, AT)
    decision = ask(a_wish(family, 5001), first)
    assert decision.state == "asked"
    assert refunds() == []
    say(decision, True, second)
    assert decision.state == "approved"
    assert [pence for _, pence in refunds()] == [5001]
    with pytest.raises(DecidedBefore):
        say(decision, True, second)
    assert len(refunds()) == 1


def test_the_limit_is_the_schools_and_small_ones_add_up(app: Flask) -> None:
    family, by = a_family(), officer()
    paid_in(family, 9000, AT)
    with unit_of_work():
        terms.set_terms(terms.PayTerms(second_yes_pence=1000), AT.date(), at=AT, user_id=None)
    assert [ask(a_wish(family, 600), by).state for _ in range(2)] == ["approved", "asked"]
    assert [pence for _, pence in refunds()] == [600]


def test_the_second_person_is_not_the_first_nor_the_childs_family_and_may_approve(app: Flask) -> None:
    family = a_family()
    first, plain = officer(approves=True), officer()
    paid_in(family, 9000, AT)
    decision = ask(a_wish(family, 6000), first)
    for who in (first, plain):
        with pytest.raises(AnotherPersonNeeded):
            say(decision, True, who)
    with unit_of_work():
        family_user = db.session.get_one(User, family.user.id)
        family_user.approves = True
    with pytest.raises(OwnFamily):
        say(decision, True, family.user)
    assert (decision.state, refunds()) == ("asked", [])


def test_nobody_gives_their_own_family_money_back(app: Flask) -> None:
    family = a_family()
    paid_in(family, 900, AT)
    with pytest.raises(OwnFamily):
        ask(a_wish(family, 100), family.user)


def test_a_no_and_a_withdrawal_move_nothing(app: Flask) -> None:
    family, first, second = a_family(), officer(), officer(approves=True)
    paid_in(family, 20000, AT)
    refused, taken_back = ask(a_wish(family, 6000), first), ask(a_wish(family, 7000), first)
    say(refused, False, second)
    with pytest.raises(NotFound), unit_of_work():
        withdraw(taken_back.id, at=AT, by=db.session.get_one(User, second.id))
    with unit_of_work():
        withdraw(taken_back.id, at=AT, by=db.session.get_one(User, first.id))
    assert (refused.state, taken_back.state, refunds()) == ("refused", "withdrawn", [])


def test_a_yes_that_finds_the_credit_spent_waits_on(app: Flask) -> None:
    family, first, second = a_family(), officer(), officer(approves=True)
    paid_in(family, 6000, AT - timedelta(days=1))
    decision = ask(a_wish(family, 6000), first)
    bought(family, 500, AT)
    with pytest.raises(CannotMoveMoney, match=r"At most £55\.00"):
        say(decision, True, second)
    db.session.refresh(decision)
    assert (decision.state, refunds()) == ("asked", [])


def test_a_form_sent_twice_is_one_refund(app: Flask) -> None:
    family, by = a_family(), officer()
    paid_in(family, 2000, AT)
    wish = a_wish(family, 500)
    first, second = ask(wish, by), ask(wish, by)
    assert first.id == second.id
    assert [pence for _, pence in refunds()] == [500]


def test_two_officers_who_give_back_the_same_credit_give_it_once(app: Flask) -> None:
    family, officers = a_family(), [officer() for _ in range(4)]
    paid_in(family, 900, AT)
    results = at_once(app, [asking(a_wish(family, 900), one) for one in officers])
    assert [type(one) for one in results if isinstance(one, Exception)] == [CannotMoveMoney] * 3, results
    assert [pence for _, pence in refunds()] == [900]
    assert credit_pence(family.account.id) == 0


def test_who_comes_between_the_lock_and_the_look_has_had_the_credit(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    family, first, other = a_family(), officer(), officer()
    paid_in(family, 900, AT)
    came = comes_between(app, monkeypatch, decisions, "_lock", asking(a_wish(family, 900), other))
    (result,) = at_once(app, [asking(a_wish(family, 900), first)])
    assert not isinstance(came[0], Exception)
    assert isinstance(result, CannotMoveMoney)
    assert len(refunds()) == 1


def test_the_control_that_looks_before_it_locks_gives_too_much(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    family, by = a_family(), officer()
    first = paid_in(family, 900, AT)
    other = paid_in(family, 900, AT)
    bought(family, 900, AT)
    seen = card_parts(family.account.id)
    db.session.rollback()
    monkeypatch.setattr(decisions, "card_parts", lambda account_id: seen)
    results = at_once(app, [asking(a_wish(family, 900, payment_id=one), by) for one in (first, other)])
    assert not any(isinstance(one, Exception) for one in results), results
    assert credit_pence(family.account.id) == -900, "without the lock before the look too much goes back"


def test_a_debt_is_written_off_by_two_and_stands_again_when_it_is_paid(app: Flask) -> None:
    family, first, second = a_family(), officer(), officer(approves=True)
    bought(family, 300, AT - timedelta(days=90))
    with pytest.raises(CannotMoveMoney, match=r"owes £3\.00"):
        ask(a_wish(family, 301, "write_off"), first)
    decision = ask(a_wish(family, 300, "write_off"), first)
    assert decision.state == "asked", "however small it is"
    assert credit_pence(family.account.id) == -300
    say(decision, True, second)
    assert credit_pence(family.account.id) == 0
    assert refundable_to_card_pence(family.account.id) == 0
    paid_in(family, 250, AT)
    with pytest.raises(CannotMoveMoney), unit_of_work():
        take_back_write_off(decision.id, at=AT, by=db.session.get_one(User, first.id))
    paid_in(family, 50, AT)
    with unit_of_work():
        take_back_write_off(decision.id, at=AT, by=db.session.get_one(User, first.id))
    assert credit_pence(family.account.id) == 0
    assert ledger_problems() == []
    paid_in(family, 300, AT)
    with pytest.raises(DecidedBefore), unit_of_work():
        take_back_write_off(decision.id, at=AT, by=db.session.get_one(User, first.id))


def test_the_database_itself_wants_two_people_for_a_write_off(app: Flask) -> None:
    family, by = a_family(), officer()
    values = {
        "key": "k",
        "kind": "write_off",
        "account_id": family.account.id,
        "amount_pence": 5,
        "reason": "x",
    }
    for more in (
        {"state": "approved", "decided_at": AT},
        {"state": "approved", "decided_at": AT, "decided_by_id": by.id},
    ):
        with pytest.raises(Exception, match="ck_money_decision"):
            save(MoneyDecision(**values, asked_by_id=by.id, asked_at=AT, **more))
    assert db.session.scalar(select(func.count()).select_from(MoneyDecision)) == 0
