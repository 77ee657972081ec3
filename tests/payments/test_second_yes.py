"""Above a limit two people decide: not the same one, not the family's own, and the database itself holds it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.ledger import terms
from booking.ledger.balances import credit_pence, ledger_problems
from booking.payments.card_credit import (
    refundable_to_card_pence,
)
from booking.payments.decision_models import MoneyDecision
from booking.payments.decisions import (
    AnotherPersonNeeded,
    CannotMoveMoney,
    DecidedBefore,
    OwnFamily,
    take_back_write_off,
    withdraw,
)
from booking.people.models import User
from tests.builders import AT, a_family, save
from tests.payments.deciding import a_wish, ask, officer, refunds, say
from tests.payments.owing import bought, paid_in


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
