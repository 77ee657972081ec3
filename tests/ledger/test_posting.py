"""Entries balance, are posted once, and balances are sums."""

from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from booking.core.db import NotInUnitOfWork, db, unit_of_work
from booking.ledger.balances import credit_of_all, credit_pence, ledger_problems, lines_of
from booking.ledger.models import EntryLine
from booking.ledger.posting import KeyReused, Line, Unbalanced, family_ledger, post
from tests.builders import AT, a_family
from tests.tampering import tamper


def _two_accounts() -> tuple[int, int, int]:
    family, other = a_family(), a_family()
    with unit_of_work():
        return family_ledger(family.account.id).id, family_ledger(other.account.id).id, family.account.id


def test_an_entry_that_does_not_balance_is_refused(app: Flask) -> None:
    first, second, _ = _two_accounts()
    with pytest.raises(Unbalanced), unit_of_work():
        post("k", "booking", [Line(first, 100), Line(second, -99)], at=AT, user_id=None)
    assert db.session.query(EntryLine).count() == 0


def test_the_same_key_is_posted_once(app: Flask) -> None:
    first, second, account = _two_accounts()
    lines = [Line(first, -100), Line(second, 100)]
    with unit_of_work():
        entry = post("k", "booking", lines, at=AT, user_id=None).id
    with unit_of_work():
        assert post("k", "booking", lines[::-1], at=AT + timedelta(days=1), user_id=None).id == entry
    assert credit_pence(account) == 100


@pytest.mark.parametrize("other", ["kind", "amount", "account"])
def test_the_same_key_for_something_else_is_refused(app: Flask, other: str) -> None:
    first, second, account = _two_accounts()
    third, _, _ = _two_accounts()
    with unit_of_work():
        post("k", "booking", [Line(first, -100), Line(second, 100)], at=AT, user_id=None)
    amount = 99 if other == "amount" else 100
    lines = [Line(first, -amount), Line(third if other == "account" else second, amount)]
    with pytest.raises(KeyReused), unit_of_work():
        post("k", "refund" if other == "kind" else "booking", lines, at=AT, user_id=None)
    assert credit_pence(account) == 100


def test_an_entry_is_reversed_at_most_once_and_wholly(app: Flask) -> None:
    first, second, account = _two_accounts()
    with unit_of_work():
        entry = post("k", "booking", [Line(first, -100), Line(second, 100)], at=AT, user_id=None).id
    back = [Line(first, 100), Line(second, -100)]
    with unit_of_work():
        post("back", "refund", back, at=AT, user_id=None, reverses_id=entry)
    assert ledger_problems() == []
    with pytest.raises(KeyReused), unit_of_work():
        post("again", "refund", back, at=AT, user_id=None, reverses_id=entry)
    assert credit_pence(account) == 0
    tamper("UPDATE ledger_line SET amount_pence = amount_pence / 2 WHERE entry_id <> :entry", entry=entry)
    assert [words.split(": ")[1] for words in ledger_problems()] == [
        f"with its reversal {pence} pence are left on ledger account {number}"
        for number, pence in ((first, -50), (second, 50))
    ]


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_line"])
@pytest.mark.parametrize("act", ["UPDATE {} SET id = id + 1000", "DELETE FROM {}"])
def test_the_database_refuses_to_change_or_delete_what_was_posted(app: Flask, table: str, act: str) -> None:
    first, second, account = _two_accounts()
    with unit_of_work():
        post("k", "booking", [Line(first, -100), Line(second, 100)], at=AT, user_id=None)
    with pytest.raises(DatabaseError, match="only ever added to"), unit_of_work() as session:
        session.execute(text(act.format(table)))
    assert credit_pence(account) == 100


def test_posting_outside_a_unit_of_work_is_refused(app: Flask) -> None:
    with pytest.raises(NotInUnitOfWork):
        post("k", "booking", [Line(1, 100), Line(2, -100)], at=AT, user_id=None)


def test_the_check_names_an_entry_that_was_tampered_with(app: Flask) -> None:
    first, second, _ = _two_accounts()
    with unit_of_work():
        post("k", "booking", [Line(first, -100), Line(second, 100)], at=AT, user_id=None)
    assert ledger_problems() == []
    tamper("UPDATE ledger_line SET amount_pence = 90 WHERE amount_pence = 100")
    assert "sum to -10 pence" in ledger_problems()[0]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(-100_000, 100_000).filter(bool), min_size=1, max_size=12))
def test_a_balance_is_the_sum_of_its_lines(app: Flask, amounts: list[int]) -> None:
    first, second, account = _two_accounts()
    with unit_of_work():
        for amount in amounts:
            key = f"{first}:{len(lines_of(account))}:{amount}"
            post(key, "booking", [Line(first, amount), Line(second, -amount)], at=AT, user_id=None)
    assert credit_pence(account) == -sum(amounts) == credit_of_all()[account]
    assert sum(line.amount_pence for line in lines_of(account)) == sum(amounts)
    assert ledger_problems() == []
