"""Giving money back: never more than was paid, never more than the credit, and once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from booking.core.db import db
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
from booking.payments.decisions import (
    CannotMoveMoney,
)
from tests.bookings.rushes import at_once, comes_between
from tests.builders import AT, a_family
from tests.payments.deciding import a_wish, ask, asking, officer, refunds
from tests.payments.owing import bought, gave_back, paid_in


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
